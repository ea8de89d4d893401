import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { createCookieSeal } from '../cookie-seal';

/** Who is signed in to the desk, kept by the browser without being able to read it. */
export interface DeskSession {
  /** Random: what the forms of this session are made for. */
  readonly id: string;
  readonly accessToken: string;
  /** What the issuer calls this person; absent where it does not say. */
  readonly name?: string | undefined;
  /** Epoch ms: the access token's own end, or the longest that a session lasts. */
  readonly expiresAt: number;
}

/** A sign-in that is under way at the issuer. */
export interface DeskSignIn {
  readonly state: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  /** The page of the desk that was asked for. */
  readonly returnTo: string;
}

/** Seconds that a sign-in at the issuer may take. */
const signInLife = 600;

/** Milliseconds: NIST SP 800-63B-4, 2.2.3, wants a new authentication after 12 hours, however long a token lives. */
export const longestSessionMs = 12 * 3_600_000;

/** Browsers keep cookies of at most 4096 bytes, their name and attributes included (RFC 6265, 6.1). */
const longestCookie = 3_900;

interface Sealed<Content> {
  readonly name: string;
  readonly options: {
    readonly httpOnly: true;
    readonly sameSite: 'lax' | 'strict';
    readonly secure: boolean;
    readonly path: '/';
    readonly maxAge: number;
  };
  seal(content: Content): Promise<string>;
  /** Undefined for what is not ours or too old. */
  open(text: string | undefined): Promise<Content | undefined>;
}

export interface DeskCookies {
  /** `lax`: the way back from the issuer is cross-site. */
  readonly signIn: Sealed<DeskSignIn>;
  /** The cookie of a session, whose life is that of the session. Undefined when its token is too long for a cookie. */
  sealSession(session: DeskSession): Promise<{ value: string; options: Sealed<DeskSession>['options'] } | undefined>;
  readonly session: Pick<Sealed<DeskSession>, 'name' | 'options' | 'open'>;
}

/** Encrypted cookies. Those that were made under `previousIdKeys` are still opened. */
export function createDeskCookies(
  idKey: KeyObject,
  secure: boolean,
  previousIdKeys: readonly KeyObject[] = [],
): DeskCookies {
  const name = (own: string) => `${secure ? '__Host-' : ''}${own}`;
  const options = (sameSite: 'lax' | 'strict', maxAge: number) =>
    ({ httpOnly: true, sameSite, secure, path: '/', maxAge }) as const;

  const session = createCookieSeal({ idKey, previousIdKeys, use: 'desk-session', shape: sessionShape });
  const sessionName = name('mfa-desk');
  const signIn = createCookieSeal({ idKey, previousIdKeys, use: 'desk-sign-in', shape: signInShape });
  return {
    session: { name: sessionName, options: options('strict', 0), open: session.open },
    sealSession: async (content) => {
      const value = await session.seal({ ...content }, content.expiresAt);
      const maxAge = Math.max(0, Math.floor((content.expiresAt - Date.now()) / 1000));
      const fits = sessionName.length + value.length <= longestCookie;
      return fits ? { value, options: options('strict', maxAge) } : undefined;
    },
    signIn: {
      name: name('mfa-desk-sign-in'),
      options: options('lax', signInLife),
      seal: (content) => signIn.seal({ ...content }, Date.now() + signInLife * 1000),
      open: signIn.open,
    },
  };
}

const sessionShape = z.object({
  id: z.string(),
  accessToken: z.string(),
  name: z.string().optional(),
  expiresAt: z.number(),
});
const signInShape = z.object({
  state: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
  returnTo: z.string(),
});
