import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { runMain } from '../src/run-main';
import { runChaos } from './chaos/run';
import { tableOf } from './chaos/table';
import { interruption } from './stack/interruption';
import { serverOf } from './stack/server-option';
import { wholeNumber } from './whole-number';

/**
 * `npm run chaos [-- --cases N --seed TEXT --minutes N --server postgres --workers N --apis N]`: many enrollments at once while processes are killed or stalled and the tenant misbehaves; then
 * every enrollment is compared with the tenant. Prints a table, writes `reports/chaos.json`, and exits 1 when a single one is not as it should be.
 */
async function main(): Promise<void> {
  const options = readOptions();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(`seed ${options.seed}: ${options.cases} enrollments, at most ${options.minutes} minutes`);
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  const report = await Promise.race([
    runChaos({ ...options, compiled: true, folder: join(folder, 'chaos-stack'), say }),
    interruption().then(() => {
      throw new Error('Interrupted.');
    }),
  ]);
  writeFileSync(join(folder, 'chaos.json'), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${tableOf(report)}\n`);
  if (!report.passed) process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      ...{ cases: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
      ...{ server: { type: 'string' }, workers: { type: 'string' }, apis: { type: 'string' } },
    },
  });
  const cases = wholeNumber('--cases', values.cases, 200, 9_999);
  return {
    cases,
    seed: values.seed ?? randomBytes(4).toString('hex'),
    minutes: wholeNumber('--minutes', values.minutes, 5 + Math.ceil(cases / 40), 600),
    server: serverOf(values.server),
    workers: wholeNumber('--workers', values.workers, 1, 16),
    apis: wholeNumber('--apis', values.apis, 1, 16),
  };
}

void runMain(main);
