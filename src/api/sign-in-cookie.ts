import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { linkLifeSeconds } from '../links';
import { createCookieSeal } from './cookie-seal';

/** What a browser carries between the consent page and the callback: which enrollment, which link, what the user has agreed to, and the secrets of this one sign-in. */
export interface SignIn {
  readonly enrollmentId: string;
  readonly linkId: string;
  /** As it stands in its address, to show the consent page again. */
  readonly link: string;
  /** What the user was shown (`EnrollmentStatus`), which the enrollment must still be like when it takes the token. */
  readonly phoneNumberChanges: number;
  /** Epoch ms of the user's consent: an earlier sign-in proves nothing. */
  readonly agreedAt: number;
  /** Comes back with the callback, and from this browser only (RFC 6749, 10.12). */
  readonly state: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
  /** Comes back in the ID token (OpenID Connect Core 1.0, 3.1.3.7). */
  readonly nonce: string;
}

export interface SignInCookie {
  readonly name: string;
  readonly options: { httpOnly: true; sameSite: 'lax'; secure: boolean; path: '/'; maxAge: number };
  seal(signIn: SignIn): Promise<string>;
  /** Undefined for what is not ours or too old. */
  open(text: string): Promise<SignIn | undefined>;
}

/**
 * Encrypted, so that the page's browser holds the verifier without knowing it. `lax`: the way back from Auth0 is cross-site.
 * Cookies that were made under `previousIdKeys` are still opened.
 */
export function createSignInCookie(
  idKey: KeyObject,
  secure: boolean,
  previousIdKeys: readonly KeyObject[] = [],
): SignInCookie {
  const { seal, open } = createCookieSeal({ idKey, previousIdKeys, use: 'sign-in-cookie', shape: claims });
  return {
    name: secure ? '__Host-mfa-sign-in' : 'mfa-sign-in',
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: linkLifeSeconds },
    seal: (signIn) => seal({ ...signIn }, Date.now() + linkLifeSeconds * 1000),
    open,
  };
}

const claims = z.object({
  enrollmentId: z.string(),
  linkId: z.string(),
  link: z.string(),
  phoneNumberChanges: z.number(),
  agreedAt: z.number(),
  state: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
});
