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
import type { Links } from '../../links';
import type { Scope } from '../../scopes';
import type { Campaigns } from '../../temporal/campaigns';
import type { Enrollments } from '../../temporal/enrollments';
import type { EnrollmentIds } from '../../temporal/ids';
import type { StoppedPrefixes } from '../../temporal/stopped-prefixes';
import type { Webhooks } from '../../temporal/webhook-endpoints';
import type { ReceiverRules } from '../../webhooks/addresses';
import type { Ownership } from '../ownership';
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
  readonly ids: EnrollmentIds;
  readonly ownership: Ownership;
  readonly stoppedPrefixes: StoppedPrefixes;
  readonly webhooks: Webhooks;
  readonly campaigns: Campaigns;
  /** What the addresses of receivers have to be. */
  readonly receivers: ReceiverRules;
  /** The countries whose numbers are taken (ISO 3166-1 alpha-2); absent: all. */
  readonly phoneCountries?: readonly string[];
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
export function updateIdOf(
  request: FastifyRequest,
  ids: Pick<EnrollmentIds, 'updateId'>,
  key = idempotencyKeyOf(request),
): string {
  if (key === undefined) return `upd_${randomUUID()}`;
  return ids.updateId(request.caller?.name ?? '', key, [request.routeOptions.config.action, request.body ?? null]);
}

/** The same `Idempotency-Key` from the same caller for the same enrollment is the same single-use link. */
export function linkIdOf(
  request: FastifyRequest<{ Params: { id: string } }>,
  ids: Pick<EnrollmentIds, 'linkId'>,
  key = idempotencyKeyOf(request),
): string | undefined {
  return key === undefined ? undefined : ids.linkId(request.caller?.name ?? '', key, request.params.id);
}

/** The schema of the headers has checked its form. */
export function idempotencyKeyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? key : undefined;
}
