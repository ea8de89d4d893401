import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { isSafeAddress } from './config/addresses';
import type { JwtConfig } from './config/jwt';
import { isOfTheToken, issuerKeys } from './issuer-keys';

/** The claims of a token that is good; undefined when it is not. Throws IssuerError when the issuer's keys cannot be fetched. */
export type VerifyAccessToken = (
  token: string,
) => Promise<(JWTPayload & { readonly sub: string; readonly exp: number }) | undefined>;

/** The issuer's keys cannot be read: not the caller's fault, so not a 401. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

/**
 * Checks signature, fixed algorithms, issuer, audience, times, subject and kind of a JWT (ASVS 5.0, 9.1 and 9.2).
 * `jwks`: the issuer's keys; when absent they are found through its discovery document.
 */
export function createAccessTokenVerifier(
  { issuer, audience }: JwtConfig,
  jwks = discoverKeys(issuer),
): VerifyAccessToken {
  const keys = issuerKeys(jwks, (cause) => new IssuerError('the keys of the token issuer cannot be read', { cause }));
  return async (token) => {
    try {
      const { payload, protectedHeader } = await jwtVerify<{ sub: string; exp: number }>(token, keys, {
        issuer,
        audience,
        algorithms: ['RS256', 'PS256', 'ES256'], // ours, not whatever the token asks for
        requiredClaims: ['exp', 'sub'],
        clockTolerance: 5,
      });
      return isAccessToken(protectedHeader.typ, payload) ? payload : undefined;
    } catch (error) {
      if (error instanceof IssuerError) throw error;
      return undefined;
    }
  };
}

/** `at+jwt` by RFC 9068, 2.1; Auth0's own profile writes `JWT`, others nothing. A media type may have `application/` in front (RFC 7515, 4.1.9). */
const accessTokenTypes = ['at+jwt', 'jwt'];

/**
 * Claims that an ID token has (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11) or a logout token (Back-Channel Logout 1.0, 2.4),
 * and an access token never.
 */
const claimsOfOthers = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

/** Is it meant for access, and no other JWT that the issuer signs with the same keys? (ASVS 5.0, 9.2.2) */
const isAccessToken = (typ: string | undefined, claims: JWTPayload): boolean =>
  (typ === undefined || accessTokenTypes.includes(typ.toLowerCase().replace(/^application\//, ''))) &&
  claimsOfOthers.every((name) => !(name in claims));

/** What a token grants: `scope` as OAuth has it (RFC 8693, 4.2), `permissions` as Auth0 adds them. */
export function grantsOf({ scope, permissions }: JWTPayload): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(permissions) ? permissions : [];
  const scopes: readonly unknown[] = typeof scope === 'string' ? scope.split(' ') : [];
  return [...scopes, ...listed].filter((grant) => typeof grant === 'string');
}

/** How long the issuer is left alone after it could not be read: doubled with each failure in a row. */
const backoffMs = { first: 1_000, longest: 60_000 };

/**
 * Reads the discovery document (OpenID Connect Discovery 1.0, 4) and the keys when they are first needed, and again when they are
 * old. An issuer that cannot be read is not asked again for every call: for a while only the keys that are still here answer.
 */
function discoverKeys(issuer: string): JWTVerifyGetKey {
  const document = z.object({ issuer: z.literal(issuer), jwks_uri: z.string().refine(isSafeAddress) });
  const discover = async (): Promise<RemoteKeys> => {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`the discovery document was answered with ${response.status}`);
    return createRemoteJWKSet(new URL(document.parse(await response.json()).jwks_uri), { timeoutDuration: 5_000 });
  };
  let discovering: Promise<RemoteKeys> | undefined;
  let known: RemoteKeys | undefined;
  let failure: { readonly cause: unknown; readonly waitMs: number; readonly until: number } | undefined;

  return async (header, token) => {
    if (failure !== undefined && Date.now() < failure.until) {
      const held = known?.fresh === true ? known.jwks() : undefined;
      if (held === undefined) throw failure.cause;
      return createLocalJWKSet(held)(header, token);
    }
    try {
      discovering ??= discover();
      known = await discovering;
      const key = await known(header, token);
      failure = undefined;
      return key;
    } catch (cause) {
      if (isOfTheToken(cause)) throw cause;
      if (known === undefined) discovering = undefined;
      // Calls that came together fail together: they count as one failure.
      if (failure === undefined || Date.now() >= failure.until) {
        const waitMs = Math.min((failure?.waitMs ?? backoffMs.first / 2) * 2, backoffMs.longest);
        failure = { cause, waitMs, until: Date.now() + waitMs };
      }
      throw cause;
    }
  };
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;
