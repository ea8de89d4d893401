import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearInterval, setInterval } from 'node:timers';

const freshEvery = 1_000;
const staleAfter = 20_000;

/**
 * Runs `work` while no other set-up holds `file`. The holder keeps the file's time fresh; one untouched for 20 s is
 * left over from a killed set-up and is taken over. Times, not process ids: a cache may be shared between containers.
 */
export async function withLock(file, say, work) {
  const token = randomUUID();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let told = false;
  while (!(await take(file, token))) {
    if (!told) say('another set-up is at work here; waiting for it');
    told = true;
    await sleep(200);
  }
  const timer = setInterval(() => touch(file), freshEvery);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.off('exit', release);
    release();
  }
}

async function take(file, token) {
  try {
    if (Date.now() - statSync(file).mtimeMs < staleAfter) return false;
    rmSync(file, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  try {
    writeFileSync(file, token, { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  // Two may have removed the same stale file, the second of them this fresh one: look again once both are through.
  await sleep(20);
  return read(file) === token;
}

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const touch = (file) => {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // Taken away by hand; the work still ends.
  }
};
