import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where fetched servers are kept, outside the checkout: `MFA_CACHE_DIR`, else below the user's cache folder. */
export function cacheFolder(env) {
  if (env.MFA_CACHE_DIR) return env.MFA_CACHE_DIR;
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'auth0-mfa-enrollment');
}

/**
 * The path of a kept binary, or undefined when there is none.
 *
 * Size and time must be as recorded; when they are not, the content is hashed against what was stored. Of files beside
 * it the sizes are looked at.
 * @throws Error when the copy is damaged
 */
export function readCached(cache, key, binary) {
  const folder = join(cache, key);
  const path = join(folder, binary);
  let record;
  try {
    record = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`the record of ${folder} is damaged; fetching it again`, { cause: error });
  }
  const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  const whole = Object.entries(record.beside ?? {}).every(
    ([name, wanted]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === wanted,
  );
  if (!whole) throw new Error(`${folder} is damaged; fetching it again`);
  if (size === record.size && mtimeMs === record.mtimeMs) return path;
  if (size !== record.size || sha256(readFileSync(path)) !== record.sha256) {
    throw new Error(`${path} is damaged; fetching it again`);
  }
  return path;
}

/**
 * Keeps a binary under `key`, whole or not at all: written beside its place, then renamed. Returns its path.
 *
 * `beside`: content by relative path of what the binary needs in its folder.
 */
export function store(cache, key, binary, content, beside = {}) {
  const folder = join(cache, key);
  const temporary = join(cache, `.${randomUUID()}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const path = join(temporary, binary);
    for (const [name, bytes] of [...Object.entries(beside), [binary, content]]) {
      const file = join(temporary, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      chmodSync(file, 0o755);
    }
    const { size, mtimeMs } = statSync(path);
    const sizes = Object.fromEntries(Object.entries(beside).map(([name, bytes]) => [name, bytes.length]));
    writeFileSync(
      join(temporary, 'record.json'),
      JSON.stringify({ size, mtimeMs, sha256: sha256(content), beside: sizes }),
    );
    mkdirSync(dirname(folder), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return join(folder, binary);
}

/** Hex SHA-256. */
export const sha256 = (content) => createHash('sha256').update(content).digest('hex');
