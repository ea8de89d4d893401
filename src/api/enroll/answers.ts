import type { FastifyReply, FastifyRequest } from 'fastify';
import { defined } from '../../enrollment/defined';
import { ApiProblem } from '../../problems';
import type { EnrollPage } from '../html/enroll/enroll-page';
import type { PlainPage } from '../html/enroll/plain';
import type { PageSession } from '../page-session';
import type { Notice } from './notices';

/** What becomes of a form. */
export type Done =
  | {
      readonly type: 'back';
      readonly notice?: Notice;
      /** The challenge that a code was sent for, which is not checked yet. */ readonly of?: string;
      readonly result?: string;
    }
  | { readonly type: 'refused'; readonly refused: NonNullable<EnrollPage['refused']> }
  | { readonly type: 'elsewhere'; readonly path: string };

/** Back to the page, by an address that can be loaded again. `of`: as `Done` has it. */
export function back(reply: FastifyReply, notice?: Notice, of?: string): FastifyReply {
  const query = new URLSearchParams(defined({ notice, of })).toString();
  return reply.redirect(query === '' ? '/enroll' : `/enroll?${query}`, 303);
}

/** What a user sees of a fault, or of a problem that no step shows. */
export function pageOfError(error: unknown): PlainPage {
  if (!(error instanceof ApiProblem)) return 'broken';
  switch (error.code) {
    case 'enrollment_not_found':
      return 'no_session';
    case 'too_many_requests':
      return 'busy';
    case 'unavailable':
    case 'busy':
      return 'down';
    default:
      return 'broken';
  }
}

type Limit = (request: FastifyRequest) => Promise<{ readonly isAllowed: boolean; readonly isExceeded?: boolean }>;

/** Throws `too_many_requests` over the limit. */
export async function assertWithin(limit: Limit, request: FastifyRequest): Promise<void> {
  const { isAllowed, isExceeded } = await limit(request);
  if (!isAllowed && isExceeded === true) throw new ApiProblem('too_many_requests');
}

/** The line of the audit log: who did what to which enrollment. */
export function audit(request: FastifyRequest, action: string, { enrollmentId }: PageSession, done: Done): void {
  const result = done.type === 'back' ? (done.result ?? done.notice ?? 'done') : done.type;
  request.log.info(
    { audit: true, caller: 'user', kind: 'user', ip: request.ip, action, enrollment: enrollmentId, result },
    'audit',
  );
}
