/** What can be read off an access token without asking Auth0. */
export type ReadToken =
  | {
      readonly type: 'readable';
      /** Auth0's user_id: the claim `sub` (RFC 7519, 4.1.2). */
      readonly subject: string;
      /** Epoch ms: the claim `exp` (RFC 7519, 4.1.4); absent when the token names none, or one that no date can show. */
      readonly expiresAt?: number;
    }
  /** Not a signed JWT with a subject: an `mfa_token`, an encrypted token, or no token at all. */
  | { readonly type: 'opaque' };

export type OpaqueTokens = 'refuse' | 'accept';

/** Why a token cannot be used for an enrollment. */
export type ForeignToken = 'token_of_another_user' | 'token_unreadable';

/**
 * Reads an access token. The signature is not checked: Auth0 does that whenever the token is used, so a forged subject is
 * refused there. What is read here keeps one user's genuine token out of another user's enrollment. Never throws.
 */
export function readToken(accessToken: string): ReadToken {
  const [, payload, signature, ...more] = accessToken.split('.');
  if (payload === undefined || signature === undefined || more.length > 0) return { type: 'opaque' };
  const claims = parseObject(decodeBase64Url(payload));
  const subject = claims?.['sub'];
  if (typeof subject !== 'string' || subject === '') return { type: 'opaque' };
  const expiry = claims?.['exp'];
  return {
    type: 'readable',
    subject,
    ...(typeof expiry === 'number' && expiry > 0 && expiry <= latestSecond ? { expiresAt: expiry * 1000 } : {}),
  };
}

/** The last second that a date can show (ECMA-262, 21.4.1.1). */
const latestSecond = 8.64e12;

/** Why this token must not be used for this user; `undefined` when it may be. */
export function foreignToken(accessToken: string, userId: string, opaque: OpaqueTokens): ForeignToken | undefined {
  const token = readToken(accessToken);
  if (token.type === 'opaque') return opaque === 'accept' ? undefined : 'token_unreadable';
  return token.subject === userId ? undefined : 'token_of_another_user';
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** UTF-8 text from base64url (RFC 4648, 5). Written out because workflow code has neither Buffer nor atob. */
function decodeBase64Url(encoded: string): string | undefined {
  let bits = 0;
  let value = 0;
  let escaped = '';
  for (const character of encoded) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    escaped += `%${((value >> bits) & 0xff).toString(16).padStart(2, '0')}`;
  }
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
