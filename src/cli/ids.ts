import { enrollmentParams } from '../api/schemas';
import type { Api } from './api';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';
import { allPages } from './pages';
import { columns } from './text/columns';

const whole = /^enr_[A-Za-z0-9_-]{64}$/;
const beginning = /^enr_[A-Za-z0-9_-]{4,63}$/;

/**
 * The id of the one enrollment that `given` names: itself, or the id that begins so. Throws Failure when none does, and when several
 * do: a code or a cancellation must not reach another enrollment than the one that was meant.
 */
export async function enrollmentIdOf(api: Api, given: string): Promise<string> {
  if (whole.test(given)) return given;
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

/** So many characters that two of a million users have the same ones with a chance of 1 in 500. */
const shortest = 'enr_'.length + 8;

/** The shortest beginning of each id that none of the others has, of 8 characters or more behind `enr_`. */
export function shortIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...new Set(ids)].sort(); // an id has most in common with one of its neighbours
  return new Map(
    sorted.map((id, index) => {
      const common = Math.max(commonLength(id, sorted[index - 1]), commonLength(id, sorted[index + 1]));
      return [id, id.slice(0, Math.max(shortest, common + 1))];
    }),
  );
}

function commonLength(one: string, other = ''): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** Where Temporal keeps an enrollment. */
export interface TemporalRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** The run that an id names: workflow and run stand in it as they are. Undefined for what is no whole id. */
export function temporalRunOf(id: string): TemporalRun | undefined {
  if (!whole.test(id)) return undefined;
  const bytes = Buffer.from(id.slice('enr_'.length), 'base64url');
  const run = bytes.subarray(16, 32).toString('hex');
  return {
    workflowId: `mfa-enrollment-${bytes.subarray(0, 16).toString('base64url')}`,
    runId: run.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}
