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
  /**
   * With the id of a link that was made before, the same link again with a life of its own: the two together work once. It lives ten
   * minutes when nothing else is said.
   */
  create(
    enrollmentId: string,
    linkId?: string,
    lifeSeconds?: number,
  ): Promise<{ readonly url: string; readonly expiresAt: string }>;
  /** Undefined for a link that is not ours or too old. Whether it is spent, the case knows. */
  read(text: string): Promise<Link | undefined>;
  /** The enrollment of a link of ours, also when the link is too old to be used. Undefined for what is not ours. */
  enrollmentOf(text: string): Promise<string | undefined>;
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
    create: async (enrollmentId, linkId = randomBytes(16).toString('base64url'), lifeSeconds = linkLifeSeconds) => {
      const expiresAt = Math.floor(Date.now() / 1000) + lifeSeconds;
      const text = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(enrollmentId)
        .setJti(linkId)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { url: `${publicUrl}/sign-in/${text}`, expiresAt: new Date(expiresAt * 1000).toISOString() };
    },
    read: async (text) => {
      const link = await linkIn(text, ring);
      return link !== undefined && link.expiresAt > Date.now() ? link : undefined;
    },
    enrollmentOf: async (text) => (await linkIn(text, ring))?.enrollmentId,
  };
}

const purpose = 'sign-in-link';

/** What one of these keys has signed, however old it is. */
const linkIn = async (text: string, ring: readonly KeyObject[]): Promise<Link | undefined> =>
  (await Promise.all(ring.map((key) => signedWith(key, text)))).find((link) => link !== undefined);

async function signedWith(key: KeyObject, text: string): Promise<Link | undefined> {
  try {
    // Its age is looked at by whoever uses it.
    const everyAge = { currentDate: new Date(0) };
    const { payload } = await jwtVerify(text, key, { algorithms: ['HS256'], requiredClaims: ['exp'], ...everyAge });
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
