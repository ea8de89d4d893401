import { defined } from '../../enrollment/defined';
import { ApiProblem } from '../../problems';
import type { EnrollmentView } from '../../temporal/enrollments/runs';
import { callerOf } from '../actor';
import { described } from '../openapi';
import { visibleTo } from '../ownership';
import { assertCountry } from '../phone-number';
import { qrSvg } from '../qr-svg';
import * as schemas from '../schemas';
import { assertTokenOf } from '../token-subject';
import { anyProblem, caseProblem, idempotencyKeyOf, needs, type App, type RouteParts } from './shared';

/** Start an enrollment, and look at enrollments. */
export function caseRoutes(app: App, parts: RouteParts): void {
  const { enrollments, links, ownership, opaqueTokens, phoneCountries } = parts;
  app.post(
    '/enrollments',
    {
      config: { scope: 'enrollments:start', action: 'start' },
      schema: {
        operationId: 'startEnrollment',
        ...described('Enrollments', 'enrollment_conflict', 'idempotency_key_reused'),
        summary: 'Start the enrollment of a user',
        description:
          'One live enrollment per user. The same body again from the same caller finds it (200) and may bring the token it waits for; another body, or another caller, is turned down (409). The same Idempotency-Key and body find the enrollment that they started also when it has ended, for 24 hours (200). An Idempotency-Key is remembered for the user of the start: with another userId it starts an enrollment of that user.',
        ...needs('enrollments:start'),
        headers: schemas.startHeaders,
        body: schemas.startBody,
        response: {
          ...anyProblem,
          409: caseProblem[409],
          200: schemas.startedEnrollment.describe('The same request has started it before.'),
          201: schemas.startedEnrollment.describe('Started. `Location` names it.'),
        },
      },
    },
    async (request, reply) => {
      const { token, userId } = request.body;
      if (token !== undefined) {
        assertTokenOf(token.accessToken, 'token.accessToken', (subject) => subject === userId, opaqueTokens);
      }
      assertCountry(request.body.phoneNumber, phoneCountries);
      const who = callerOf(request);
      const { name: caller, person } = who;
      const idempotencyKey = idempotencyKeyOf(request);
      const { created, enrollment } = await enrollments.start({
        ...request.body,
        caller,
        ...defined({ person, idempotencyKey }),
      });
      if (created) ownership.started(who, enrollment.id);
      request.audited.enrollment = enrollment.id;
      request.audited.result = created ? 'started' : 'joined';
      void reply.code(created ? 201 : 200).header('Location', pathOf(enrollment.id));
      return enrollment.state === 'awaiting_token' ? await withSignInUrl(enrollment) : enrollment;
    },
  );

  app.get(
    '/enrollments',
    {
      config: { scope: 'enrollments:read', action: 'list' },
      schema: {
        operationId: 'listEnrollments',
        ...described('Enrollments'),
        summary: 'List enrollments, newest first',
        description:
          'Open ones first. The list lags a moment behind the enrollments themselves. A caller that starts enrollments and manages none sees its own only. A page may hold fewer than `limit`, even none, and still have a `nextCursor`.',
        ...needs('enrollments:read'),
        querystring: schemas.listQuery,
        response: { ...anyProblem, 200: schemas.enrollmentPage },
      },
    },
    (request) => enrollments.list({ ...request.query, ...visibleTo(callerOf(request)) }),
  );

  app.post(
    '/enrollments/find',
    {
      config: { scope: 'enrollments:read', action: 'find' },
      schema: {
        operationId: 'findEnrollments',
        ...described('Enrollments'),
        summary: 'Find the enrollments of a user or of a phone number, newest first',
        description:
          'Either `userId` or `phoneNumber`. A page like that of the list: open ones first, a moment behind. A caller that starts enrollments and manages none finds its own only.',
        ...needs('enrollments:read'),
        body: schemas.findBody,
        response: { ...anyProblem, 200: schemas.enrollmentPage },
      },
    },
    (request) => {
      const { userId, phoneNumber, ...page } = request.body;
      const who = oneOf(userId, phoneNumber);
      return enrollments.find(who, { ...page, ...visibleTo(callerOf(request)) });
    },
  );

  app.get(
    '/enrollments/:id/timeline',
    {
      config: { scope: 'enrollments:read', action: 'read_timeline' },
      schema: {
        operationId: 'getTimeline',
        ...described('Enrollments'),
        summary: 'What happened to an enrollment',
        description:
          'States, challenges, wrong codes, changes of the number, consent, problems, messages and the outcome, from what Temporal keeps. It shows what an enrollment was when it rested: what came and went in between is left out.',
        ...needs('enrollments:read'),
        params: schemas.enrollmentParams,
        response: { ...caseProblem, 200: schemas.timeline },
      },
    },
    async (request) => {
      const { id } = request.params;
      await ownership.check(callerOf(request), id, 'read');
      return enrollments.timeline(id);
    },
  );

  app.get(
    '/enrollments/:id',
    {
      config: { scope: 'enrollments:read', action: 'read' },
      schema: {
        operationId: 'getEnrollment',
        ...described('Enrollments'),
        summary: 'Where an enrollment is',
        description:
          'State, factors, the challenge of now without its secrets, what is left of attempts and texts, and who has to act next. Also after the end, as long as Temporal keeps the enrollment.',
        ...needs('enrollments:read'),
        params: schemas.enrollmentParams,
        response: { ...caseProblem, 200: schemas.enrollment },
      },
    },
    (request) => {
      const { id } = request.params;
      return enrollments.get(id, ownership.admits(callerOf(request), id, 'read'));
    },
  );

  app.get(
    '/enrollments/:id/challenge',
    {
      config: { scope: 'enrollments:secrets', action: 'read_challenge' },
      schema: {
        operationId: 'getChallenge',
        ...described('Codes'),
        summary: 'What the user must see: setup key and QR code, masked number, recovery code',
        description: 'For the caller that started the enrollment alone.',
        ...needs('enrollments:secrets'),
        params: schemas.enrollmentParams,
        querystring: schemas.challengeQuery,
        response: { ...caseProblem, 200: schemas.challengeSecrets },
      },
    },
    async (request) => {
      const { id } = request.params;
      const challenge = await enrollments.challenge(id, ownership.admits(callerOf(request), id, 'secrets'));
      request.audited.result = challenge.type;
      const isDrawn = challenge.type === 'otp' && request.query.qrSvg !== 'false';
      return isDrawn ? { ...challenge, qrSvg: qrSvg(challenge.barcodeUri) } : challenge;
    },
  );

  const withSignInUrl = async (enrollment: EnrollmentView) => {
    const { url } = await links.create(enrollment.id);
    return { ...enrollment, signInUrl: url };
  };
}

function oneOf(userId: string | undefined, phoneNumber: string | undefined) {
  if (userId !== undefined && phoneNumber === undefined) return { userId };
  if (phoneNumber !== undefined && userId === undefined) return { phoneNumber };
  const expected = 'either userId or phoneNumber';
  throw new ApiProblem('invalid_request', {
    detail: `body: expected ${expected}.`,
    errors: [{ field: 'body', expected }],
  });
}

const pathOf = (id: string): string => `/v1/enrollments/${id}`;
