import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { runBench, type BenchReport, type Figures } from './bench/run';
import { wholeNumber } from './whole-number';

/**
 * `npm run bench [-- --cases N --at-once N]`: whole enrollments, bare (the same Auth0 calls by a script) and durable
 * (through API, workflow and activities), in turns within one run. Prints a table and writes `reports/bench.json`.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { cases: { type: 'string' }, 'at-once': { type: 'string' } } });
  const report = await runBench({
    cases: wholeNumber('--cases', values.cases, 200, 10_000),
    atOnce: wholeNumber('--at-once', values['at-once'], 20, 500),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${tableOf(report)}\n`);
}

function tableOf({ cases, atOnce, bare, durable, history }: BenchReport): string {
  const row = (name: string, of: (figures: Figures) => number, unit: string) => {
    const [one, other] = [of(bare), of(durable)];
    return `  ${name.padEnd(34)}${cell(one, unit)}${cell(other, unit)}${(other / one).toFixed(other < one ? 3 : 1).padStart(9)}`;
  };
  return [
    `${cases} enrollments of SMS and TOTP, ${atOnce} at once`,
    `  ${''.padEnd(34)}${'bare'.padStart(12)}${'durable'.padStart(12)}${'ratio'.padStart(9)}`,
    row('enrollments per second', ({ perSecond }) => perSecond, ''),
    row('to the first challenge, median', ({ firstChallenge }) => firstChallenge.p50, 'ms'),
    row('to the first challenge, 95 %', ({ firstChallenge }) => firstChallenge.p95, 'ms'),
    row('answer to a code, median', ({ code }) => code.p50, 'ms'),
    row('answer to a code, 95 %', ({ code }) => code.p95, 'ms'),
    row('whole enrollment, median', ({ whole }) => whole.p50, 'ms'),
    row('whole enrollment, 95 %', ({ whole }) => whole.p95, 'ms'),
    `\nOne durable enrollment leaves ${history.events} events of ${Math.round(history.bytes / 1024)} KiB in all (mean).`,
  ].join('\n');
}

const cell = (value: number, unit: string): string => `${value.toFixed(1)} ${unit}`.trimEnd().padStart(12);

void runMain(main);
