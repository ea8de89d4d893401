import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { issuerKeys } from '../issuer-keys';
import { auth0Origin } from './domain';

/** What the ID token of one sign-in has to say. */
export interface ExpectedSignIn {
  /** The nonce that this sign-in was begun with. */
  readonly nonce: string;
  /** Epoch ms: the user must have signed in at this moment or later. */
  readonly since: number;
}

/** Why an ID token proves nothing. */
export type IdTokenFault =
  /** There is none, or it is no JWT with the claims that one must have. */
  | 'malformed'
  /** Signed by somebody else, for another application, by another issuer, or expired. */
  | 'not_genuine'
  /** Genuine, and of another sign-in. */
  | 'other_sign_in'
  /** Genuine, and the user signed in before that; or it does not say when. */
  | 'not_fresh';

export type CheckedIdToken =
  { readonly type: 'genuine'; readonly subject: string } | { readonly type: 'refused'; readonly why: IdTokenFault };

/** Never rejects for what is wrong with the token; throws JwksError when the tenant's keys cannot be read. */
export type CheckIdToken = (idToken: string | undefined, expected: ExpectedSignIn) => Promise<CheckedIdToken>;

/** The tenant's keys cannot be read now: nothing is known about the token. */
export class JwksError extends Error {
  override readonly name = 'JwksError';
}

export interface IdTokenCheckParts {
  /** Of the tenant, or its custom domain: where the sign-in took place. */
  readonly domain: string;
  /** Development and tests only: an origin to use instead of `https://<domain>`. */
  readonly baseUrl?: string;
  readonly clientId: string;
  /** The tenant's keys; read from `/.well-known/jwks.json`, and kept, when absent. */
  readonly jwks?: JWTVerifyGetKey;
}

/** Seconds that the clocks of this machine and of Auth0 may be apart. */
const clockTolerance = 60;

/**
 * Checks the ID token of a sign-in as OpenID Connect Core 1.0, 3.1.3.7 says: signature, issuer, audience, expiry, nonce, and
 * that the user signed in for this request (`auth_time`; ASVS 5.0, 6.8.4). That section would let the signature go, for the
 * token comes straight from the token endpoint. It is checked all the same: it costs one fetch of the keys for each process,
 * and this claim alone decides whether somebody else's phone can be bound, so it should not hang on one TLS connection.
 */
export function createIdTokenCheck(parts: IdTokenCheckParts): CheckIdToken {
  const origin = auth0Origin(parts);
  const jwks = parts.jwks ?? createRemoteJWKSet(new URL('/.well-known/jwks.json', origin), { timeoutDuration: 5_000 });
  const keys = issuerKeys(jwks, (cause) => new JwksError('the keys of the tenant cannot be read', { cause }));

  return async (idToken, { nonce, since }) => {
    if (idToken === undefined) return refused('malformed');
    const payload = await genuine(idToken, keys, `${origin}/`, parts.clientId);
    if (payload === undefined) return refused('not_genuine');
    const said = claims.safeParse(payload);
    if (!said.success) return refused('malformed');
    if (said.data.nonce !== nonce) return refused('other_sign_in');
    const { auth_time: authTime, sub } = said.data;
    if (authTime === undefined || (authTime + clockTolerance) * 1000 < since) return refused('not_fresh');
    return { type: 'genuine', subject: sub };
  };
}

/** The claims of a token that Auth0 made for this application and that has not expired. */
async function genuine(
  idToken: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  clientId: string,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience: clientId,
      algorithms: ['RS256', 'PS256'], // those of Auth0 that need no shared secret
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance,
    });
    // 3.1.3.7 (3): one that is meant for others as well is not trusted.
    return [payload.aud].flat().length === 1 ? payload : undefined;
  } catch (error) {
    if (error instanceof JwksError) throw error;
    return undefined;
  }
}

const claims = z.object({
  sub: z.string().min(1),
  nonce: z.string().optional(),
  auth_time: z.number().nonnegative().optional(),
});

const refused = (why: IdTokenFault): CheckedIdToken => ({ type: 'refused', why });
