import type { FastifyRequest } from 'fastify';
import { words } from './fields';
import { issuerFor, mfaAudiences } from './place';
import { refusals } from './refusals';
import type { Tenant } from './tenant';
import type { User } from './user';

/** What a token lets its bearer do at the MFA API, whichever of the two kinds it is. */
export interface MfaSession {
  /** The opaque token of an `mfa_required` answer, or a JWT with the MFA audience. */
  readonly via: 'mfa_token' | 'access_token';
  /** Ties an oob_code to the token it was made with. */
  readonly transaction: string;
  readonly user: User;
  readonly clientId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly scope: readonly string[];
}

export type Reading =
  | { readonly state: 'valid'; readonly session: MfaSession }
  | { readonly state: 'expired' }
  /** Not ours, of another audience or issuer, or of a user who is gone. */
  | { readonly state: 'malformed' };

/** Reads either kind of token. */
export function readMfaToken(tenant: Tenant, request: FastifyRequest, token: string): Promise<Reading> {
  const issuer = issuerFor(tenant.place, request.host);
  return token.startsWith('Fe26.') ? readSealed(tenant, issuer, token) : readAccessToken(tenant, issuer, token);
}

/**
 * The session of an `Authorization: Bearer` header.
 * @throws OAuthError 401 with Auth0's one text for missing, expired, foreign and of another audience.
 */
export async function requireBearer(tenant: Tenant, request: FastifyRequest): Promise<MfaSession> {
  const [scheme, token] = words(request.headers.authorization);
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined) throw refusals.bearerInvalid();
  const reading = await readMfaToken(tenant, request, token);
  if (reading.state !== 'valid') throw refusals.bearerInvalid();
  return reading.session;
}

/** An access token needs the scope; an mfa_token has none to check. */
export function requireScope(tenant: Tenant, session: MfaSession, scope: string): void {
  if (session.via === 'access_token' && !session.scope.includes(scope)) {
    throw refusals.insufficientScope(tenant.state.switches, scope);
  }
}

async function readSealed(tenant: Tenant, issuer: string, token: string): Promise<Reading> {
  const content = await tenant.seals.unseal(token);
  if (content?.kind !== 'mfa_token' || content.issuer !== issuer) return { state: 'malformed' };
  const user = tenant.state.users.get(content.userId);
  if (user === undefined) return { state: 'malformed' };
  if (content.expiresAt <= tenant.clock.now()) return { state: 'expired' };
  const { transaction, clientId, audience, scope } = content;
  return { state: 'valid', session: { via: 'mfa_token', transaction, user, clientId, issuer, audience, scope } };
}

async function readAccessToken(tenant: Tenant, issuer: string, token: string): Promise<Reading> {
  const verified = await tenant.tokens.verify(token);
  if (verified.state === 'invalid') return { state: 'malformed' };
  const { iss, sub, aud, azp, scope, jti } = verified.claims;
  const audience = aud.find((one) => mfaAudiences(tenant.place).includes(one.endsWith('/') ? one : `${one}/`));
  const user = tenant.state.users.get(sub);
  if (iss !== issuer || audience === undefined || user === undefined) return { state: 'malformed' };
  if (verified.state === 'expired') return { state: 'expired' };
  return {
    state: 'valid',
    session: { via: 'access_token', transaction: jti, user, clientId: azp, issuer, audience, scope },
  };
}
