import { randomBytes, type KeyObject } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { derivedKey } from './links';

/** At most: a user who comes back later opens another link and signs in again. */
export const pageSessionSeconds = 12 * 3600;

/** The user of one enrollment, who has signed in for it in this browser. */
export interface PageSession {
  readonly enrollmentId: string;
  /** 128 bits, made for this session. */
  readonly sessionId: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export interface PageSessions {
  readonly name: string;
  readonly options: { httpOnly: true; sameSite: 'lax'; secure: boolean; path: '/'; maxAge: number };
  /** The value of the cookie of a new session. */
  begin(enrollmentId: string): Promise<string>;
  /** Undefined for what is not ours or too old. */
  open(text: string | undefined): Promise<PageSession | undefined>;
}

/**
 * The session of the enrollment page: a cookie that is encrypted, so that a browser holds it without reading it, and that any
 * API process opens. It is good for one enrollment alone. `lax`: the way into it comes from Auth0, which is another site.
 */
export function createPageSessions(
  idKey: KeyObject,
  secure: boolean,
  previousIdKeys: readonly KeyObject[] = [],
): PageSessions {
  const key = derivedKey(idKey, use);
  const ring = [key, ...previousIdKeys.map((previous) => derivedKey(previous, use))];
  return {
    name: secure ? '__Host-mfa-page' : 'mfa-page',
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: pageSessionSeconds },
    begin: (enrollmentId) =>
      new EncryptJWT({ enrollmentId, sessionId: randomBytes(16).toString('base64url') })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(`${pageSessionSeconds}s`)
        .encrypt(key),
    open: async (text) =>
      text === undefined
        ? undefined
        : (await Promise.all(ring.map((each) => opened(text, each)))).find((found) => found !== undefined),
  };
}

const use = 'page-session';

async function opened(text: string, key: KeyObject): Promise<PageSession | undefined> {
  try {
    const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
    const { payload } = await jwtDecrypt(text, key, { ...algorithms, requiredClaims: ['exp'] });
    const { enrollmentId, sessionId, exp } = claims.parse(payload);
    return { enrollmentId, sessionId, expiresAt: exp * 1000 };
  } catch {
    return undefined;
  }
}

const claims = z.object({ enrollmentId: z.string(), sessionId: z.string(), exp: z.number() });
