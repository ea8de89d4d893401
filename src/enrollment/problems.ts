/**
 * Why a case is not where it should be, as a closed list. The code is public and stable; the sentence is for people and
 * never holds a token, a code, a key or a whole phone number.
 */
export const problemCodes = [
  'code_rejected',
  'code_expired',
  'too_many_codes',
  'too_many_texts',
  'resend_too_soon',
  'phone_number_invalid',
  'phone_number_needed',
  'token_needed',
  'token_expired',
  'token_refused',
  'token_wrong_kind',
  'token_too_short',
  'authenticator_limit',
  'auth0_unavailable',
  'answer_lost',
  'configuration',
  'denied',
  'cancelled',
] as const;

export type ProblemCode = (typeof problemCodes)[number];

export interface Problem {
  readonly code: ProblemCode;
  /** One sentence: what happened and what helps. */
  readonly message: string;
  /** Epoch milliseconds of workflow time. */
  readonly at: number;
  /** Epoch milliseconds before which trying again is useless. */
  readonly retryAt?: number;
}

/** The public sentence of each problem. */
const sentences: Record<ProblemCode, string> = {
  code_rejected: 'Auth0 did not accept the code. The user types the newest one again.',
  code_expired: 'The code is too old. Ask for a new one.',
  too_many_codes: 'Too many wrong codes. One more try comes back every 6 minutes.',
  too_many_texts: 'Too many text messages were sent to this user. Auth0 allows 10, then one an hour.',
  resend_too_soon: 'A text message was sent a moment ago. Wait for it, or ask again later.',
  phone_number_invalid: 'Auth0 could not text this phone number. Give another one.',
  phone_number_needed: 'The factor sms needs a phone number.',
  token_needed: 'No token for the MFA API is at hand. The user signs in.',
  token_expired: 'The token for the MFA API is over. The user signs in again.',
  token_refused:
    'Auth0 refused the token: it is over, or not for the audience https://<domain>/mfa/ with the scope "enroll".',
  token_wrong_kind:
    'The token is of the wrong kind: once a factor is active only an access token from /authorize with the MFA audience can add another.',
  token_too_short: 'The token dies too soon for a person to answer a challenge with it. The user signs in again.',
  authenticator_limit:
    'The user has about as many authenticators as Auth0 keeps (51). Delete unused ones with the Management API, then ask again.',
  auth0_unavailable: 'Auth0 does not answer, or asks callers to slow down. The case goes on by itself.',
  answer_lost: 'The answer of Auth0 was lost, and what it lists does not show the step as done. Ask again.',
  configuration: 'The tenant or the application is not set up for this.',
  denied: 'The user refused on the device.',
  cancelled: 'The enrollment was cancelled.',
};

/** A problem met at `at` (epoch ms). `message` replaces the usual sentence where something more exact is known. */
export const problem = (code: ProblemCode, at: number, more: { retryAt?: number; message?: string } = {}): Problem => ({
  code,
  message: more.message ?? sentences[code],
  at,
  ...(more.retryAt === undefined ? {} : { retryAt: more.retryAt }),
});
