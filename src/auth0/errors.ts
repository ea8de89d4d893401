/**
 * What an answer of Auth0 (or its absence) means for a case: one closed list that the activities switch over.
 * The rows behind it are data: see classification-rows.ts.
 */
export type Auth0Verdict =
  /** The code is wrong. Costs an attempt; the user types again. */
  | 'code_rejected'
  /** The code or its challenge has expired or is not of this token: a new challenge is needed. */
  | 'challenge_expired'
  /** Auth0's per-user bucket of wrong codes is empty: one comes back every 6 minutes. */
  | 'too_many_codes'
  /** Auth0's per-user bucket of texts is empty. */
  | 'too_many_texts'
  /** 429: refused before any effect, retryable after `retryAfterMs`. */
  | 'throttled'
  | 'phone_number_invalid'
  /** The user has as many authenticators as Auth0 keeps (about 51). */
  | 'authenticator_limit'
  /** The token has expired or is of another audience: Auth0 uses one text for both. */
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
  /**
   * A refusal that Auth0 is not known to give: a proxy's or firewall's page, or a new error text. Nothing is concluded from it.
   */
  | 'unexpected'
  /** What we were about to send cannot be right: our bug. Nothing was sent. */
  | 'malformed_request';

export interface Auth0ErrorDetails {
  readonly verdict: Auth0Verdict;
  /** Method and path, for example `POST /mfa/associate`; an id in the path is left out. */
  readonly endpoint: string;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** Auth0's `error` field, when it is a plain OAuth error code. */
  readonly error?: string;
  /** Milliseconds to wait; with `throttled` only. */
  readonly retryAfterMs?: number;
  /** What a person has to change or look at, in one sentence; with `configuration`, `token_wrong_kind` and `unexpected`. */
  readonly remedy?: string;
  /** The transport's own fault. */
  readonly cause?: unknown;
}

/**
 * The one exception of this folder. Its message is a sentence of ours for the verdict, never Auth0's: descriptions and
 * bodies may echo what was sent, and errors end up in logs and workflow histories.
 */
export class Auth0Error extends Error {
  override readonly name = 'Auth0Error';
  readonly verdict: Auth0Verdict;
  readonly endpoint: string;
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly remedy: string | undefined;

  constructor(details: Auth0ErrorDetails) {
    super(sentences[details.verdict], details.cause === undefined ? undefined : { cause: details.cause });
    this.verdict = details.verdict;
    this.endpoint = details.endpoint;
    this.status = details.status;
    this.error = details.error;
    this.retryAfterMs = details.retryAfterMs;
    this.remedy = details.remedy;
  }
}

const sentences: Readonly<Record<Auth0Verdict, string>> = {
  code_rejected: 'Auth0 did not accept the code.',
  challenge_expired: 'The challenge has expired; a new one is needed.',
  too_many_codes: 'Auth0 takes no more codes from this user for now; one more is let through every 6 minutes.',
  too_many_texts: 'Auth0 sends no more texts to this user for now; one more is let through every hour.',
  throttled: 'Auth0 limits the rate of calls; this one had no effect.',
  phone_number_invalid: 'Auth0 cannot send a text to this phone number.',
  authenticator_limit: 'The user has as many authenticators as Auth0 keeps.',
  token_expired: 'Auth0 does not take the token: it has expired or is meant for something else.',
  token_wrong_kind: 'Auth0 takes another kind of token here.',
  configuration: 'The Auth0 tenant or application is not set up for this call.',
  pending: 'The user has not answered yet.',
  denied: 'The user or a rule of the tenant said no.',
  not_found: 'Auth0 knows no such authenticator.',
  unreachable: 'Auth0 gave no usable answer; the call surely changed nothing.',
  ambiguous: 'Auth0 gave no usable answer; the call may have had its effect.',
  unexpected: 'An answer came that Auth0 is not known to give.',
  malformed_request: 'The request cannot be right; it was not sent.',
};
