import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const freshEvery = 1_000;
const staleAfter = 5_000;

/**
 * Keeps a folder for this process: two servers on one database file would spoil it. A file in it is touched every second;
 * one left untouched for five is of a process that was killed. Returns how to let go. Throws when another process holds it.
 */
export function holdFolder(folder: string): () => void {
  const file = join(folder, 'in-use');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (touched !== undefined && Date.now() - touched < staleAfter) {
    throw new Error(`Another stack runs in ${folder}; its addresses are in stack.json there. Stop it first.`);
  }
  rmSync(file, { force: true });
  writeFileSync(file, String(process.pid), { mode: 0o600, flag: 'wx' });
  const timer = setInterval(() => {
    const now = new Date();
    utimesSync(file, now, now);
  }, freshEvery).unref();
  return () => {
    clearInterval(timer);
    rmSync(file, { force: true });
  };
}
