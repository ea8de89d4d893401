import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems';
import { isOutcome, type EnrollmentView } from '../temporal/enrollments/runs';
import type { ConfirmCodeInput, ConfirmCodeResult } from '../workflows/messages';
import { actorOf, callerOf } from './actor';
import { assertCountry } from './phone-number';
import { linkIdOf, updateIdOf, type App, type RouteParts } from './routes/shared';

/** A request behind the guard, which has checked its scope, its person and its reason. */
type Request = FastifyRequest<{ Params: { id: string } }>;

/**
 * What people do to an enrollment that is not theirs, with every check that comes after the guard: whose enrollment it is, limits, hands, and
 * what the audit line says. The HTTP API and the support desk both act through these. `key`: what a form has in place of
 * the header `Idempotency-Key`.
 */
export interface Acts {
  /** Undefined: no answer within the deadline. The code is kept and will be tried. */
  submitCode(request: Request, input: ConfirmCodeInput, key?: string): Promise<ConfirmCodeResult | undefined>;
  resend(request: Request, key?: string): Promise<EnrollmentView>;
  changePhoneNumber(request: Request, phoneNumber: string, key?: string): Promise<EnrollmentView>;
  /** The view tells whether the outcome has come already. */
  cancel(request: Request): Promise<EnrollmentView>;
  createLink(request: Request, key?: string): Promise<{ readonly url: string; readonly expiresAt: string }>;
}

export function createActs(app: Pick<App, 'createRateLimit'>, parts: RouteParts): Acts {
  const { enrollments, links, ids, ownership, phoneCountries } = parts;
  // Of one caller for one enrollment: Auth0 itself counts wrong codes, this only keeps a runaway loop away from it.
  const codesOfCase = app.createRateLimit({
    max: 20,
    timeWindow: 60_000,
    keyGenerator: ({ caller, params }) => `${caller?.name ?? ''} ${(params as { id: string }).id}`, // parsed by then
  });

  return {
    async submitCode(request, input, key) {
      const { id } = request.params;
      request.audited.factor = input.factor;
      const limit = await codesOfCase(request);
      if (!limit.isAllowed && limit.isExceeded) {
        throw new ApiProblem('too_many_requests', { retryAfter: limit.ttlInSeconds, factor: input.factor });
      }
      await ownership.check(callerOf(request), id, 'code');
      const own = ids.under(id);
      const answer = await enrollments.confirmCode(id, input, updateIdOf(request, own, key), actorOf(request, own));
      request.audited.result = answer?.result ?? 'pending';
      return answer;
    },
    async resend(request, key) {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'manage');
      return enrollments.resend(id, updateIdOf(request, ids.under(id), key));
    },
    async changePhoneNumber(request, phoneNumber, key) {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'manage');
      const own = ids.under(id);
      assertCountry(phoneNumber, phoneCountries);
      return enrollments.changePhoneNumber(id, phoneNumber, updateIdOf(request, own, key), actorOf(request, own));
    },
    async cancel(request) {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'manage');
      const enrollment = await enrollments.cancel(id, request.audited.reason);
      request.audited.result = enrollment.state;
      return enrollment;
    },
    async createLink(request, key) {
      const { id } = request.params;
      const enrollment = await enrollments.get(id, ownership.admits(callerOf(request), id, 'link'));
      if (isOutcome(enrollment)) throw new ApiProblem('enrollment_settled');
      return links.create(enrollment.id, linkIdOf(request, ids.under(enrollment.id), key));
    },
  };
}
