import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiProblemCode } from '../../problems';
import type { ConfirmCodeInput } from '../../workflows/messages';
import type { Acts } from '../acts';
import { described } from '../openapi';
import * as schemas from '../schemas';
import { caseProblem, needs, type App } from './shared';

const description =
  'Whatever becomes of the code is data in a 200. A malformed code is turned down before an attempt is spent. When the answer takes too long (202) the code is kept and tried; the same `Idempotency-Key` asks for its result again.';

/** Codes of the user. */
export function codeRoutes(app: App, acts: Pick<Acts, 'submitCode'>): void {
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
    (request, reply) => submit(request, reply, request.body),
  );

  const otp = options('submitOtp', 'submit_otp', 'Submit the code of the authenticator app');
  app.post('/enrollments/:id/otp', { ...otp, schema: { ...otp.schema, body: schemas.otpBody } }, (request, reply) =>
    submit(request, reply, { ...request.body, factor: 'otp' }),
  );

  async function submit(
    request: FastifyRequest<{ Params: { id: string } }>,
    reply: FastifyReply,
    input: ConfirmCodeInput,
  ) {
    const { id } = request.params;
    const answer = await acts.submitCode(request, input);
    if (answer === undefined) {
      const enrollment = `/v1/enrollments/${id}`;
      return reply.code(202).header('Location', enrollment).send({ result: 'pending', enrollment });
    }
    if (answer.retryAfter !== undefined) void reply.header('Retry-After', Math.ceil(answer.retryAfter));
    return reply.code(200).send({ ...answer, status: { id, ...answer.status } });
  }
}
