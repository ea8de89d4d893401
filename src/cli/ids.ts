import { enrollmentParams } from '../api/schemas';
import type { Api } from './api';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';
import { allPages } from './pages';
import { columns } from './text/columns';
import { isWholeId, shortIds } from './text/ids';

const beginning = /^enr_[A-Za-z0-9_-]{4,63}$/;

/**
 * The id of the one enrollment that `given` names: itself, or the id that begins so. Throws Failure when none does, and when several
 * do: a code or a cancellation must not reach another enrollment than the one that was meant.
 */
export async function enrollmentIdOf(api: Api, given: string): Promise<string> {
  if (isWholeId(given)) return given;
  if (!beginning.test(given)) {
    if (enrollmentParams.safeParse({ id: given }).success) throw usage(`id: ${expected}. This one is too short.`);
    throw usage(`id: ${expected}; \`mfa list\` shows them.`);
  }
  const { enrollments } = await allPages(api, { idPrefix: given, limit: '100' });
  const [first, ...others] = enrollments;
  if (first === undefined) {
    throw new Failure(
      exitCodes.notAllowed,
      `No enrollment that this key may see begins with ${given}. A new one can be found after a moment.`,
    );
  }
  if (others.length === 0) return first.id;
  const names = shortIds(enrollments.map(({ id }) => id));
  const rows = enrollments.map(({ id, state }) => [`  ${names.get(id) ?? id}`, state]);
  throw usage(`Several enrollments begin with ${given}. Which one?\n${columns(rows)}`);
}

const expected = 'expected the id of an enrollment, enr_… , or its first 4 characters or more behind enr_';
