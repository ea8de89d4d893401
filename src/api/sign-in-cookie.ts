import type { KeyObject } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { derivedKey, linkLifeSeconds } from './links';

/** What a browser carries between the link and the callback: which case, which link, and the secrets of this one sign-in. */
export interface SignIn {
  readonly enrollmentId: string;
  readonly linkId: string;
  /** Comes back with the callback, and from this browser only (RFC 6749, 10.12). */
  readonly state: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
}

export interface SignInCookie {
  readonly name: string;
  readonly options: { httpOnly: true; sameSite: 'lax'; secure: boolean; path: '/'; maxAge: number };
  seal(signIn: SignIn): Promise<string>;
  /** Undefined for what is not ours or too old. */
  open(text: string): Promise<SignIn | undefined>;
}

/** Encrypted, so that the page's browser holds the verifier without knowing it. `lax`: the way back from Auth0 is cross-site. */
export function createSignInCookie(idKey: KeyObject, secure: boolean): SignInCookie {
  const key = derivedKey(idKey, 'sign-in-cookie');
  return {
    name: secure ? '__Host-mfa-sign-in' : 'mfa-sign-in',
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: linkLifeSeconds },
    seal: (signIn) =>
      new EncryptJWT({ ...signIn })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(`${linkLifeSeconds}s`)
        .encrypt(key),
    open: async (text) => {
      try {
        const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
        const { payload } = await jwtDecrypt(text, key, { ...algorithms, requiredClaims: ['exp'] });
        return claims.parse(payload);
      } catch {
        return undefined;
      }
    },
  };
}

const claims = z.object({
  enrollmentId: z.string(),
  linkId: z.string(),
  state: z.string(),
  codeVerifier: z.string(),
});
