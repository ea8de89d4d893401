/**
 * Why an enrollment is not where it should be, as a closed list. The code is public and stable; the sentence is for people and
 * never holds a token, a code, a key or a whole phone number.
 */
export const problemCodes = [
  'code_rejected',
  'code_expired',
  'too_many_codes',
  'too_many_texts',
  'number_limit_reached',
  'caller_limit_reached',
  'texts_stopped',
  'resend_too_soon',
  'cooldown',
  'phone_number_invalid',
  'phone_number_needed',
  'token_needed',
  'token_expired',
  'token_refused',
  'token_wrong_kind',
  'token_too_short',
  'token_of_another_user',
  'token_unreadable',
  'second_person_needed',
  'authenticator_limit',
  'auth0_unavailable',
  'answer_lost',
  'not_listed',
  'unexpected_answer',
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
  code_rejected: 'Auth0 did not accept the code. The user enters the newest one again.',
  code_expired: 'The code can no longer be used. Ask for a new one.',
  too_many_codes: 'Too many wrong codes. One more attempt comes back every 6 minutes.',
  too_many_texts: 'Auth0 sends no more messages to this user for now: it allows 10 texts and calls, then one an hour.',
  number_limit_reached:
    'This phone number has had the texts and calls that one number may get in 24 hours. Ask again later, or give another number.',
  caller_limit_reached:
    'The system that gave the phone number has caused the texts and calls that it may in 24 hours. Ask again later.',
  texts_stopped: 'An operator has stopped texts and calls to numbers that begin like this one.',
  resend_too_soon: 'A code was sent a moment ago. Wait for it, or ask again later.',
  cooldown: 'A code was sent a moment ago. The next one goes out by itself when the cool-down is over.',
  phone_number_invalid: 'Auth0 could not reach this phone number. Give another one.',
  phone_number_needed: 'A factor of this enrollment needs a phone number.',
  token_needed: 'No token for the MFA API is at hand. The user signs in.',
  token_expired: 'The token for the MFA API has expired. The user signs in again.',
  token_refused:
    'Auth0 refused the token: it has expired, or it is not for the audience https://<domain>/mfa/ with the scope "enroll".',
  token_wrong_kind:
    'The token is of the wrong kind: once a factor is active only an access token from /authorize with the MFA audience can add another.',
  token_too_short: 'The token dies too soon for a person to answer a challenge with it. The user signs in again.',
  token_of_another_user:
    'A token of another user was brought, or its refresh token gave one. It was not used. Bring a token of the user of this enrollment.',
  token_unreadable:
    'A token was brought whose user cannot be read. It was not used. Bring an access token (JWT) from /authorize with the MFA audience.',
  second_person_needed:
    'A code came from whoever set the phone number, or nobody can tell who sent it. It was not used. Another person sends the code.',
  authenticator_limit:
    'The user has about as many authenticators as Auth0 keeps (51). Delete unused ones with the Management API, then ask again.',
  auth0_unavailable: 'Auth0 does not answer, or asks callers to slow down. The enrollment asks again by itself.',
  answer_lost: 'The answer of Auth0 was lost, and its list does not show the step as done. Ask again.',
  not_listed: 'Auth0 accepted the code, but does not list the factor as active. Ask again for this factor.',
  unexpected_answer:
    'An answer came that Auth0 is not known to give: a proxy, a firewall or a new error text. The worker log has the details.',
  configuration: 'The tenant or the application is not set up for this.',
  denied: 'Auth0 says that the user or a rule of the tenant refused.',
  cancelled: 'The enrollment was cancelled.',
};

/** A problem met at `at` (epoch ms). `message` replaces the usual sentence where something more exact is known. */
export const problem = (code: ProblemCode, at: number, more: { retryAt?: number; message?: string } = {}): Problem => ({
  code,
  message: more.message ?? sentences[code],
  at,
  ...(more.retryAt === undefined ? {} : { retryAt: more.retryAt }),
});
