import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** NIST SP 800-63B-4, 4.1.2.2: a code that binds another endpoint lives 10 minutes. */
export const linkLifeSeconds = 600;

/** What a link stands for. */
export interface Link {
  readonly enrollmentId: string;
  /** 128 bits, random or a keyed hash: the link is spent once the enrollment has taken a token under this name. */
  readonly linkId: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export interface Links {
  /** With the id of a link that was made before, the same link again with a life of its own: the two together work once. */
  create(enrollmentId: string, linkId?: string): Promise<{ readonly url: string; readonly expiresAt: string }>;
  /** Undefined for a link that is not ours or too old. Whether it is spent, the case knows. */
  read(text: string): Promise<Link | undefined>;
}

export interface LinksParts {
  readonly idKey: KeyObject;
  /** Keys that `idKey` has replaced: links that were made under them still work. */
  readonly previousIdKeys?: readonly KeyObject[];
  readonly publicUrl: string;
}

/** Links that need no store: signed, so that any API process reads them, before and after a restart (docs/decisions/0010-sign-in-links.md). */
export function createLinks({ idKey, previousIdKeys = [], publicUrl }: LinksParts): Links {
  const key = derivedKey(idKey, purpose);
  const ring = [key, ...previousIdKeys.map((previous) => derivedKey(previous, purpose))];
  return {
    create: async (enrollmentId, linkId = randomBytes(16).toString('base64url')) => {
      const expiresAt = Math.floor(Date.now() / 1000) + linkLifeSeconds;
      const text = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(enrollmentId)
        .setJti(linkId)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { url: `${publicUrl}/sign-in/${text}`, expiresAt: new Date(expiresAt * 1000).toISOString() };
    },
    read: async (text) =>
      (await Promise.all(ring.map((each) => linkIn(text, each)))).find((link) => link !== undefined),
  };
}

const purpose = 'sign-in-link';

async function linkIn(text: string, key: KeyObject): Promise<Link | undefined> {
  try {
    const { payload } = await jwtVerify(text, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
    const { sub, jti, exp } = claims.parse(payload);
    return { enrollmentId: sub, linkId: jti, expiresAt: exp * 1000 };
  } catch {
    return undefined;
  }
}

const claims = z.object({ sub: z.string(), jti: z.string(), exp: z.number() });

/** A key of its own for each use (RFC 5869), so that nothing made for one is worth anything in another. */
export const derivedKey = (key: KeyObject, use: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `mfa-enrollment ${use}`, 32)));
