import { createHash, timingSafeEqual } from 'node:crypto';
import { createAccessTokenVerifier, grantsOf, type VerifyAccessToken } from '../access-tokens';
import type { CodecConfig } from '../config';

type Authentication =
  | { readonly subject: string }
  /** `missing` and `invalid`: not known. `insufficient_scope`: known, and may not decode. */
  | { readonly refused: 'missing' | 'invalid' | 'insufficient_scope'; readonly subject?: string };

/** Judges an `Authorization` header (RFC 6750). Throws IssuerError when the token issuer's keys cannot be read. */
export type Authenticate = (authorization: string | undefined) => Promise<Authentication>;

/** By the configured tokens, or by JWTs of the configured issuer, or both. Undefined when neither is configured: open to all. */
export function createAuthenticate(
  { authTokens, jwt }: Pick<CodecConfig, 'authTokens' | 'jwt'>,
  verify: VerifyAccessToken | undefined = jwt && createAccessTokenVerifier(jwt),
): Authenticate | undefined {
  if (authTokens === undefined && verify === undefined) return undefined;
  const expected = authTokens?.reveal().map(digest) ?? [];
  return async (authorization) => {
    const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { refused: 'missing' };
    const given = digest(token);
    const known = expected.findIndex((each) => timingSafeEqual(given, each));
    if (known >= 0) return { subject: subjectOf(known) };
    const claims = await verify?.(token);
    if (claims === undefined) return { refused: 'invalid' };
    const { sub: subject } = claims;
    if (jwt?.scope !== undefined && !grantsOf(claims).includes(jwt.scope))
      return { refused: 'insufficient_scope', subject };
    return { subject };
  };
}

/** So that the log tells whether the old token is still in use, while it is rotated. */
const subjectOf = (at: number): string => (at === 0 ? 'CODEC_AUTH_TOKEN' : `CODEC_AUTH_TOKEN (${at + 1})`);

/** Of one length whatever the token, so that a comparison takes one time whatever the token. */
const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
