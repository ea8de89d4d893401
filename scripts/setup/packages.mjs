import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';

/**
 * Runs `npm ci` unless node_modules already is what package-lock.json says.
 *
 * A marker inside node_modules keeps the hash of the lockfile it was made from. Without one (installed by hand), npm's
 * own record of what it has installed is compared with the lockfile.
 */
export async function installPackages(root, env, say) {
  if (upToDate(root)) return;
  await withLock(join(root, '.run', 'setup.lock'), say, async () => {
    if (upToDate(root)) return;
    say('packages: running npm ci');
    const started = Date.now();
    await npmCi(root, env);
    writeMarker(root);
    say(`packages: installed in ${Math.round((Date.now() - started) / 1000)} s`);
  });
}

const marker = (root) => join(root, 'node_modules', '.set-up-from');
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
const writeMarker = (root) => writeFileSync(marker(root), lockHash(root));

function upToDate(root) {
  try {
    if (readFileSync(marker(root), 'utf8') === lockHash(root)) return true;
  } catch {
    // No marker: look at what npm has recorded.
  }
  if (!sameAsLock(root)) return false;
  writeMarker(root);
  return true;
}

function sameAsLock(root) {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' || installed[path]?.version === entry.version || (entry.optional === true && !installed[path]),
    );
  } catch {
    return false;
  }
}

/** Command and first arguments. npm names itself to the scripts it runs; started by hand, it is looked for on PATH. */
export function npmCommand(env) {
  const self = env.npm_execpath;
  return self?.endsWith('.js') ? [process.execPath, self] : ['npm'];
}

async function npmCi(root, env) {
  const [command, ...first] = npmCommand(env);
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'];
  try {
    await run(command, args, { seconds: 900, cwd: root, env, what: 'npm ci' });
  } catch (error) {
    throw new Error(`npm ci failed: ${error.message}. Run "npm ci --ignore-scripts" to see all of it.`, {
      cause: error,
    });
  }
}
