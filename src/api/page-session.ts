import { randomBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { createCookieSeal } from './cookie-seal';

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
  const { seal, open } = createCookieSeal({ idKey, previousIdKeys, use: 'page-session', shape: claims });
  return {
    name: secure ? '__Host-mfa-page' : 'mfa-page',
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: pageSessionSeconds },
    begin: (enrollmentId) =>
      seal({ enrollmentId, sessionId: randomBytes(16).toString('base64url') }, Date.now() + pageSessionSeconds * 1000),
    open,
  };
}

const claims = z
  .object({ enrollmentId: z.string(), sessionId: z.string(), exp: z.number() })
  .transform(({ enrollmentId, sessionId, exp }): PageSession => ({ enrollmentId, sessionId, expiresAt: exp * 1000 }));
