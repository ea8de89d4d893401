import type { FastifyRequest } from 'fastify';
import type { Actor } from '../enrollment/actor';
import { defined } from '../enrollment/defined';
import type { EnrollmentIds } from '../temporal/ids';
import type { Caller } from './access';
import { ApiProblem } from './problems';

/** The caller of a request behind the guard, which lets nobody in without one. */
export function callerOf({ caller }: Pick<FastifyRequest, 'caller'>): Caller {
  if (caller === null) throw new ApiProblem('unauthorized');
  return caller;
}

/** Who acts, as an enrollment keeps it: keyed hashes of the caller and, where it is known, of the person. */
export function actorOf(request: Pick<FastifyRequest, 'caller'>, ids: Pick<EnrollmentIds, 'owner' | 'person'>): Actor {
  const { name, person } = callerOf(request);
  return { caller: ids.owner(name), ...defined({ person: person === undefined ? undefined : ids.person(person) }) };
}
