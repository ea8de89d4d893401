import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { runCampaign } from './campaign/run';
import { interruption } from './stack/interruption';
import { wholeNumber } from './whole-number';

/**
 * `npm run campaign [-- --users N --kills N --minutes N --finish-within SECONDS]`: a campaign against the emulated tenant while worker, API and
 * Temporal server are killed; then every user is looked for. Writes `reports/campaign.json`, and exits 1 when one was lost or started twice.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      users: { type: 'string' },
      kills: { type: 'string' },
      minutes: { type: 'string' },
      'finish-within': { type: 'string' },
    },
  });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const folder = join(__dirname, '../reports');
  mkdirSync(folder, { recursive: true });
  const users = wholeNumber('--users', values.users, 1_000, 100_000);
  const proof = await Promise.race([
    runCampaign({
      users,
      kills: wholeNumber('--kills', values.kills, 6, 1_000),
      minutes: wholeNumber('--minutes', values.minutes, 10 + Math.ceil(users / 200), 600),
      finishWithin: wholeNumber('--finish-within', values['finish-within'], 60 + Math.ceil(users / 20), 86_400),
      compiled: true,
      folder: join(folder, 'campaign-stack'),
      say,
    }),
    interruption().then(() => {
      throw new Error('Interrupted.');
    }),
  ]);
  writeFileSync(join(folder, 'campaign.json'), `${JSON.stringify(proof, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(proof, null, 2)}\n`);
  if (proof.faults.length > 0) process.exitCode = 1;
}

void runMain(main);
