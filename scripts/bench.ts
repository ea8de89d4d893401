import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { engineNames, type EngineName } from './bench/engine';
import { plotOf } from './bench/plot';
import { runBench } from './bench/run';
import { markdownOf } from './bench/table';
import { measureWaiting, waitingText } from './bench/waiting';
import { wholeNumber } from './whole-number';

/**
 * `npm run bench [-- options]`: whole enrollments by this product and by what else people could build them on, in turns within one
 * run. Prints the tables and writes `reports/bench.json`, `reports/bench.md` and `reports/bench.svg`.
 *
 * --only a,b        engines; all that are there when absent
 * --cases N         enrollments of each engine in each row and run (100)
 * --at-once a,b     closed loads (1,10,20,50)
 * --per-second a,b  open loads (5,15)
 * --runs N          (3)
 * --warm-up N       enrollments of each engine that go before and are not counted (200): V8 compiles code as it gets hot
 * --compare DIR     another checkout, installed and built, as one more engine
 * --no-crash        without the kills
 * --no-load         the kills alone
 * --waiting N       instead of all that: what N enrollments of this product cost that wait for a code; `reports/bench-waiting.json`
 * --quick           one run of few enrollments, a few loads: to see that it works
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      only: { type: 'string' },
      cases: { type: 'string' },
      'at-once': { type: 'string' },
      'per-second': { type: 'string' },
      runs: { type: 'string' },
      'warm-up': { type: 'string' },
      compare: { type: 'string' },
      crash: { type: 'boolean', default: true },
      load: { type: 'boolean', default: true },
      waiting: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  if (values.waiting !== undefined) {
    const report = await measureWaiting(wholeNumber('--waiting', values.waiting, 1_000, 100_000), say);
    writeFileSync(join(folder, 'bench-waiting.json'), `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(waitingText(report));
    return;
  }
  const { quick, compare } = values;
  const report = await runBench({
    engines: enginesOf(values.only, compare !== undefined),
    cases: wholeNumber('--cases', values.cases, quick ? 20 : 100, 10_000),
    atOnce: numbersOf('--at-once', values['at-once'], quick ? [1, 20] : [1, 10, 20, 50]),
    perSecond: numbersOf('--per-second', values['per-second'], quick ? [] : [5, 15]),
    tenants: values.load ? ['at-once', 'slow'] : [],
    runs: wholeNumber('--runs', values.runs, quick ? 1 : 3, 20),
    warmUp: wholeNumber('--warm-up', values['warm-up'], quick ? 30 : 200, 10_000),
    ...(compare === undefined ? {} : { compare }),
    crash: values.crash && !quick,
    say,
  });
  const tables = markdownOf(report);
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, 'bench.md'), tables);
  writeFileSync(join(folder, 'bench.svg'), plotOf(report));
  process.stdout.write(tables);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function enginesOf(only: string | undefined, compared: boolean): readonly EngineName[] {
  const there = engineNames.filter((name) => compared || name !== 'before');
  if (only === undefined) return there;
  return only.split(',').map((text) => {
    const name = there.find((one) => one === text);
    if (name === undefined) throw new RangeError(`--only takes ${there.join(', ')}`);
    return name;
  });
}

/** At most 500 each. */
const numbersOf = (option: string, text: string | undefined, usual: readonly number[]): readonly number[] =>
  text === undefined ? usual : text.split(',').map((one) => wholeNumber(option, one, 1, 500));

void runMain(main);
