import type { Auth0Verdict } from './errors';
import { remedies } from './remedies';
import type { Auth0Call } from './requests';

/** One thing that Auth0 says, and what it means. */
export interface ClassificationRow {
  readonly calls: readonly Auth0Call[];
  readonly error: string;
  /** A whole text, case and a final dot aside; or a pattern for the text in lower case. Absent: any. */
  readonly description?: string | RegExp;
  /** Only when the token sent looks like an `mfa_token`. */
  readonly token?: 'mfa_token';
  readonly verdict: Auth0Verdict;
  readonly remedy?: string;
}

/** Calls that carry the token in their Authorization header. */
export const bearerCalls: readonly Auth0Call[] = ['associate', 'list', 'delete'];
const confirm = ['confirm_oob', 'confirm_otp'] as const;
const signIn = ['refresh', 'exchange'] as const;
const token = [...confirm, ...signIn] as const;

/**
 * The first row that fits decides. The HTTP status is no part of it: Auth0's documentation and its recorded answers
 * disagree on 400, 401 and 403. `invalid_grant` alone says nothing either; the description does.
 */
export const classificationRows: readonly ClassificationRow[] = [
  // The token
  {
    calls: ['delete'],
    error: 'invalid_grant',
    token: 'mfa_token',
    verdict: 'token_wrong_kind',
    remedy: remedies.accessTokenNeeded,
  },
  {
    calls: ['associate'],
    error: 'access_denied',
    description: 'User is already enrolled',
    verdict: 'token_wrong_kind',
    remedy: remedies.accessTokenNeeded,
  },
  { calls: bearerCalls, error: 'invalid_grant', verdict: 'token_expired' },
  { calls: [...bearerCalls, ...confirm], error: 'invalid_token', verdict: 'token_expired' },
  { calls: bearerCalls, error: 'expired_token', verdict: 'token_expired' },
  {
    calls: confirm,
    error: 'invalid_grant',
    description: 'Malformed mfa_token',
    token: 'mfa_token',
    verdict: 'token_expired',
  },
  {
    calls: confirm,
    error: 'invalid_grant',
    description: 'Malformed mfa_token',
    verdict: 'token_wrong_kind',
    remedy: remedies.accessTokenNeeded,
  },
  {
    calls: confirm,
    error: 'invalid_grant',
    description: 'The mfa_token provided is invalid. Try getting a new token',
    verdict: 'token_expired',
  },
  { calls: confirm, error: 'expired_token', description: /mfa_token/, verdict: 'token_expired' },
  { calls: signIn, error: 'invalid_grant', verdict: 'token_expired' },
  { calls: signIn, error: 'mfa_required', verdict: 'token_expired' },

  // The code and its challenge
  { calls: confirm, error: 'invalid_grant', description: 'Invalid otp_code', verdict: 'code_rejected' },
  { calls: confirm, error: 'invalid_grant', description: 'Invalid binding_code', verdict: 'code_rejected' },
  { calls: confirm, error: 'invalid_grant', description: 'Malformed oob_code', verdict: 'challenge_expired' },
  {
    calls: confirm,
    error: 'invalid_request',
    description: "The oob_code doesn't match the mfa_token",
    verdict: 'challenge_expired',
  },
  // "oob_code is expired", "Verification code is expired". A text of neither kind too: if it was the token after all, the
  // next associate says so, and that costs less than asking the user to sign in.
  { calls: confirm, error: 'expired_token', verdict: 'challenge_expired' },
  {
    calls: confirm,
    error: 'invalid_request',
    description: /^too many failed codes/,
    verdict: 'too_many_codes',
  },
  // Auth0's recording says access_denied, its documentation invalid_grant.
  { calls: confirm, error: 'access_denied', description: 'MFA Authorization rejected', verdict: 'denied' },
  { calls: confirm, error: 'invalid_grant', description: 'MFA Authorization rejected', verdict: 'denied' },
  { calls: confirm, error: 'authorization_pending', verdict: 'pending' },
  { calls: confirm, error: 'slow_down', verdict: 'pending' },
  // A policy wants one more factor; the code may have been taken. Only the list can tell.
  { calls: confirm, error: 'mfa_required', verdict: 'ambiguous' },
  // Texts that nobody has recorded: most likely the code, and asking again is bounded.
  { calls: confirm, error: 'invalid_grant', verdict: 'code_rejected' },

  // The number and the user's authenticators
  {
    calls: ['associate'],
    error: 'bad_gateway',
    description: 'The phone number is invalid',
    verdict: 'phone_number_invalid',
  },
  // Auth0's own provider failed: whether a text left is unknown.
  { calls: ['associate'], error: 'bad_gateway', verdict: 'ambiguous' },
  {
    calls: ['associate'],
    error: 'invalid_request',
    description: /^too many .+ sent by the user/,
    verdict: 'too_many_texts',
  },
  { calls: ['associate'], error: 'too_many_entities', verdict: 'authenticator_limit' },
  {
    calls: bearerCalls,
    error: 'access_denied',
    description: 'Could not find the requested authenticator',
    verdict: 'not_found',
  },

  // The tenant and the application
  { calls: bearerCalls, error: 'insufficient_scope', verdict: 'configuration', remedy: remedies.scopeMissing },
  { calls: ['associate'], error: 'unsupported_challenge_type', verdict: 'configuration', remedy: remedies.factorOff },
  { calls: confirm, error: 'unauthorized_client', verdict: 'configuration', remedy: remedies.mfaGrantOff },
  { calls: confirm, error: 'unsupported_grant_type', verdict: 'configuration', remedy: remedies.mfaGrantOff },
  { calls: signIn, error: 'unauthorized_client', verdict: 'configuration', remedy: remedies.signInGrantOff },
  { calls: signIn, error: 'unsupported_grant_type', verdict: 'configuration', remedy: remedies.signInGrantOff },
  {
    calls: confirm,
    error: 'invalid_request',
    description: 'mfa_token not issued to this client',
    verdict: 'configuration',
    remedy: remedies.otherClient,
  },
  { calls: token, error: 'invalid_client', verdict: 'configuration', remedy: remedies.clientRefused },
  {
    calls: token,
    error: 'access_denied',
    description: 'Unauthorized',
    verdict: 'configuration',
    remedy: remedies.clientRefused,
  },
  {
    calls: token,
    error: 'access_denied',
    description: /^service not found/,
    verdict: 'configuration',
    remedy: remedies.audienceUnknown,
  },

  // The rest of two shared codes
  { calls: [...bearerCalls, ...token], error: 'access_denied', verdict: 'denied' },
  { calls: [...bearerCalls, ...token], error: 'invalid_request', verdict: 'unexpected', remedy: remedies.unknownError },
];
