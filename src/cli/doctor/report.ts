import { printable } from '../text/columns';
import type { Style } from '../text/style';
import type { Finding, Report } from './examine';

const words = { ok: 'ok', change: 'change this', unknown: 'could not check' } as const;
const colours = { ok: 'green', change: 'red', unknown: 'yellow' } as const;
const width = Math.max(...Object.values(words).map((word) => word.length));
const indent = ' '.repeat(width + 2);

/** A line for each check, and what is to be changed says where. What could not be checked for the same reason stands together. */
export function reportText({ status, checks }: Report, style: Style): string {
  const withStatus = (of: Finding['status']) => checks.filter((finding) => finding.status === of);
  const count = (of: Finding['status']) => withStatus(of).length;
  const summary =
    status === 'ok'
      ? 'The tenant is set up.'
      : `${count('change')} to change, ${count('unknown')} not checked, ${count('ok')} all right.`;
  const checked = checks.filter((finding) => finding.status !== 'unknown');
  return [
    ...checked.map((finding) => findingText(finding, style)),
    ...byReason(withStatus('unknown')).map((findings) => uncheckedText(findings, style)),
    '',
    summary,
  ].join('\n');
}

function findingText({ status, title, found, where }: Finding, style: Style): string {
  const head = `${style(colours[status], words[status].padEnd(width))}  ${title}: ${printable(found)}`;
  if (status !== 'change') return head;
  return `${head}\n${indent}Dashboard: ${where.dashboard}\n${indent}API: ${where.api}`;
}

/** One group for each reason, in the order of their first checks. */
function byReason(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  const reasons = [...new Set(findings.map(({ found }) => found))];
  return reasons.map((reason) => findings.filter(({ found }) => found === reason));
}

function uncheckedText(findings: readonly Finding[], style: Style): string {
  const titles = findings.map(({ title }) => title);
  const reason = printable(findings[0]?.found ?? '');
  const word = style(colours.unknown, words.unknown.padEnd(width));
  if (titles.length === 1) return `${word}  ${titles.join()}: ${reason}`;
  return `${word}  ${titles.length} settings: ${reason}\n${wrapped(titles, 100)
    .map((line) => indent + line)
    .join('\n')}`;
}

/** Words separated by commas, in lines of up to `columns` characters. */
function wrapped(titles: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  for (const [index, title] of titles.entries()) {
    const word = index === titles.length - 1 ? title : `${title},`;
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= columns) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
