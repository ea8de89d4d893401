import { createHash, timingSafeEqual } from 'node:crypto';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { createAccessTokenVerifier, grantsOf, type VerifyAccessToken } from '../access-tokens';
import { defined } from '../enrollment/defined';
import { ApiProblem } from '../problems';
import { scopes, type Scope } from '../scopes';
import { createFailedAttempts } from './failed-attempts';
import { networkOf } from './network';

/** Who calls. */
export interface Caller {
  /** Of an API key, its name; of a JWT, `jwt:` and its subject. For the log, the rate limit, and what belongs to whom. */
  readonly name: string;
  readonly kind: 'api_key' | 'jwt';
  readonly scopes: readonly Scope[];
  /** Who acts through this caller: the subject of a JWT of a person, or whom a key that is trusted with that has named. */
  readonly person?: string;
  /** Is the caller an application that may say in `X-Acting-Person` which person acts? */
  readonly namesPersons: boolean;
  /** Epoch milliseconds: when the credential of this call stops being good. */
  readonly expiresAt?: number;
}

/**
 * The caller of an `Authorization` header; undefined when it is not known. `address`: where the call comes from.
 * Throws IssuerError when the issuer's keys cannot be fetched, and ApiProblem `too_many_requests` when the network of this address
 * has failed too often: then nothing is verified.
 */
export type Authenticate = (authorization: string | undefined, address: string) => Promise<Caller | undefined>;

export interface ApiKeyEntry {
  /** Several entries may have the same name: keys of one caller, while one replaces the other. */
  readonly name: string;
  /** `sha256:` and 64 lower-case hex digits. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  readonly namesPersons?: boolean;
  /** Epoch milliseconds: the key is unknown from then on. */
  readonly expiresAt?: number;
}

export interface AccessParts {
  readonly keys: readonly ApiKeyEntry[];
  readonly jwt?: { readonly issuer: string; readonly audience: string };
  /** The issuer's keys; read from its discovery document when absent. */
  readonly jwks?: JWTVerifyGetKey;
  /** How many failed calls of one network are answered 401 in a minute; 429 from then on. 30 when absent. */
  readonly failuresPerMinute?: number;
  readonly now?: () => number;
}

/** API keys (ours, random, so a plain hash will do) and JWTs of one issuer, both as bearer tokens (RFC 6750). */
export function createAuthenticate({
  keys,
  jwt,
  jwks,
  failuresPerMinute = 30,
  now = Date.now,
}: AccessParts): Authenticate {
  const byKey = keyReader(keys, now);
  const byToken = jwt && tokenReader(createAccessTokenVerifier(jwt, jwks));
  const failed = createFailedAttempts(failuresPerMinute, now);
  return async (authorization, address) => {
    const credential = /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined) return undefined;
    // A known key costs one hash, so a neighbour that fails shuts nobody out who has one.
    const known = byKey(credential);
    if (known !== undefined) return known;

    const network = networkOf(address);
    const waitMs = failed.waitMs(network);
    if (waitMs > 0) throw tooManyFailures(waitMs);
    const caller = await byToken?.(credential);
    if (caller === undefined) failed.count(network);
    return caller;
  };
}

const tooManyFailures = (waitMs: number): ApiProblem =>
  new ApiProblem('too_many_requests', {
    retryAfter: Math.ceil(waitMs / 1000),
    detail: 'Too many calls from this address had a credential that is not good.',
  });

function keyReader(entries: readonly ApiKeyEntry[], now: () => number) {
  const known = entries.map((entry) => ({ ...entry, digest: Buffer.from(entry.hash.replace(/^sha256:/, ''), 'hex') }));
  return (credential: string): Caller | undefined => {
    const digest = createHash('sha256').update(credential).digest();
    // All of them, always: how long it takes says nothing about which one came close.
    const [entry] = known.filter((key) => key.digest.length === digest.length && timingSafeEqual(key.digest, digest));
    if (entry === undefined || (entry.expiresAt !== undefined && entry.expiresAt <= now())) return undefined;
    const { name, scopes: granted, namesPersons = false, expiresAt } = entry;
    return { name, kind: 'api_key', scopes: granted, namesPersons, ...defined({ expiresAt }) };
  };
}

function tokenReader(verify: VerifyAccessToken) {
  return async (credential: string): Promise<Caller | undefined> => {
    const claims = await verify(credential);
    if (claims === undefined) return undefined;
    const grants = grantsOf(claims); // words that mean nothing here are dropped
    return {
      name: `jwt:${claims.sub}`,
      kind: 'jwt',
      scopes: scopes.filter((scope) => grants.includes(scope)),
      namesPersons: false,
      ...(isOfApplication(claims) ? {} : { person: claims.sub }),
      expiresAt: claims.exp * 1000,
    };
  };
}

/**
 * Is the subject an application, as in the client credentials grant, and no person? RFC 9068, 2.2: `sub` is then the client's own
 * identifier. Auth0 puts `@clients` behind it and says `gty`.
 */
function isOfApplication({ sub = '', client_id: clientId, azp, gty }: JWTPayload): boolean {
  return sub === clientId || sub === azp || gty === 'client-credentials' || sub.endsWith('@clients');
}
