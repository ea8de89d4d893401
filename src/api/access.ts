import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { scopes, type Scope } from '../scopes';

/** Who calls. The name goes to the log and into the rate limit. */
export interface Caller {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** The caller of an `Authorization` header; undefined when it is not known. Throws only for faults of our own. */
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
  const byToken = jwt && tokenReader(jwt, jwks ?? discoveredKeys(jwt.issuer));
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

function tokenReader({ issuer, audience }: { issuer: string; audience: string }, jwks: JWTVerifyGetKey) {
  const keyOf: JWTVerifyGetKey = async (header, token) => {
    try {
      return await jwks(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported) throw error;
      throw new IssuerError('The keys of the token issuer cannot be read', { cause: error });
    }
  };
  return async (credential: string): Promise<Caller | undefined> => {
    if (credential.split('.').length !== 3) return undefined;
    try {
      const { payload } = await jwtVerify(credential, keyOf, {
        issuer,
        audience,
        algorithms: ['RS256', 'PS256', 'ES256'], // never whatever the token asks for (ASVS 5.0, 9.1.2)
        requiredClaims: ['exp', 'sub'],
        clockTolerance: 5,
      });
      return payload.sub === undefined ? undefined : { name: payload.sub, scopes: scopesOf(payload) };
    } catch (error) {
      if (error instanceof IssuerError) throw error; // the token may well be good: nobody can tell
      return undefined;
    }
  };
}

/** `scope` as OAuth has it (RFC 8693, 4.2), `permissions` as Auth0 adds them. Words that mean nothing here are dropped. */
function scopesOf({ scope, permissions }: JWTPayload): Scope[] {
  const claimed = [
    ...(typeof scope === 'string' ? scope.split(' ') : []),
    ...(Array.isArray(permissions) ? (permissions as unknown[]) : []),
  ];
  return scopes.filter((known) => claimed.includes(known));
}

/** Reads the issuer's discovery document (OpenID Connect Discovery 1.0, 4) once it is needed, and again if that failed. */
function discoveredKeys(issuer: string): JWTVerifyGetKey {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    const { jwks_uri } = z.object({ issuer: z.literal(issuer), jwks_uri: z.url() }).parse(await response.json());
    return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: 5_000 });
  };
  return async (header, token) => {
    keys ??= discover();
    try {
      return await (
        await keys
      )(header, token);
    } catch (error) {
      await keys.catch(() => (keys = undefined));
      throw error;
    }
  };
}

/** Answered as 503: it is not the caller's fault. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}
