import { createSecretKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { defined } from '../enrollment/defined';
import { roles, rolesToScopes, scopes, type Role, type Scope } from '../scopes';
import { isSafeAddress } from './addresses';

/** A caller of the HTTP API. The key itself is never kept: only its hash. */
export interface ApiKey {
  readonly name: string;
  /** `sha256:` and 64 lower-case hex digits: the hash of the key's UTF-8 text. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  readonly role?: Role;
  /** May this caller say in `X-Acting-Person` which person acts? Absent: no. */
  readonly namesPersons?: boolean;
  /** Epoch milliseconds; absent: the key stays good until it is taken out. */
  readonly expiresAt?: number;
}

// Every message completes "expected …" and says nothing of the value, for it may be a secret in the wrong place.

export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port number from 0 to 65535')
  .transform(Number)
  .refine((number) => number <= 65_535, 'a port number from 0 to 65535');

export const callsPerMinute = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'a whole number from 1 to 9999999')
  .transform(Number);

export const partialPolicy = z.enum(['keep', 'remove'], { error: 'keep or remove' });
export type PartialPolicy = z.infer<typeof partialPolicy>;

export const opaqueTokens = z.enum(['refuse', 'accept'], { error: 'refuse or accept' });

export const flag = z.enum(['true', 'false'], { error: 'true or false' }).transform((text) => text === 'true');

export const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
  error: 'one of fatal, error, warn, info, debug, trace, silent',
});
export type LogLevel = z.infer<typeof logLevel>;

export const word = z.string().regex(/^\S{1,200}$/, 'up to 200 characters without spaces');

/** Temporal keeps `.` and `:` to join a deployment's name with a build id, and a leading `__` to itself. */
export const deploymentName = z
  .string()
  .regex(/^(?!__)[A-Za-z0-9_/-]{1,100}$/, 'up to 100 of A-Z a-z 0-9 _ - /, not beginning with __');

export const buildId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/, 'up to 100 of A-Z a-z 0-9 . _ + -, beginning with a letter or digit');

export const host = z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a host name or IP address to listen on');

export const clientId = z.string().regex(/^[\x21-\x7e]{1,200}$/, "the application's client id");

export const clientSecret = z.string().regex(/^[\x21-\x7e]{1,500}$/, "the application's client secret, without spaces");

export const managementToken = z
  .string()
  .regex(/^[\x21-\x7e]{1,8192}$/, 'an access token for https://<domain>/api/v2/, without spaces');

/** RFC 6750, section 2.1. 22 characters of base64url carry 128 random bits. */
export const bearerToken = z
  .string()
  .regex(/^[A-Za-z0-9._~+/-]{22,500}=*$/, 'at least 22 random characters of A-Z a-z 0-9 . _ ~ + / -');

export const expectedDomain = 'a bare host such as tenant.eu.auth0.com, without scheme, path or slash';
export const domain = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::\d{1,5})?$/i, expectedDomain)
  .transform((host) => host.toLowerCase());

export const mfaAudience = z
  .string()
  .regex(/^https?:\/\/[^\s/]+\/mfa\/$/, 'https://<domain>/mfa/ with the final slash');

export const expectedBaseUrl = 'an https address without query (http on localhost, 127.0.0.1 or [::1] only)';
/** An address that secrets travel to: https, or http that never leaves this machine. Given back without a final slash. */
export const baseUrl = z
  .string()
  .refine(isSafeAddress, expectedBaseUrl)
  .transform((address) => address.replace(/\/$/, ''));

/** As `baseUrl`, without a path: what paths are put behind. */
export const httpsOrigin = z
  .string()
  .refine(
    (address) => isSafeAddress(address) && new URL(address).pathname === '/',
    'an https origin without path (http on localhost, 127.0.0.1 or [::1] only)',
  )
  .transform((address) => new URL(address).origin);

/** An address that people are sent to, and no secret with them. Given back without a final slash. */
export const webAddress = z
  .string()
  .refine(
    (address) => /^https?:\/\/[^?#]+$/.test(address) && URL.canParse(address),
    'an http or https address without query',
  )
  .transform((address) => address.replace(/\/$/, ''));

/** As `baseUrl`, kept to the letter: a token's `iss` is compared character by character. */
export const issuer = z
  .string()
  .refine(isSafeAddress, 'the https address that stands in the tokens as iss (http on a loopback host only)');

export const origins = z
  .string()
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .refine(
    (list) =>
      list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin && !origin.includes('*')),
    'exact origins such as https://temporal.example.com, separated by commas, without path or wildcard',
  );

/** 256 bits in base64 (RFC 4648, section 4, padding optional). */
const keyBytes = z
  .string({ error: 'base64 of exactly 32 bytes' })
  .regex(/^[A-Za-z0-9+/]{43}=?$/, 'base64 of exactly 32 bytes')
  .transform((encoded) => Buffer.from(encoded, 'base64'));

export interface Key {
  readonly key: KeyObject;
  /** Too regular to have come from a random generator. */
  readonly weak: boolean;
}
/** `ID_KEY`, and each of `PAYLOAD_KEYS`. */
export const key = keyBytes.transform((bytes): Key => ({ key: createSecretKey(bytes), weak: isWeak(bytes) }));

