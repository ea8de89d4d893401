import { printable } from '../text/columns';
import type { Style } from '../text/style';
import type { Finding, Report } from './examine';

const words = { ok: 'ok', change: 'change this', unknown: 'could not check' } as const;
const colours = { ok: 'green', change: 'red', unknown: 'yellow' } as const;
const width = Math.max(...Object.values(words).map((word) => word.length));

/** A line for each check; what is to be changed says where. */
export function reportText({ status, checks }: Report, style: Style): string {
  const count = (of: Finding['status']) => checks.filter((finding) => finding.status === of).length;
  const summary =
    status === 'ok'
      ? 'The tenant is set up.'
      : `${count('change')} to change, ${count('unknown')} not checked, ${count('ok')} all right.`;
  return [...checks.map((finding) => findingText(finding, style)), '', summary].join('\n');
}

function findingText({ status, title, found, where }: Finding, style: Style): string {
  const head = `${style(colours[status], words[status].padEnd(width))}  ${title}: ${printable(found)}`;
  if (status !== 'change') return head;
  const indent = ' '.repeat(width + 2);
  return `${head}\n${indent}Dashboard: ${where.dashboard}\n${indent}API: ${where.api}`;
}
