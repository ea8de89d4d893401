import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { isSafeAddress } from './config/addresses';
import type { JwtConfig } from './config/jwt';

/** The claims of a token that is good; undefined when it is not. Throws IssuerError when the issuer's keys cannot be fetched. */
export type VerifyAccessToken = (token: string) => Promise<(JWTPayload & { readonly sub: string }) | undefined>;

/** The issuer's keys cannot be read: not the caller's fault, so not a 401. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

/**
 * Checks signature, fixed algorithms, issuer, audience, times and subject of a JWT (ASVS 5.0, 9.1 and 9.2).
 * `jwks`: the issuer's keys; when absent they are found through its discovery document.
 */
export function createAccessTokenVerifier(
  { issuer, audience }: JwtConfig,
  jwks = discoverKeys(issuer),
): VerifyAccessToken {
  const keys: JWTVerifyGetKey = async (header, token) => {
    try {
      return await jwks(header, token);
    } catch (cause) {
      if (isOfTheToken(cause)) throw cause;
      throw new IssuerError('the keys of the token issuer cannot be read', { cause });
    }
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify<{ sub: string }>(token, keys, {
        issuer,
        audience,
        algorithms: ['RS256', 'PS256', 'ES256'], // ours, not whatever the token asks for
        requiredClaims: ['exp', 'sub'],
        clockTolerance: 5,
      });
      return payload;
    } catch (error) {
      if (error instanceof IssuerError) throw error;
      return undefined;
    }
  };
}

/** A token that names no key, or none that can be told among the issuer's, is not good; the issuer is. */
const isOfTheToken = (cause: unknown): boolean =>
  cause instanceof errors.JWKSNoMatchingKey ||
  cause instanceof errors.JWKSMultipleMatchingKeys ||
  cause instanceof errors.JOSENotSupported;

/** What a token grants: `scope` as OAuth has it (RFC 8693, 4.2), `permissions` as Auth0 adds them. */
export function grantsOf({ scope, permissions }: JWTPayload): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(permissions) ? permissions : [];
  const scopes: readonly unknown[] = typeof scope === 'string' ? scope.split(' ') : [];
  return [...scopes, ...listed].filter((grant) => typeof grant === 'string');
}

/** Reads the discovery document (OpenID Connect Discovery 1.0, 4) when it is first needed, and again if that failed. */
function discoverKeys(issuer: string): JWTVerifyGetKey {
  const document = z.object({ issuer: z.literal(issuer), jwks_uri: z.string().refine(isSafeAddress) });
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`the discovery document was answered with ${response.status}`);
    return createRemoteJWKSet(new URL(document.parse(await response.json()).jwks_uri), { timeoutDuration: 5_000 });
  };
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    keys ??= discover().catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return (await keys)(header, token);
  };
}
