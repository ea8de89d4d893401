import type { KeyObject } from 'node:crypto';
import { EncryptJWT, jwtDecrypt, type JWTPayload } from 'jose';
import type { z } from 'zod';
import { derivedKey } from '../links';

export interface CookieSealParts<Content> {
  readonly idKey: KeyObject;
  /** Keys that `idKey` has replaced: cookies that were made under them are still opened. */
  readonly previousIdKeys?: readonly KeyObject[] | undefined;
  /** Names what is sealed: nothing that was made for one use opens for another. */
  readonly use: string;
  /** Of all claims of the cookie, `exp` (epoch seconds) among them. */
  readonly shape: z.ZodType<Content>;
}

/** The value of a cookie, encrypted: a browser holds it without reading it, and any API process opens it. Nothing is stored. */
export function createCookieSeal<Content>({ idKey, previousIdKeys = [], use, shape }: CookieSealParts<Content>) {
  const key = derivedKey(idKey, use);
  const ring = [key, ...previousIdKeys.map((previous) => derivedKey(previous, use))];
  return {
    /** `expiresAt`: epoch ms. */
    seal: (claims: JWTPayload, expiresAt: number): Promise<string> =>
      new EncryptJWT(claims)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(new Date(expiresAt))
        .encrypt(key),
    /** Undefined for what is not ours or too old. */
    open: async (text: string | undefined): Promise<Content | undefined> =>
      text === undefined
        ? undefined
        : (await Promise.all(ring.map((each) => opened(text, each, shape)))).find((content) => content !== undefined),
  };
}

async function opened<Content>(text: string, key: KeyObject, shape: z.ZodType<Content>): Promise<Content | undefined> {
  try {
    const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
    const { payload } = await jwtDecrypt(text, key, { ...algorithms, requiredClaims: ['exp'] });
    return shape.parse(payload);
  } catch {
    return undefined;
  }
}