/** Stands in clear beside each payload. Too short to be a key in the wrong place. */
const keyIdPattern = /^[A-Za-z0-9._-]{1,32}$/;
export const keyId = z.string().regex(keyIdPattern, 'a key id: up to 32 of A-Z a-z 0-9 . _ -');

const keyRingShape = 'a JSON object of key id (up to 32 of A-Z a-z 0-9 . _ -) to base64 of exactly 32 bytes';
/** `PAYLOAD_KEYS`. */
export const keyRing = json(keyRingShape).pipe(
  z
    .record(z.string().regex(keyIdPattern), key, { error: keyRingShape })
    .transform((ring): ReadonlyMap<string, Key> => new Map(Object.entries(ring)))
    .refine((ring) => ring.size > 0, 'at least one key')
    .refine(hasDistinctKeys, 'a different key under each id'),
);

const hashShape = 'sha256: and the 64 hex digits of the hash of the key';
const apiKey = z
  .strictObject(
    {
      name: z
        .string({ error: 'a name of 1 to 64 characters' })
        .regex(/^(?!jwt:)\S(?:.{0,62}\S)?$/, 'a name of 1 to 64 characters that does not begin with jwt:'),
      hash: z
        .string({ error: hashShape })
        .regex(/^sha256:[0-9a-f]{64}$/i, hashShape)
        .transform((hash) => hash.toLowerCase()),
      role: z.enum(roles, { error: `one of ${roles.join(', ')}` }).optional(),
      scopes: z
        .array(z.enum(scopes, { error: `one of ${scopes.join(', ')}` }), { error: 'a list of scopes' })
        .optional(),
      namesPersons: z.boolean({ error: 'true or false' }).optional(),
      expiresAt: z.iso
        .datetime({ error: 'a time in ISO 8601 and UTC such as 2027-01-31T00:00:00Z' })
        .transform((time) => Date.parse(time))
        .optional(),
    },
    { error: 'an object with name, hash, role or scopes, and if need be namesPersons and expiresAt, and nothing else' },
  )
  .refine((entry) => (entry.role === undefined) !== (entry.scopes === undefined), 'either a role or scopes')
  .transform(({ name, hash, role, scopes: own, namesPersons, expiresAt }): ApiKey =>
    Object.freeze({
      name,
      hash,
      scopes: Object.freeze([...(role === undefined ? (own ?? []) : rolesToScopes[role])]),
      ...defined({ role, namesPersons, expiresAt }),
    }),
  );

const apiKeysShape = 'a JSON array of {"name", "hash", "role" or "scopes", "namesPersons"?, "expiresAt"?}';
/** `API_KEYS`. Entries with the same name are keys of one caller, the old and the new one of a rotation. */
export const apiKeys = json(apiKeysShape)
  .pipe(z.array(apiKey, { error: apiKeysShape }).min(1, 'at least one key'))
  .pipe(
    z
      .custom<ApiKey[]>() // parsed by now: what compares entries with each other sees good ones alone
      .refine(
        (keys) => keys.every((key) => keys.every((other) => key.name !== other.name || mayDoTheSame(key, other))),
        'the same scopes and namesPersons in all entries of one name, for they are keys of one caller',
      )
      .refine((keys) => new Set(keys.map(({ hash }) => hash)).size === keys.length, 'a different hash for each key'),
  );

const mayDoTheSame = (one: ApiKey, other: ApiKey): boolean =>
  [...one.scopes].sort().join() === [...other.scopes].sort().join() &&
  (one.namesPersons ?? false) === (other.namesPersons ?? false);

const startLinksShape = 'a JSON object of names to http or https addresses';
/** `START_LINKS`. */
export const startLinks = json(startLinksShape).pipe(
  z.record(z.string().max(120), z.url({ protocol: /^https?$/, error: startLinksShape }), { error: startLinksShape }),
);

const expectedProxies =
  'IP addresses or networks of proxies, separated by commas, such as 10.0.3.7, 10.0.4.0/24 or 2001:db8::/64, and not all addresses';
/** `TRUSTED_PROXIES`. Names such as `loopback`, and networks that hold every address, would trust more than somebody looked at. */
export const trustedProxies = z
  .string()
  .transform((list): readonly string[] => list.split(',').map((proxy) => proxy.trim()))
  .refine((list) => list.every(isNetwork), expectedProxies);

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return bits > 0 && (prefix === undefined || Number(prefix) <= bits);
}

function json(expected: string) {
  return z.string().transform((source, context): unknown => {
    try {
      return JSON.parse(source);
    } catch {
      context.addIssue({ code: 'custom', message: expected }); // JSON.parse quotes the text in its error: not passed on
      return z.NEVER;
    }
  });
}

/** Random 32 bytes have about 30 different values; 15 or fewer, plain text or a steady step do not happen by chance. */
function isWeak(bytes: Buffer): boolean {
  const steps = new Set(Array.from(bytes.subarray(1), (byte, index) => (byte - (bytes[index] ?? 0) + 256) % 256));
  return new Set(bytes).size < 16 || steps.size === 1 || bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function hasDistinctKeys(ring: ReadonlyMap<string, Key>): boolean {
  const keys = Array.from(ring.values(), (entry) => entry.key);
  return keys.every((one, index) => keys.slice(index + 1).every((other) => !one.equals(other)));
}
