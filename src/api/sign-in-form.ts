import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { derivedKey, linkLifeSeconds } from '../links';

/** What the consent page has shown. Another number, or another link, makes another form. */
export interface Shown {
  readonly linkId: string;
  readonly phoneNumberChanges: number;
  /** Masked; absent when none is known. */
  readonly phoneNumber?: string | undefined;
}

export interface ConsentForm {
  readonly name: string;
  readonly options: { httpOnly: true; sameSite: 'strict'; secure: boolean; path: '/'; maxAge: number };
  /** The value of the browser's cookie: the one that it has, so that several tabs work, or a fresh one of 256 bits. */
  browserValue(cookie: string | undefined): string;
  /** What the form carries. */
  token(browserValue: string, shown: Shown): string;
  /** Was this form on the page that we have shown to this browser, and does it still say what would be shown now? */
  isGenuine(token: string, cookie: string | undefined, shown: Shown): boolean;
}

/**
 * The proof that a form was sent from our own page, by the browser that was shown it (ASVS 5.0, 3.5.1). Another site can make
 * a browser send a form, but not with this cookie (SameSite=Strict) and not with a token that fits to it. Nothing is stored:
 * the token is a keyed hash of the cookie and of what the page has shown.
 */
export function createConsentForm(idKey: KeyObject, secure: boolean): ConsentForm {
  const key = derivedKey(idKey, 'consent-form');
  const digest = (browserValue: string, { linkId, phoneNumberChanges, phoneNumber }: Shown): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([browserValue, linkId, phoneNumberChanges, phoneNumber ?? null]))
      .digest();
  return {
    name: secure ? '__Host-mfa-consent' : 'mfa-consent',
    options: { httpOnly: true, sameSite: 'strict', secure, path: '/', maxAge: linkLifeSeconds },
    browserValue: (cookie) => (isBrowserValue(cookie) ? cookie : randomBytes(32).toString('base64url')),
    token: (browserValue, shown) => digest(browserValue, shown).toString('base64url'),
    isGenuine: (token, cookie, shown) => {
      if (!isBrowserValue(cookie)) return false;
      const given = Buffer.from(token, 'base64url');
      const expected = digest(cookie, shown);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

const isBrowserValue = (cookie: string | undefined): cookie is string =>
  cookie !== undefined && /^[\w-]{43}$/.test(cookie);
