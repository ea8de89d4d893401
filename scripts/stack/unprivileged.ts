import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';

/** A user of this system, and its group, by their numbers. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom a program may run as that refuses to run as root, as PostgreSQL does: `postgres` where there is such a user, else `nobody`.
 * Absent when we are not root ourselves: then the program runs as we do. Throws when there is neither.
 */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: numberOf('-u', name), gid: numberOf('-g', name) };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody.');
}

const numberOf = (what: '-u' | '-g', name: string): number =>
  Number(execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));

const checkout = join(__dirname, '../..');

/**
 * Lets a user pass through to `folder`: folders of ours, those inside the checkout and the system's temporary folder, get the
 * user's group, which may pass and not list. Throws when a folder above does not let the user pass.
 */
export function letThrough(folder: string, { uid, gid }: SystemUser): void {
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    const { mode, gid: group, uid: owner } = statSync(path);
    const passes = owner === uid ? mode & 0o100 : group === gid ? mode & 0o010 : mode & 0o001;
    if (passes !== 0) continue;
    if (![checkout, tmpdir()].some((base) => path.startsWith(`${base}${sep}`))) {
      throw new Error(
        `PostgreSQL does not run as root, and the user that it is to run as (${uid}) may not enter ${path}. ` +
          'Run this as another user than root, or from a checkout that every user may enter.',
      );
    }
    chownSync(path, owner, gid);
    chmodSync(path, (mode & 0o7777) | 0o010);
  }
}
