import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConfirmCodeInput } from '../../workflows/messages';
import { actorOf, callerOf } from '../actor';
import { described } from '../openapi';
import { ApiProblem, type ApiProblemCode } from '../problems';
import * as schemas from '../schemas';
import { caseProblem, needs, updateIdOf, type App, type RouteParts } from './shared';

const description =
  'Whatever becomes of the code is data in a 200. A malformed code is turned down before an attempt is spent. When the answer takes too long (202) the code is kept and tried; the same `Idempotency-Key` asks for its result again.';

/** Codes of the user. */
export function codeRoutes(app: App, { enrollments, ids, ownership }: RouteParts): void {
  // Of one caller for one enrollment: Auth0 itself counts wrong codes, this only keeps a runaway loop away from it.
  const limitPerCase = app.createRateLimit({
    max: 20,
    timeWindow: 60_000,
    keyGenerator: ({ caller, params }) => `${caller?.name ?? ''} ${(params as { id: string }).id}`, // parsed by then
  });

  const options = (operationId: string, action: string, summary: string, ...own: readonly ApiProblemCode[]) => ({
    config: { scope: 'enrollments:code', action } as const,
    schema: {
      operationId,
      ...described(
        'Codes',
        ...(['person_needed', 'wrong_step', 'stale_challenge', 'enrollment_settled', 'rate_limited', 'busy'] as const),
        ...own,
      ),
      summary,
      description,
      ...needs('enrollments:code'),
      params: schemas.enrollmentParams,
      headers: schemas.postHeaders,
      response: { ...caseProblem, 200: schemas.codeResult, 202: schemas.pending },
    },
  });

  const bindingCode = options(
    'submitBindingCode',
    'submit_binding_code',
    'Submit the code that was sent to the user',
    'second_person_needed',
  );
  app.post(
    '/enrollments/:id/binding-code',
    { ...bindingCode, schema: { ...bindingCode.schema, body: schemas.bindingCodeBody } },
    (request, reply) => submit(request, reply, request.params.id, request.body),
  );

  const otp = options('submitOtp', 'submit_otp', 'Submit the code of the authenticator app');
  app.post('/enrollments/:id/otp', { ...otp, schema: { ...otp.schema, body: schemas.otpBody } }, (request, reply) =>
    submit(request, reply, request.params.id, { ...request.body, factor: 'otp' }),
  );

  async function submit(request: FastifyRequest, reply: FastifyReply, id: string, input: ConfirmCodeInput) {
    request.audited.factor = input.factor;
    const limit = await limitPerCase(request);
    if (!limit.isAllowed && limit.isExceeded) {
      throw new ApiProblem('too_many_requests', { retryAfter: limit.ttlInSeconds, factor: input.factor });
    }
    await ownership.check(callerOf(request), id, 'code');
    const own = ids.under(id);
    const answer = await enrollments.confirmCode(id, input, updateIdOf(request, own), actorOf(request, own));
    request.audited.result = answer?.result ?? 'pending';
    if (answer === undefined) {
      const enrollment = `/v1/enrollments/${id}`;
      return reply.code(202).header('Location', enrollment).send({ result: 'pending', enrollment });
    }
    if (answer.retryAfter !== undefined) void reply.header('Retry-After', Math.ceil(answer.retryAfter));
    return reply.code(200).send({ ...answer, status: { id, ...answer.status } });
  }
}
