import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from './cache.mjs';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { isFile } from './ways.mjs';

const requirements = fileURLToPath(new URL('schemathesis.txt', import.meta.url));
// The oldest Python that the pinned release runs on.
const oldestPython = [3, 11];

/**
 * Finds or fetches Schemathesis, which fuzzes the API. `context` is a `ToolContext` of tools.d.mts. Gives `{ path, way }`: `path` is a
 * folder of Python packages, for `PYTHONPATH`. Every package comes through pip and is checked against the hash in schemathesis.txt.
 */
export async function findSchemathesis(context) {
  let folder; // asked for once: Python takes a moment to start
  const place = async () => (folder ??= join(context.cache, await keyOf(context)));
  return firstThatWorks(
    'Schemathesis',
    [
      {
        name: 'cached copy',
        absent: 'not there yet',
        find: async () => (isKept(await place()) ? packagesIn(await place()) : undefined),
      },
      {
        name: 'its wheels through pip',
        slow: true,
        find: async () => fetchInto(await place(), context),
      },
    ],
    `Install Python ${oldestPython.join('.')} or newer with pip so that \`python3\` is on PATH: set-up fetches Schemathesis with it.`,
    context.say,
  );
}

/** Some of the packages are built for one platform and one version of Python; another list of packages is another copy. */
async function keyOf({ env }) {
  const text = await run('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { seconds: 20, env });
  const [major, minor] = text.trim().split(' ').map(Number);
  if (major !== oldestPython[0] || minor < oldestPython[1])
    throw new Error(`python3 is ${major}.${minor}, and ${oldestPython.join('.')} or newer is needed`);
  const list = sha256(readFileSync(requirements)).slice(0, 12);
  return `schemathesis-${list}-python${major}.${minor}-${process.platform}-${process.arch}`;
}

const packagesIn = (folder) => join(folder, 'packages');
/** Written last, and the folder is put in place whole. */
const isKept = (folder) => isFile(join(folder, 'record.json'));

function fetchInto(folder, { env, say }) {
  return withLock(`${folder}.lock`, say, async () => {
    if (isKept(folder)) return packagesIn(folder);
    const temporary = `${folder}.${randomUUID()}`;
    const started = Date.now();
    mkdirSync(temporary, { recursive: true });
    try {
      const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', '--timeout', '20', '--retries', '1'];
      const only = ['--only-binary=:all:', '--no-deps', '--require-hashes', '-r', requirements];
      await run('python3', [...pip, 'install', ...only, '--target', packagesIn(temporary)], {
        seconds: 300,
        env,
        what: 'pip install schemathesis',
      });
      writeFileSync(join(temporary, 'record.json'), '{}\n');
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
    say(`fetched ${packagesIn(folder)} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return packagesIn(folder);
  });
}
