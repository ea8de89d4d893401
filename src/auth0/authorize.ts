import { createHash } from 'node:crypto';
import { auth0Origin, domainHost } from './domain';

/** `openid profile` so that the answer says who signed in; the rest opens the MFA API. */
const mfaScope = 'openid profile enroll read:authenticators remove:authenticators';

/**
 * The audience of Auth0's MFA API, on the tenant's own domain even where calls go to a custom one: `https://<domain>/mfa/`.
 * The slash matters: without it Auth0 answers "Service not found". Throws a TypeError on a scheme or a path.
 */
export const mfaAudience = (domain: string): string => `https://${domainHost(domain)}/mfa/`;

export interface AuthorizeRequest {
  readonly domain: string;
  /** Development and tests only: an origin to use instead of `https://<domain>`. */
  readonly baseUrl?: string;
  /** `mfaAudience(domain)` when absent; needed with a custom domain. */
  readonly audience?: string;
  readonly clientId: string;
  /** One of the application's Allowed Callback URLs, to the letter. */
  readonly redirectUri: string;
  /** Bound to the browser that starts, against forged callbacks (RFC 6749, 10.12). */
  readonly state: string;
  /** Fresh for each sign-in; comes back in the ID token and binds it to this request (OpenID Connect Core 1.0, 3.1.2.1). */
  readonly nonce: string;
  /** `pkceChallenge(verifier)`. */
  readonly codeChallenge: string;
  /** Also ask for a refresh token. Auth0 may not give one for this audience. */
  readonly offlineAccess?: boolean;
}

/**
 * Where the user signs in to open the MFA API: authorization code with PKCE (RFC 7636, S256). A user with an active factor
 * is challenged with it; a silent request (`prompt=none`) would fail. A browser with a session is asked to sign in again
 * (`prompt=login`, `max_age=0`); either parameter makes Auth0 put `auth_time` into the ID token, which proves that it was.
 * Both can be stripped on their way through the browser, so whoever redeems the code has to check that claim
 * (https://auth0.com/docs/authenticate/login/max-age-reauthentication; `createIdTokenCheck`).
 */
export function authorizeUrl(request: AuthorizeRequest): string {
  const url = new URL('/authorize', auth0Origin(request));
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    audience: request.audience ?? mfaAudience(request.domain),
    scope: request.offlineAccess ? `${mfaScope} offline_access` : mfaScope,
    state: request.state,
    nonce: request.nonce,
    prompt: 'login',
    max_age: '0',
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
  }).toString();
  return url.href;
}

/** The S256 challenge of a code verifier: 43 to 128 unreserved characters (RFC 7636, 4.1), or a TypeError. */
export function pkceChallenge(verifier: string): string {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) {
    throw new TypeError('PKCE code verifier: expected 43 to 128 characters out of A-Z a-z 0-9 - . _ ~');
  }
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}
