import { ApiProblem } from '../problems';
import { isOutcome } from '../runs';
import * as schemas from '../schemas';
import { assertTokenOf } from '../token-subject';
import { caseProblem, needs, updateIdOf, type App, type RouteParts } from './shared';

/** What support and operations do to an enrollment, and what its owner brings it. */
export function manageRoutes(app: App, { enrollments, links, ids, opaqueTokens }: RouteParts): void {
  const manage = needs('enrollments:manage');
  const start = needs('enrollments:start');
  const params = schemas.enrollmentParams;
  const headers = schemas.manageHeaders;
  const response = { ...caseProblem, 200: schemas.enrollment };

  app.post(
    '/enrollments/:id/resend',
    {
      config: { scope: 'enrollments:manage', action: 'resend', reason: true },
      schema: {
        operationId: 'resend',
        summary: 'Send a new code, or make a new setup key',
        description: 'Wrong codes stay counted.',
        ...manage,
        params,
        headers,
        body: schemas.resendBody,
        response,
      },
    },
    (request) => enrollments.resend(request.params.id, updateIdOf(request, ids)),
  );

  app.put(
    '/enrollments/:id/phone-number',
    {
      config: { scope: 'enrollments:manage', action: 'change_phone_number', reason: true },
      schema: {
        operationId: 'changePhoneNumber',
        summary: 'Text another phone from now on',
        ...manage,
        params,
        headers,
        body: schemas.phoneNumberBody,
        response,
      },
    },
    (request) => enrollments.changePhoneNumber(request.params.id, request.body.phoneNumber, updateIdOf(request, ids)),
  );

  app.post(
    '/enrollments/:id/cancel',
    {
      config: { scope: 'enrollments:manage', action: 'cancel', reason: true },
      schema: {
        operationId: 'cancel',
        summary: 'Cancel the enrollment',
        ...manage,
        params,
        headers,
        body: schemas.cancelBody,
        response: { ...response, 202: schemas.enrollment.describe('Asked for; the outcome has not come yet.') },
      },
    },
    async (request, reply) => {
      const enrollment = await enrollments.cancel(request.params.id, request.audited.reason);
      request.audited.result = enrollment.state;
      return reply.code(isOutcome(enrollment) ? 200 : 202).send(enrollment);
    },
  );

  app.put(
    '/enrollments/:id/token',
    {
      config: { scope: 'enrollments:start', action: 'renew_token' },
      schema: {
        operationId: 'renewToken',
        summary: 'Bring a new token',
        ...start,
        params,
        headers: schemas.postHeaders,
        body: schemas.token,
        response,
      },
    },
    async (request) => {
      const { id } = request.params;
      assertTokenOf(request.body.accessToken, 'accessToken', (subject) => enrollments.isOf(id, subject), opaqueTokens);
      return enrollments.renewToken(id, request.body, updateIdOf(request, ids));
    },
  );

  app.post(
    '/enrollments/:id/links',
    {
      config: { scope: 'enrollments:start', action: 'create_link' },
      schema: {
        operationId: 'createLink',
        summary: 'A link for the user to sign in with',
        description: 'Works once and not for long. Whoever signs in with it must be the user of the enrollment.',
        ...start,
        params,
        headers: schemas.linkHeaders,
        body: schemas.emptyBody,
        response: { ...caseProblem, 201: schemas.link },
      },
    },
    async (request, reply) => {
      const enrollment = await enrollments.get(request.params.id);
      if (isOutcome(enrollment)) throw new ApiProblem('enrollment_settled');
      return reply.code(201).send(await links.create(enrollment.id));
    },
  );
}
