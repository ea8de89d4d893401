import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { runChaos } from './chaos/run';
import { tableOf } from './chaos/table';
import { interruption } from './stack/interruption';

const usage = 'npm run chaos -- [--cases 1..9999] [--seed TEXT] [--minutes 1..600]';

/**
 * `npm run chaos`: many cases at once while processes are killed and the tenant misbehaves; then every case is compared
 * with the tenant. Prints a table, writes `reports/chaos.json`, and exits 1 when a single case is not as it should be.
 */
async function main(): Promise<void> {
  const options = readOptions();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(`seed ${options.seed}: ${options.cases} cases, at most ${options.minutes} minutes`);
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

function readOptions(): { cases: number; seed: string; minutes: number } {
  const { values } = parseArgs({
    options: { cases: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
  });
  const whole = (name: string, text: string | undefined, usual: number, most: number): number => {
    const value = text === undefined ? usual : Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new RangeError(`--${name} must be a whole number from 1 to ${most}.\nUsage: ${usage}`);
  };
  const cases = whole('cases', values.cases, 200, 9_999);
  return {
    cases,
    seed: values.seed ?? randomBytes(4).toString('hex'),
    minutes: whole('minutes', values.minutes, 5 + Math.ceil(cases / 40), 600),
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`The chaos run failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
