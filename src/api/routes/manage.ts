import { isOutcome } from '../../temporal/enrollments/runs';
import { actorOf, callerOf } from '../actor';
import type { Acts } from '../acts';
import { described } from '../openapi';
import * as schemas from '../schemas';
import { assertTokenOf } from '../token-subject';
import { caseProblem, needs, updateIdOf, type App, type RouteParts } from './shared';

/** What support and operations do to an enrollment, and what its owner brings it. */
export function manageRoutes(app: App, acts: Acts, parts: RouteParts): void {
  const { enrollments, ids, ownership, opaqueTokens } = parts;
  const manage = needs('enrollments:manage');
  const start = needs('enrollments:start');
  const link = needs('enrollments:link');
  const params = schemas.enrollmentParams;
  const headers = schemas.manageHeaders;
  const response = { ...caseProblem, 200: schemas.enrollment };

  app.post(
    '/enrollments/:id/resend',
    {
      config: { scope: 'enrollments:manage', action: 'resend' },
      schema: {
        operationId: 'resend',
        ...described(
          'Support',
          'wrong_step',
          'not_resendable',
          'enrollment_settled',
          'resend_too_soon',
          'too_many_texts',
          'busy',
        ),
        summary: 'Send a new code, or make a new setup key',
        description: 'Wrong codes stay counted.',
        ...manage,
        params,
        headers,
        body: schemas.resendBody,
        response,
      },
    },
    (request) => acts.resend(request),
  );

  app.put(
    '/enrollments/:id/phone-number',
    {
      config: { scope: 'enrollments:manage', action: 'change_phone_number' },
      schema: {
        operationId: 'changePhoneNumber',
        ...described('Support', 'wrong_step', 'enrollment_settled', 'too_many_texts', 'busy'),
        summary: 'Text another phone from now on',
        description:
          'The code goes to the new number once the cool-down of the last one is over. A consent that the user gave to the old number no longer holds.',
        ...manage,
        params,
        headers,
        body: schemas.phoneNumberBody,
        response,
      },
    },
    (request) => acts.changePhoneNumber(request, request.body.phoneNumber),
  );

  app.post(
    '/enrollments/:id/cancel',
    {
      config: { scope: 'enrollments:manage', action: 'cancel' },
      schema: {
        operationId: 'cancel',
        ...described('Support', 'enrollment_settled'),
        summary: 'Cancel the enrollment',
        description:
          'Factors that were confirmed before stay active unless the installation removes them. 200: it has ended. 202: asked for, and it ends soon.',
        ...manage,
        params,
        headers: schemas.cancelHeaders,
        body: schemas.cancelBody,
        response: { ...response, 202: schemas.enrollment.describe('Asked for; the outcome has not come yet.') },
      },
    },
    async (request, reply) => {
      const enrollment = await acts.cancel(request);
      return reply.code(isOutcome(enrollment) ? 200 : 202).send(enrollment);
    },
  );

  app.post(
    '/enrollments/:id/recovery-code/acknowledge',
    {
      config: { scope: 'enrollments:secrets', action: 'acknowledge_recovery_code' },
      schema: {
        operationId: 'acknowledgeRecoveryCode',
        ...described('Codes'),
        summary: 'The user has saved the recovery code',
        description:
          'It is not shown any more. An enrollment that waits for this alone (`recoveryCodeDue`) is completed. Changes nothing when there is no recovery code, when it was said before, and after the end.',
        ...needs('enrollments:secrets'),
        params,
        headers: schemas.postHeaders,
        body: schemas.emptyBody,
        response,
      },
    },
    async (request) => {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'secrets');
      const own = ids.under(id);
      const enrollment = await enrollments.acknowledgeRecoveryCode(id, updateIdOf(request, own), actorOf(request, own));
      request.audited.result = enrollment.state;
      return enrollment;
    },
  );

  app.put(
    '/enrollments/:id/token',
    {
      config: { scope: 'enrollments:start', action: 'renew_token' },
      schema: {
        operationId: 'renewToken',
        ...described('Sign-in', 'enrollment_settled', 'busy'),
        summary: 'Bring a new token',
        description:
          'An access token of the user of this enrollment, for the audience of Auth0’s MFA API. The enrollment goes on with it where it waited for one; a token of another user is not used.',
        ...start,
        params,
        headers: schemas.postHeaders,
        body: schemas.token,
        response,
      },
    },
    async (request) => {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'token');
      assertTokenOf(request.body.accessToken, 'accessToken', (subject) => enrollments.isOf(id, subject), opaqueTokens);
      return enrollments.renewToken(id, request.body, updateIdOf(request, ids.under(id)));
    },
  );

  app.post(
    '/enrollments/:id/links',
    {
      config: { scope: 'enrollments:link', action: 'create_link' },
      schema: {
        operationId: 'createLink',
        ...described('Sign-in', 'enrollment_settled'),
        summary: 'A link for the user to sign in with',
        description: 'Works once and not for long. Whoever signs in with it must be the user of the enrollment.',
        ...link,
        params,
        headers: schemas.linkHeaders,
        body: schemas.emptyBody,
        response: { ...caseProblem, 201: schemas.link },
      },
    },
    async (request, reply) => reply.code(201).send(await acts.createLink(request)),
  );
}
