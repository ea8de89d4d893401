import { randomUUID } from 'node:crypto';
import {
  type JWK,
  SignJWT,
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { type Clock, epochSeconds } from './clock';

const accessClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string())]).transform((aud) => (typeof aud === 'string' ? [aud] : aud)),
  azp: z.string(),
  scope: z.string().transform((scope) => scope.split(' ').filter((one) => one !== '')),
  jti: z.string(),
});

type AccessClaims = z.infer<typeof accessClaims>;

interface AccessTokenRequest {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  /** Of an API whose tokens say what the user may do. */
  readonly permissions?: readonly string[] | undefined;
  readonly lifeSeconds: number;
}

type Verified =
  | { readonly state: 'valid'; readonly claims: AccessClaims }
  | { readonly state: 'expired'; readonly claims: AccessClaims }
  | { readonly state: 'invalid' };

/** RS256 tokens and the key set that proves them. */
export interface Tokens {
  readonly jwks: { readonly keys: readonly JWK[] };
  mintAccessToken(request: AccessTokenRequest): Promise<{ readonly token: string; readonly jti: string }>;
  mintIdToken(claims: {
    issuer: string;
    subject: string;
    clientId: string;
    email: string;
    nonce?: string | undefined;
    sid?: string | undefined;
    /** Epoch milliseconds. */
    authenticatedAt?: number | undefined;
    authMethods?: readonly string[];
  }): Promise<string>;
  /** Signature and time; issuer and audience are the caller's to judge. */
  verify(token: string): Promise<Verified>;
}

/** Seconds; Auth0's default for id_tokens. */
const idTokenLife = 36_000;

/** A private key as `createTokens` wants it. */
export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  return exportJWK(privateKey);
}

export async function createTokens(clock: Clock, signingKey: JWK): Promise<Tokens> {
  const { kty, n, e } = signingKey;
  const jwk = { kty, n, e } as JWK; // the public members of an RSA key
  const privateKey = await importJWK(signingKey, 'RS256');
  const publicKey = await importJWK(jwk, 'RS256');
  const kid = await calculateJwkThumbprint(jwk);
  const sign = (claims: Record<string, unknown>, typ: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ, kid }).sign(privateKey);

  return {
    jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
    mintAccessToken: async ({ issuer, subject, audience, clientId, scope, permissions, lifeSeconds }) => {
      const iat = epochSeconds(clock.now());
      const jti = randomUUID();
      const token = await sign(
        {
          iss: issuer,
          sub: subject,
          aud: scope.includes('openid') ? [audience, `${issuer}userinfo`] : audience,
          iat,
          exp: iat + lifeSeconds,
          scope: scope.join(' '),
          azp: clientId,
          jti,
          ...(permissions !== undefined && { permissions }),
        },
        'JWT',
      );
      return { token, jti };
    },
    mintIdToken: ({ issuer, subject, clientId, email, nonce, sid, authenticatedAt, authMethods }) => {
      const iat = epochSeconds(clock.now());
      return sign(
        {
          iss: issuer,
          sub: subject,
          aud: clientId,
          iat,
          exp: iat + idTokenLife,
          email,
          email_verified: true,
          name: email,
          ...(nonce !== undefined && { nonce }),
          ...(sid !== undefined && { sid }),
          ...(authenticatedAt !== undefined && { auth_time: epochSeconds(authenticatedAt) }),
          ...(authMethods !== undefined && { amr: authMethods }),
        },
        'JWT',
      );
    },
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['RS256'],
          currentDate: new Date(clock.now()),
        });
        return { state: 'valid', claims: accessClaims.parse(payload) };
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          const expired = accessClaims.safeParse(error.payload);
          if (expired.success) return { state: 'expired', claims: expired.data };
        }
        return { state: 'invalid' };
      }
    },
  };
}
