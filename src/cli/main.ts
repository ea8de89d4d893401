import { setTimeout as sleep } from 'node:timers/promises';
import { runMain } from '../run-main';
import { runCli } from './run';
import { findStackFile } from './stack';

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
    stackFile: findStackFile(process.cwd(), root),
    now: Date.now,
    wait: (ms) => sleep(ms, undefined, { signal: interrupted.signal }).catch(() => undefined),
    signal: interrupted.signal,
    openBrowser,
  });
}

/** Loaded only when it is needed; it is an ES module. */
async function openBrowser(url: string): Promise<void> {
  const { default: open } = await import('open');
  const browser = await open(url);
  browser.once('error', () => undefined); // the address was printed: whoever has no browser copies it
}

/** `mfa list | head`: whoever read has read enough. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
