import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { runOutage } from './outage/run';
import { interruption } from './stack/interruption';
import { wholeNumber } from './whole-number';

/**
 * `npm run outage [-- --minutes N --users N]`: a receiver of webhooks is killed while people enroll, stays down for so long (60), and has to get
 * every event in the end, in order. Writes `reports/outage.json`, and exits 1 when it did not.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { users: { type: 'string' }, minutes: { type: 'string' } } });
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  const proof = await Promise.race([
    runOutage({
      users: wholeNumber('--users', values.users, 20, 1_000),
      downMs: wholeNumber('--minutes', values.minutes, 60, 1_200) * 60_000,
      patienceMs: 65 * 60_000, // tries are up to an hour apart
      compiled: true,
      say: (line) => process.stderr.write(`${line}\n`),
    }),
    interruption().then(() => {
      throw new Error('Interrupted.');
    }),
  ]);
  writeFileSync(join(folder, 'outage.json'), `${JSON.stringify(proof, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(proof, null, 2)}\n`);
  if (proof.faults.length > 0) process.exitCode = 1;
}

void runMain(main);
