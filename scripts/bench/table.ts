import type { EngineName } from './engine';
import { median, spreadOf } from './percentiles';
import type { RunFigures } from './measure';
import type { BenchReport, Row } from './run';

export const engineTitles: Readonly<Record<EngineName, string>> = {
  ours: 'this product',
  before: 'this product, other checkout',
  floor: 'floor: Temporal, no calls',
  'floor-http': 'floor with the calls',
  temporal: 'Temporal, plain sample',
  dbos: 'DBOS on PostgreSQL',
  restate: 'Restate',
  bare: 'bare script, in memory',
};

const columns = [
  'engine',
  'enrollments/s',
  'code p50 ms',
  'p95',
  'p99',
  'to next p50 ms',
  'start p50 ms',
  'p95',
  'CPU ms each',
  'not completed',
  'texts too many',
];

/** GitHub's Markdown. Medians over the runs; in brackets the least and the most. Wrong results are sums. */
export function markdownOf(report: BenchReport): string {
  const parts = report.cells.map(({ title, rows }) => {
    const lines = rows.map((row) => lineOf(row));
    for (const [name, reason] of missingOf(report)) {
      lines.push([engineTitles[name], `not measured: ${reason.split('\n')[0] ?? ''}`]);
    }
    return `### ${title}\n\n${tableOf(columns, lines)}`;
  });
  return `${[...parts, cpuTable(report), historyTable(report), crashTable(report), failures(report)]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

const missingOf = ({ missing }: BenchReport): readonly (readonly [EngineName, string])[] =>
  (Object.keys(engineTitles) as EngineName[]).flatMap((name) => {
    const reason = missing[name];
    return reason === undefined ? [] : [[name, reason] as const];
  });

function lineOf({ engine, runs }: Row): readonly string[] {
  if (runs.length === 0) return [engineTitles[engine], 'nothing was completed'];
  const spread = (of: (run: RunFigures) => number) => {
    const { median: middle, least, most } = spreadOf(runs.map(of));
    return runs.length === 1 ? number(middle) : `${number(middle)} (${number(least)}–${number(most)})`;
  };
  const middle = (of: (run: RunFigures) => number) => number(median(runs.map(of)));
  const total = (of: (run: RunFigures) => number) => String(runs.reduce((sum, run) => sum + of(run), 0));
  return [
    engineTitles[engine],
    spread(({ perSecond }) => perSecond),
    spread(({ code }) => code.p50),
    middle(({ code }) => code.p95),
    middle(({ code }) => code.p99),
    middle(({ next }) => next.p50),
    middle(({ start }) => start.p50),
    middle(({ start }) => start.p95),
    middle(({ cpu }) => engineCpu(cpu)),
    total(({ wrong }) => wrong.notCompleted),
    total(({ wrong }) => wrong.textsTooMany),
  ];
}

/** Of the engine's own processes; of `bare`, which has none, the driver in which it works. */
export function engineCpu(cpu: Readonly<Record<string, number>>): number {
  const own = Object.entries(cpu).filter(([name]) => name !== 'tenant' && name !== 'driver');
  return own.length === 0 ? (cpu['driver'] ?? 0) : own.reduce((sum, [, ms]) => sum + ms, 0);
}

/** The busiest closed load against a tenant that answers at once, or whatever there is. */
function mainCell({ cells }: BenchReport): BenchReport['cells'][number] | undefined {
  const closed = cells.filter(({ tenant, load }) => tenant === 'at-once' && load.kind === 'closed');
  return closed.find(({ load }) => load.kind === 'closed' && load.atOnce === 20) ?? closed.at(-1) ?? cells[0];
}

function cpuTable(report: BenchReport): string {
  const cell = mainCell(report);
  if (cell === undefined) return '';
  const lines = cell.rows.flatMap(({ engine, runs }) => {
    if (runs.length === 0) return [];
    const names = Object.keys(runs[0]?.cpu ?? {});
    const of = (name: string) => number(median(runs.map(({ cpu }) => cpu[name] ?? 0)));
    return [[engineTitles[engine], names.map((name) => `${name} ${of(name)}`).join(', ')]];
  });
  return `### CPU by process, ms for each enrollment: ${cell.title}\n\n${tableOf(['engine', 'CPU'], lines)}`;
}

function historyTable(report: BenchReport): string {
  const cell = mainCell(report);
  const lines = (cell?.rows ?? []).flatMap(({ engine, runs }) => {
    const history = runs.at(-1)?.history;
    if (history === undefined) return [];
    const { events, workflowTasks, billableActions, bytes } = history;
    return [[engineTitles[engine], number(events), number(workflowTasks), number(billableActions), String(bytes)]];
  });
  if (lines.length === 0) return '';
  const head = ['engine', 'events', 'workflow tasks', 'billable actions', 'bytes'];
  return `### History of one enrollment: ${cell?.title ?? ''}\n\n${tableOf(head, lines)}`;
}

function crashTable({ crash }: BenchReport): string {
  const lines = (Object.keys(engineTitles) as EngineName[]).flatMap((name) => {
    const times = crash[name];
    if (times === undefined) return [];
    const all = times.times.map((ms) => (ms / 1000).toFixed(2)).join(', ');
    return [[engineTitles[name], (times.median / 1000).toFixed(2), all, `${times.confirmed} of ${times.waited}`]];
  });
  if (lines.length === 0) return '';
  const head = ['engine', 'median s', 'each', 'codes confirmed in the end'];
  return `### From kill -9 to the first confirmed code\n\n${tableOf(head, lines)}`;
}

function failures({ cells }: BenchReport): string {
  const lines = cells.flatMap(({ title, rows }) =>
    rows.flatMap(({ engine, runs }) =>
      runs.flatMap(({ reasons }) =>
        Object.entries(reasons).map(([reason, count]) => [title, engineTitles[engine], String(count), reason]),
      ),
    ),
  );
  if (lines.length === 0) return '';
  return `### Why enrollments were not completed\n\n${tableOf(['load', 'engine', 'how many', 'reason'], lines)}`;
}

/** Columns as wide as their widest cell, so that it reads in a terminal, too. */
export function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const safe = [head, ...lines].map((cells) => head.map((_, index) => (cells[index] ?? '').replaceAll('|', '/')));
  const widths = head.map((_, index) => Math.max(3, ...safe.map((cells) => cells[index]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width, fill)).join(' | ')} |`;
  const [first = [], ...rest] = safe;
  return [line(first), line([], '-'), ...rest.map((cells) => line(cells))].join('\n');
}

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
