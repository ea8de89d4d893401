import type { FastifyRequest } from 'fastify';
import { mostStoppedPrefixes, parsePrefix, type StoppedPrefix } from '../../enrollment/stopped-prefixes';
import { ApiProblem } from '../../problems';
import { answered } from '../../temporal/enrollments/temporal-errors';
import { described } from '../openapi';
import * as schemas from '../schemas';
import { anyProblem, needs, type App, type RouteParts } from './shared';

const full = `${mostStoppedPrefixes} prefixes are stopped already. Use shorter ones, or PHONE_COUNTRIES.`;

/** The operator's switch: prefixes of phone numbers to which nothing is sent, whichever enrollment asks. */
export function textRoutes(app: App, { stoppedPrefixes }: Pick<RouteParts, 'stoppedPrefixes'>): void {
  const manage = needs('enrollments:manage');
  const params = schemas.prefixParams;
  const headers = schemas.manageHeaders;
  const response = { ...anyProblem, 200: schemas.stoppedPrefixList };

  app.get(
    '/stopped-prefixes',
    {
      config: { scope: 'enrollments:read', action: 'list_stopped_prefixes' },
      schema: {
        operationId: 'listStoppedPrefixes',
        ...described('Texts'),
        summary: 'Prefixes of phone numbers to which nothing is sent',
        description: 'Each with the reason that was given and the time since when it is stopped.',
        ...needs('enrollments:read'),
        response,
      },
    },
    async () => listed(await answered(() => stoppedPrefixes.list())),
  );

  app.put(
    '/stopped-prefixes/:prefix',
    {
      config: { scope: 'enrollments:manage', action: 'stop_texts' },
      schema: {
        operationId: 'stopTexts',
        ...described('Texts', 'limit_reached'),
        summary: 'Stop all texts and calls to numbers that begin so',
        description:
          'Holds for every enrollment, within about 10 seconds. Enrollments that would send to such a number wait with the problem `texts_stopped`.',
        ...manage,
        params,
        headers,
        body: schemas.stopBody,
        response,
      },
    },
    async (request) => {
      const prefix = prefixOf(request);
      return listed(await answered(() => stoppedPrefixes.stop(prefix, request.audited.reason ?? ''), full));
    },
  );

  app.delete(
    '/stopped-prefixes/:prefix',
    {
      config: { scope: 'enrollments:manage', action: 'resume_texts' },
      schema: {
        operationId: 'resumeTexts',
        ...described('Texts'),
        summary: 'Lift the stop of this prefix',
        description:
          'Enrollments that wait because of it ask again by themselves within half an hour, or at once on a resend.',
        ...manage,
        params,
        headers,
        body: schemas.resumeBody,
        response,
      },
    },
    async (request) => {
      const prefix = prefixOf(request);
      return listed(await answered(() => stoppedPrefixes.resume(prefix, request.audited.reason ?? '')));
    },
  );
}

/** A prefix is too short to be anybody's number, so the audit log may hold it. */
function prefixOf(request: FastifyRequest<{ Params: { prefix: string } }>): string {
  const prefix = parsePrefix(request.params.prefix);
  if (prefix !== undefined) {
    request.audited.prefix = prefix;
    return prefix;
  }
  const expected = 'a plus sign and 1 to 7 digits, such as +88213';
  throw new ApiProblem('invalid_request', {
    detail: `prefix: expected ${expected}.`,
    errors: [{ field: 'prefix', expected }],
  });
}

const listed = (stopped: readonly StoppedPrefix[]) => ({
  stoppedPrefixes: stopped.map(({ since, ...shown }) => ({ ...shown, since: new Date(since).toISOString() })),
});
