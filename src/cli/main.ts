import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runMain } from '../run-main';
import { runCli } from './run';

/** The process behind `bin/mfa.mjs`. `root`: the folder of the package. */
export const main = (root: string): Promise<void> => runMain(() => run(root));

async function run(root: string): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.stdout.on('error', ignoreClosedPipe);
  process.exitCode = await runCli(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    stackFile: join(root, '.run/stack.json'),
    now: Date.now,
    wait: (ms) => sleep(ms, undefined, { signal: interrupted.signal }).catch(() => undefined),
    signal: interrupted.signal,
  });
}

/** `mfa list | head`: whoever read has read enough. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
