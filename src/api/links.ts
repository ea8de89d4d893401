import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** NIST SP 800-63B-4, 4.1.2.2: a code that binds another endpoint lives 10 minutes. */
export const linkLifeSeconds = 600;

/** What a link stands for. */
export interface Link {
  readonly enrollmentId: string;
  /** 128 random bits: the link is spent once the case has taken a token under this name. */
  readonly linkId: string;
}

export interface Links {
  create(enrollmentId: string): Promise<{ readonly url: string; readonly expiresAt: string }>;
  /** Undefined for a link that is not ours or too old. Whether it is spent, the case knows. */
  read(text: string): Promise<Link | undefined>;
}

/** Links that need no store: signed, so that any API process reads them, before and after a restart (docs/decisions/0010-sign-in-links.md). */
export function createLinks({ idKey, publicUrl }: { idKey: KeyObject; publicUrl: string }): Links {
  const key = derivedKey(idKey, 'sign-in-link');
  return {
    create: async (enrollmentId) => {
      const expiresAt = Math.floor(Date.now() / 1000) + linkLifeSeconds;
      const text = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(enrollmentId)
        .setJti(randomBytes(16).toString('base64url'))
        .setExpirationTime(expiresAt)
        .sign(key);
      return { url: `${publicUrl}/sign-in/${text}`, expiresAt: new Date(expiresAt * 1000).toISOString() };
    },
    read: async (text) => {
      try {
        const { payload } = await jwtVerify(text, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
        const { sub, jti } = claims.parse(payload);
        return { enrollmentId: sub, linkId: jti };
      } catch {
        return undefined;
      }
    },
  };
}

const claims = z.object({ sub: z.string(), jti: z.string() });

/** A key of its own for each use (RFC 5869), so that nothing made for one is worth anything in another. */
export const derivedKey = (key: KeyObject, purpose: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `mfa-enrollment ${purpose}`, 32)));
