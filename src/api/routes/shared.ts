import { randomUUID } from 'node:crypto';
import type {
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { OpaqueTokens } from '../../enrollment/token-owner';
import type { Scope } from '../../scopes';
import type { EnrollmentIds } from '../../temporal/ids';
import type { Enrollments } from '../enrollments';
import type { Links } from '../links';
import { problem } from '../schemas';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes of the API are made of. */
export interface RouteParts {
  readonly enrollments: Enrollments;
  readonly links: Links;
  readonly ids: Pick<EnrollmentIds, 'updateId'>;
  /** Are tokens taken whose user cannot be read? */
  readonly opaqueTokens: OpaqueTokens;
}

const problemResponse = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: problem } },
};

/** What any call may be answered. */
export const anyProblem = {
  400: problemResponse,
  401: problemResponse,
  403: problemResponse,
  429: problemResponse,
  500: problemResponse,
  503: problemResponse,
};

/** What a call about one enrollment may be answered as well. */
export const caseProblem = { ...anyProblem, 404: problemResponse, 409: problemResponse, 410: problemResponse };

/** Names the scope once, for the guard and for the OpenAPI file (3.1: roles of a bearer scheme). */
export const needs = (scope: Scope) => ({ security: [{ bearer: [scope] }] });

/** The same `Idempotency-Key` from the same caller for the same thing is the same update, and Temporal carries it out once. */
export function updateIdOf(request: FastifyRequest, ids: RouteParts['ids']): string {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return `upd_${randomUUID()}`;
  return ids.updateId(request.caller?.name ?? '', key, [request.routeOptions.config.action, request.body ?? null]);
}

/** The schema of the headers has checked its form. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? key : undefined;
}
