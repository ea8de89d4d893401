import type { FastifyRequest } from 'fastify';
import type { Actor } from '../enrollment/actor';
import { defined } from '../enrollment/defined';
import { ApiProblem } from '../problems';
import type { EnrollmentIds } from '../temporal/ids';
import type { Caller } from './access';

/** The caller of a request behind the guard, which lets nobody in without one. */
export function callerOf({ caller }: Pick<FastifyRequest, 'caller'>): Caller {
  if (caller === null) throw new ApiProblem('unauthorized');
  return caller;
}

/**
 * The user of an enrollment, who has signed in for it on its page. For the routes of that page alone, which know by their session
 * whom they serve: an enrollment takes from this hand what it takes from no caller (docs/decisions/0021-account-holder.md).
 */
export const accountHolderOf = (ids: Pick<EnrollmentIds, 'owner'>): Actor => ({
  caller: ids.owner('account holder'),
  accountHolder: true,
});

/** Who acts, as an enrollment keeps it: keyed hashes of the caller and, where it is known, of the person. */
export function actorOf(request: Pick<FastifyRequest, 'caller'>, ids: Pick<EnrollmentIds, 'owner' | 'person'>): Actor {
  const { name, person } = callerOf(request);
  return { caller: ids.owner(name), ...defined({ person: person === undefined ? undefined : ids.person(person) }) };
}
