import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { journeys, type JourneyName } from './chaos/journeys';
import { runRolling } from './chaos/rolling';
import { tableOf } from './chaos/table';
import { interruption } from './stack/interruption';
import { serverOf } from './stack/server-option';
import { wholeNumber } from './whole-number';

/**
 * `npm run rehearse [-- --people N --rounds N --workers N --apis N --minutes N --server postgres --seed TEXT]`: a rolling restart of every process of two
 * versions, under load, and the change from one version to the other. Prints a table, writes `reports/rehearsal.json`, and exits 1 when a single
 * enrollment is not as it should be. `--people`: that begin at each restart; `--workers`: of each version.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{
        people: { type: 'string' },
        rounds: { type: 'string' },
        workers: { type: 'string' },
        apis: { type: 'string' },
      },
      ...{ minutes: { type: 'string' }, server: { type: 'string' }, seed: { type: 'string' } },
    },
  });
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const report = await Promise.race([
    runRolling({
      seed: values.seed ?? randomBytes(4).toString('hex'),
      peopleEach: wholeNumber('--people', values.people, 10, 500),
      rounds: wholeNumber('--rounds', values.rounds, 2, 50),
      workersEach: wholeNumber('--workers', values.workers, 2, 8),
      apis: wholeNumber('--apis', values.apis, 2, 8),
      minutes: wholeNumber('--minutes', values.minutes, 20, 600),
      server: serverOf(values.server),
      journeys: Object.keys(journeys) as JourneyName[], // its keys are the journeys
      compiled: true,
      folder: join(folder, 'rehearsal-stack'),
      say,
    }),
    interruption().then(() => {
      throw new Error('Interrupted.');
    }),
  ]);
  writeFileSync(join(folder, 'rehearsal.json'), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${tableOf({ ...report.enrollments, blows: [] })}\n\n`);
  for (const { process: name, exit, open } of report.restarts) {
    process.stdout.write(`  ${name.padEnd(12)} restarted, exit ${exit}, with ${open} enrollments under way\n`);
  }
  process.stdout.write(
    `  ended on each version: ${JSON.stringify(report.versions)}; calls: ${JSON.stringify(report.calls)}\n`,
  );
  if (!report.passed) process.exitCode = 1;
}

void runMain(main);
