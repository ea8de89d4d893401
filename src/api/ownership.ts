import { ApiProblem } from '../problems';
import type { Admit, Enrollments } from '../temporal/enrollments';
import type { EnrollmentIds } from '../temporal/ids';
import type { Caller } from './access';

/** What a caller wants with an enrollment, as far as it matters whose enrollment it is. */
export type Purpose = 'read' | 'code' | 'secrets' | 'token' | 'link' | 'manage';

type Who = Pick<Caller, 'name' | 'scopes'>;

export interface Ownership {
  /**
   * May this caller do that with this enrollment? Comes beside the scope of the route, which the guard has checked before.
   * Throws the problem of an unknown enrollment when not: nobody learns that somebody else's enrollment exists.
   */
  check(caller: Who, id: string, purpose: Purpose): Promise<void>;
  /** The same for `Enrollments.get` and `challenge`, which have the owner at hand and tell it. */
  admits(caller: Who, id: string, purpose: Purpose): Admit;
  /** This caller has started this enrollment just now. */
  started(caller: Pick<Caller, 'name'>, id: string): void;
}

export interface OwnershipParts {
  readonly enrollments: Pick<Enrollments, 'ownerOf'>;
  readonly ids: Pick<EnrollmentIds, 'owners' | 'under'>;
}

/** Enrollments whose owner is remembered; the oldest entry makes room. An entry has about 150 bytes. */
const maxRemembered = 10_000;

/**
 * Whose enrollment it is, read from the sealed memo that the start wrote. The search attribute MfaOwner is no proof: whoever
 * can write to Temporal can set it.
 */
export function createOwnership({ enrollments, ids }: OwnershipParts): Ownership {
  /** The owner of an enrollment never changes, so it may be remembered: one look at Temporal for all calls of an enrollment. */
  const remembered = new Map<string, string>();

  function remember(id: string, owner: string): void {
    if (remembered.has(id)) return;
    const oldest = remembered.size < maxRemembered ? undefined : remembered.keys().next().value;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(id, owner);
  }

  function judge(caller: Who, id: string, owner: string | undefined): void {
    if (owner !== undefined) remember(id, owner);
    if (owner === undefined || !ids.owners(caller.name).includes(owner)) throw new ApiProblem('enrollment_not_found');
  }

  return {
    async check(caller, id, purpose) {
      if (isOwnersAlone(caller, purpose)) judge(caller, id, remembered.get(id) ?? (await enrollments.ownerOf(id)));
    },
    admits: (caller, id, purpose) => (owner) => {
      if (isOwnersAlone(caller, purpose)) judge(caller, id, owner);
    },
    started: ({ name }, id) => remember(id, ids.under(id).owner(name)),
  };
}

/** A caller that starts enrollments and manages none works for its own users only: it sees no other enrollment. */
const seesOnlyItsOwn = ({ scopes }: Pick<Caller, 'scopes'>): boolean =>
  scopes.includes('enrollments:start') && !scopes.includes('enrollments:manage');

/** Of a list or a search: what narrows it to what this caller may see. */
export const visibleTo = (caller: Pick<Caller, 'name' | 'scopes'>): { readonly startedBy?: string } =>
  seesOnlyItsOwn(caller) ? { startedBy: caller.name } : {};

function isOwnersAlone(caller: Who, purpose: Purpose): boolean {
  switch (purpose) {
    case 'secrets':
    case 'token':
      return true;
    case 'code':
    case 'link':
      return !caller.scopes.includes('enrollments:manage');
    case 'read':
    case 'manage':
      return seesOnlyItsOwn(caller);
  }
}
