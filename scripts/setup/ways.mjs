import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readCached, sha256, store } from './cache.mjs';
import { withLock } from './lock.mjs';

/** A way that takes the path in the variable `name`. `check(path)` throws when it will not do. */
export const fromVariable = (name, { env }, check) => ({
  name,
  absent: 'not set',
  async find() {
    const path = env[name];
    if (!path) return undefined;
    await check(path);
    return path;
  },
});

/** The first of `names` in a folder of PATH, or undefined. */
export const onPath = ({ env }, names) =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => isFile(file));

export const isFile = (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

export async function checkFile(path) {
  if (!isFile(path)) throw new Error(`${path} is not a file`);
}

export const fromCache = ({ cache }, key, binary) => ({
  name: 'cached copy',
  absent: `none at ${join(cache, key)}`,
  find: async () => readCached(cache, key, binary),
});

/**
 * A way that fetches: one set-up at a time, and what another one has fetched meanwhile is taken.
 *
 * `fetchBinary()` gives the content, or `{ content, beside }` as `store` takes it.
 */
export const fetching = (name, { cache, say }, key, binary, fetchBinary) => ({
  name,
  slow: true,
  find: () =>
    withLock(join(cache, `${key}.lock`), say, async () => {
      try {
        const kept = readCached(cache, key, binary);
        if (kept !== undefined) return kept;
      } catch {
        // Damaged, as said already: replaced below.
      }
      const started = Date.now();
      const fetched = await fetchBinary();
      const { content, beside = {} } = Buffer.isBuffer(fetched) ? { content: fetched } : fetched;
      const path = store(cache, key, binary, content, beside);
      const bytes = [content, ...Object.values(beside)].reduce((sum, { length }) => sum + length, 0);
      say(`fetched ${path} (${Math.round(bytes / 1e6)} MB) in ${((Date.now() - started) / 1000).toFixed(1)} s`);
      return path;
    }),
});

/** Throws unless `content` has the hash; `what` names it in the message. */
export function requireSha256(content, expected, what) {
  const actual = sha256(content);
  if (actual !== expected) throw new Error(`refused: SHA-256 of ${what} is ${actual}, expected ${expected}`);
}

/** Runs `work(folder)`; the folder is gone afterwards. */
export async function inTemporaryFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-setup-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
