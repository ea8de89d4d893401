import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { version } from '../src/version';

const root = join(__dirname, '..');
const tests = join(root, 'test/workflows');
const histories = join(root, 'test/histories');
const isHistory = (file: string): boolean => file.endsWith('.json');

/**
 * `npm run record-histories -- NAME`: the tests of the workflows run, and the one that keeps the history of this name writes it to `test/histories`.
 * `npm run record-histories -- --release`: all of them are written to a folder of this version, where they stay for good.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { release: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [name, ...more] = positionals;
  if (more.length > 0 || values.release === (name !== undefined) || !/^[a-z-]+$/.test(name ?? 'all')) {
    throw new Error('Expected the name of one history of test/workflows/histories.ts, or --release.');
  }
  const folder = join(histories, ...(name === undefined ? [version] : []));
  if (name === undefined && existsSync(folder)) {
    throw new Error(
      `The histories of ${version} are recorded already, in test/histories/${version}. Set the next version first.`,
    );
  }
  const files = readdirSync(tests).filter((file) => file.endsWith('.test.ts') && keeps(file, name));
  if (files.length === 0) throw new Error(`No test in test/workflows keeps a history ${name ?? ''}.`);
  const jest = spawn(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), ...files.map((file) => join(tests, file))],
    {
      cwd: root,
      env: { ...process.env, RECORD_HISTORIES: name ?? 'release' },
      stdio: 'inherit',
    },
  );
  const [code] = (await once(jest, 'close')) as [number | null];
  if (code !== 0) throw new Error('A test has failed: what was recorded may be of no use.');
  const wanted = name === undefined ? readdirSync(histories).filter(isHistory) : [`${name}.json`];
  const missing = wanted.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) throw new Error(`Not recorded: ${missing.join(', ')}.`);
  process.stdout.write(`Recorded in ${folder}. Replay them: npx jest test/workflows/replay\n`);
}

function keeps(file: string, name: string | undefined): boolean {
  const text = readFileSync(join(tests, file), 'utf8');
  return text.includes('recordHistories();') && (name === undefined || new RegExp(`keep\\([^;]*'${name}'`).test(text));
}

void runMain(main);
