import type { FastifyRequest } from 'fastify';
import type { Application } from '../application';
import { type MfaSession, readMfaToken, requireBearer } from '../mfa-session';
import { isMfaAudience, issueTokens } from '../token-response';
import { refusals } from '../refusals';
import type { Tenant } from '../tenant';
import { requireField } from './grant';

/** What the three MFA grants have in common before they look at a code: whose sign-in or enrolment this is. */
export async function requireMfaSession(
  tenant: Tenant,
  request: FastifyRequest,
  application: Application,
): Promise<MfaSession> {
  const { switches } = tenant.state;
  const token = requireField(tenant, request, 'mfa_token');
  if (switches.confirmNeedsBearer) await requireBearer(tenant, request);
  const reading = await readMfaToken(tenant, request, token);
  if (reading.state === 'malformed') throw refusals.mfaTokenMalformed(switches);
  if (reading.state === 'expired') throw refusals.expired(switches, 'mfa_token');
  if (reading.session.clientId !== application.clientId) throw refusals.otherClient(switches);
  return reading.session;
}

/** The answer to a right code: tokens for the audience and scope that the sign-in asked for. */
export async function tokensAfterMfa(tenant: Tenant, session: MfaSession): Promise<Record<string, unknown>> {
  const { user, clientId, issuer, audience, scope } = session;
  const { jti, body } = await issueTokens(tenant, { user, clientId, issuer, audience, scope, authMethods: ['mfa'] });
  if (isMfaAudience(tenant, audience)) tenant.state.confirmTokens.add(jti);
  return body;
}
