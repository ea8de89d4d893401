import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const root = join(__dirname, '../..');
const lockedPackage = z.object({ dev: z.boolean().optional(), devOptional: z.boolean().optional() });
const lockfile = z.object({ packages: z.record(z.string(), lockedPackage) });

/**
 * Puts into `folder` what the production image holds: `dist` without the emulator, package.json, and what
 * scripts/production-packages.mjs leaves of the packages that `npm ci --omit=dev` installs.
 */
export function copyForProduction(folder: string): void {
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => path !== emulator });
  linkPackages(folder, ({ dev, devOptional }) => dev !== true && devOptional !== true);
  execFileSync(process.execPath, [join(root, 'scripts/production-packages.mjs'), folder], { stdio: 'ignore' });
}

/** Puts into `folder` what the emulator's image holds: its code, and what scripts/emulator-packages.mjs leaves of all packages. */
export function copyEmulator(folder: string): void {
  cpSync(emulator, join(folder, 'dist/emulator'), { recursive: true });
  linkPackages(folder, () => true);
  const script = join(root, 'scripts/emulator-packages.mjs');
  execFileSync(process.execPath, [script, folder, join(folder, 'dist/emulator')], { stdio: 'ignore' });
}

const emulator = join(root, 'dist/emulator');

function linkPackages(folder: string, isWanted: (of: z.output<typeof lockedPackage>) => boolean): void {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(root, file), join(folder, file));
  const { packages } = lockfile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  for (const [path, locked] of Object.entries(packages)) {
    if (path !== '' && isWanted(locked)) link(join(root, path), join(folder, path));
  }
}

/** Links, since a copy of 300 MB takes its time. Packages within a package have their own line in the lockfile. */
function link(from: string, to: string): void {
  if (!existsSync(from)) return; // of another platform
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    const source = join(entry.parentPath, entry.name);
    const below = source.slice(from.length + 1);
    if (!entry.isFile() || below.split('/').includes('node_modules')) continue;
    const target = join(to, below);
    mkdirSync(dirname(target), { recursive: true });
    try {
      linkSync(source, target);
    } catch {
      copyFileSync(source, target); // another file system
    }
  }
}

/** Runs deploy/make-secrets.sh for `folder`. Returns the API keys that it shows. */
export function makeSecrets(folder: string) {
  const script = join(folder, 'deploy/make-secrets.sh');
  mkdirSync(dirname(script), { recursive: true });
  copyFileSync(join(root, 'deploy/make-secrets.sh'), script);
  const shown = execFileSync('sh', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const key = (role: string): string => new RegExp(`mfa_${role}_[\\w-]{43}`).exec(shown)?.[0] ?? '';
  return { onboarding: key('onboarding'), support: key('support'), ops: key('ops') };
}
