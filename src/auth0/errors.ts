/**
 * What an answer of Auth0 (or its absence) means for a case: one closed list that the activities switch over.
 * The rows behind it are data: see classification.ts.
 */
export type Auth0Verdict =
  /** The code is wrong. Costs an attempt; the user types again. */
  | 'code_rejected'
  /** The code or its challenge is over or not of this token: a new challenge is needed. */
  | 'challenge_expired'
  /** Auth0's per-user bucket of wrong codes is empty: one comes back every 6 minutes. */
  | 'too_many_codes'
  /** Auth0's per-user bucket of texts is empty. */
  | 'too_many_texts'
  /** 429: refused before any effect, retryable after `retryAfterMs`. */
  | 'rate_limited'
  | 'phone_number_invalid'
  /** The user has as many records as Auth0 keeps (about 51). */
  | 'authenticator_limit'
  /** The token is over, or of another audience: Auth0 uses one text for both. */
  | 'token_expired'
  /** An opaque `mfa_token` where a factor is active, or a JWT where only that one is taken. */
  | 'token_wrong_kind'
  /** The tenant or application is not set up for this: `remedy` says what to change. */
  | 'configuration'
  /** Push only. */
  | 'pending'
  | 'denied'
  | 'not_found'
  /** Surely no effect: DNS, connect or TLS failed before a byte of the request was written. */
  | 'unreachable'
  /** The request was written and no usable answer came (reset, timeout, 5xx, unreadable body): it may have had its effect. */
  | 'ambiguous'
  /** We sent something Auth0 calls malformed: our bug. */
  | 'malformed_request';
