import { randomBytes } from 'node:crypto';
import { authorizeUrl, pkceChallenge, type AuthorizeRequest } from '../authorize';
import { Auth0Error } from '../errors';
import type { MfaClient } from '../mfa';
import { remedies } from '../remedies';
import type { Questions, Reading } from './reading';

/** How `/authorize` takes the sign-in that the service begins, as far as it goes without a user. */
export type SignInProbe = 'accepted' | 'audience_unknown' | 'callback_or_client_refused' | 'other';

/** What the token endpoint makes of the application. */
export type ClientProbe = 'accepted' | 'refused' | 'no_sign_in_grant';

/** Calls list with an invalid token; an error in the words of the MFA API proves that the API is there. */
export async function probeMfaApi(mfa: Pick<MfaClient, 'listAuthenticators'>): Promise<Reading<true>> {
  return probe(
    () => mfa.listAuthenticators('not-a-token'),
    (error) => (error.verdict === 'token_expired' || error.verdict === 'token_wrong_kind' ? true : undefined),
  );
}

/** Redeems a code that nobody has: a client that is known is told about the code, another one about itself. */
export async function probeClient(mfa: Pick<MfaClient, 'exchangeCode'>): Promise<Reading<ClientProbe>> {
  const request = { code: 'no-such-code', codeVerifier: verifier(), redirectUri: 'https://localhost/no-such-callback' };
  return probe<ClientProbe>(
    () => mfa.exchangeCode(request),
    ({ verdict, remedy }) => {
      if (verdict === 'token_expired') return 'accepted';
      if (remedy === remedies.clientRefused) return 'refused';
      return remedy === remedies.signInGrantOff ? 'no_sign_in_grant' : undefined;
    },
  );
}

/** Begins the service's own sign-in silently (`prompt=none`): without a session Auth0 can only say `login_required`. */
export async function probeSignIn(
  request: Omit<AuthorizeRequest, 'state' | 'nonce' | 'codeChallenge'>,
  questions: Questions,
): Promise<Reading<SignInProbe>> {
  const url = new URL(
    authorizeUrl({ ...request, state: 'probe', nonce: 'probe', codeChallenge: pkceChallenge(verifier()) }),
  );
  url.searchParams.set('prompt', 'none');
  const outcome = await questions.answer({ path: `${url.pathname}${url.search}` });
  if (outcome.type === 'fault') return { type: 'unreadable', why: `No answer from ${url.origin}.` };
  const { location } = outcome.headers;
  if (outcome.status >= 400 && outcome.status < 500) return { type: 'read', value: 'callback_or_client_refused' };
  if (location === undefined || !URL.canParse(location, url.href)) {
    return { type: 'unreadable', why: `/authorize answered ${outcome.status} without a redirect.` };
  }
  return { type: 'read', value: signInAnswer(new URL(location, url), request.redirectUri) };
}

/** Errors of OpenID Connect Core, 3.1.2.6, that say: all is well, but somebody has to be asked. */
const needsUser = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required'];

function signInAnswer({ href, searchParams }: URL, redirectUri: string): SignInProbe {
  // Auth0 shows its own error page, by a redirect as well, when it does not trust the callback.
  if (!href.startsWith(redirectUri)) return 'callback_or_client_refused';
  if (needsUser.includes(searchParams.get('error') ?? '')) return 'accepted';
  return /service not found/i.test(searchParams.get('error_description') ?? '') ? 'audience_unknown' : 'other';
}

async function probe<Value>(
  ask: () => Promise<unknown>,
  valueOf: (error: Auth0Error) => Value | undefined,
): Promise<Reading<Value>> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof Auth0Error)) throw error;
    const value = valueOf(error);
    if (value !== undefined) return { type: 'read', value };
    return { type: 'unreadable', why: error.remedy ?? error.message };
  }
  return { type: 'unreadable', why: 'What cannot be accepted was accepted: this is not the Auth0 API.' };
}

const verifier = (): string => randomBytes(32).toString('base64url');
