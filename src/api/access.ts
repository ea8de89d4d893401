import { createHash, timingSafeEqual } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import { createAccessTokenVerifier, grantsOf, type VerifyAccessToken } from '../access-tokens';
import { scopes, type Scope } from '../scopes';

/** Who calls. */
export interface Caller {
  /** Of an API key, its name; of a JWT, `jwt:` and its subject. For the log, the rate limit, and what belongs to whom. */
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** The caller of an `Authorization` header; undefined when it is not known. Throws IssuerError when the issuer's keys cannot be fetched. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller | undefined>;

export interface ApiKeyEntry {
  readonly name: string;
  /** `sha256:` and 64 lower-case hex digits. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
}

export interface AccessParts {
  readonly keys: readonly ApiKeyEntry[];
  readonly jwt?: { readonly issuer: string; readonly audience: string };
  /** The issuer's keys; read from its discovery document when absent. */
  readonly jwks?: JWTVerifyGetKey;
}

/** API keys (ours, random, so a plain hash will do) and JWTs of one issuer, both as bearer tokens (RFC 6750). */
export function createAuthenticate({ keys, jwt, jwks }: AccessParts): Authenticate {
  const byKey = keyReader(keys);
  const byToken = jwt && tokenReader(createAccessTokenVerifier(jwt, jwks));
  return async (authorization) => {
    const credential = /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined) return undefined;
    return byKey(credential) ?? (await byToken?.(credential));
  };
}

/** A caller that enters codes for users and manages their cases acts for somebody else, so it says why each time. */
export const mustGiveReason = ({ scopes: held }: Caller): boolean =>
  held.includes('enrollments:code') && held.includes('enrollments:manage');

function keyReader(entries: readonly ApiKeyEntry[]) {
  const known = entries.map((entry) => ({ ...entry, digest: Buffer.from(entry.hash.replace(/^sha256:/, ''), 'hex') }));
  return (credential: string): Caller | undefined => {
    const digest = createHash('sha256').update(credential).digest();
    // All of them, always: how long it takes says nothing about which one came close.
    const [entry] = known.filter((key) => key.digest.length === digest.length && timingSafeEqual(key.digest, digest));
    return entry && { name: entry.name, scopes: entry.scopes };
  };
}

function tokenReader(verify: VerifyAccessToken) {
  return async (credential: string): Promise<Caller | undefined> => {
    const claims = await verify(credential);
    if (claims === undefined) return undefined;
    const grants = grantsOf(claims); // words that mean nothing here are dropped
    return { name: `jwt:${claims.sub}`, scopes: scopes.filter((scope) => grants.includes(scope)) };
  };
}
