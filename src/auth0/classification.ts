import type { IncomingHttpHeaders } from 'node:http';
import type { Auth0Verdict } from './errors';
import { remedies } from './remedies';
import type { Auth0Call } from './requests';
import { errorResponse } from './responses';
import { retryAfterMs } from './retry-after';

/** An answer that is not the one hoped for. */
export interface RefusedAnswer {
  readonly call: Auth0Call;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The token that was sent. Only its first characters are looked at, and only as a hint. */
  readonly token?: string | undefined;
}

export interface Classification {
  readonly verdict: Auth0Verdict;
  readonly error?: string;
  readonly retryAfterMs?: number;
  readonly remedy?: string;
}

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

const bearer = ['associate', 'list', 'delete'] as const;
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
  { calls: bearer, error: 'invalid_grant', verdict: 'token_expired' },
  { calls: [...bearer, ...confirm], error: 'invalid_token', verdict: 'token_expired' },
  { calls: bearer, error: 'expired_token', verdict: 'token_expired' },
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

  // The number and the user's records
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
    calls: bearer,
    error: 'access_denied',
    description: 'Could not find the requested authenticator',
    verdict: 'not_found',
  },

  // The tenant and the application
  { calls: bearer, error: 'insufficient_scope', verdict: 'configuration', remedy: remedies.scopeMissing },
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
  { calls: [...bearer, ...token], error: 'access_denied', verdict: 'denied' },
  { calls: [...bearer, ...token], error: 'invalid_request', verdict: 'malformed_request' },
];

/** What a refusal means. Takes any status and any body, and never throws. `now` in epoch milliseconds. */
export function classify(answer: RefusedAnswer, now: number): Classification {
  const { error, description } = readError(answer.body);
  const row = classificationRows.find((candidate) => fits(candidate, answer, error, description));
  const named = isErrorCode(error) ? { error } : {};

  // A text that is known word for word stands above the status: the buckets of texts and codes may come with 429, a bad
  // phone number with 502. A bare error code does not.
  if (row && (row.description !== undefined || isRefusal(answer.status))) {
    return { verdict: row.verdict, ...named, ...(row.remedy === undefined ? {} : { remedy: row.remedy }) };
  }
  if (answer.status === 429 || error === 'too_many_requests') {
    const wait = retryAfterMs(rateLimitHeaders(answer.headers), now);
    return { verdict: 'rate_limited', ...named, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (!isRefusal(answer.status) && !isRedirect(answer.status)) return { verdict: unanswered(answer.call), ...named };
  return { ...byStatus(answer, error), ...named };
}

/** No usable answer to a request that was written: a GET changed nothing, anything else may have had its effect. */
export const unanswered = (call: Auth0Call): 'unreachable' | 'ambiguous' =>
  call === 'list' ? 'unreachable' : 'ambiguous';

/** For what no row knows. */
function byStatus({ call, status }: RefusedAnswer, error: string | undefined): Classification {
  const takesBearer = (bearer as readonly Auth0Call[]).includes(call); // includes() wants the wider element type
  if (call === 'delete' && status === 404) return { verdict: 'not_found' };
  if (takesBearer && status === 401) return { verdict: 'token_expired' };
  if (error === undefined || status === 404 || isRedirect(status)) {
    return { verdict: 'configuration', remedy: remedies.notAuth0 };
  }
  if (status === 401) return { verdict: 'configuration', remedy: remedies.clientRefused };
  if (status === 403) return { verdict: 'denied' };
  return { verdict: 'malformed_request' };
}

/** 408 is a proxy that lost patience, so it says as little as a 5xx does. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;
const isRedirect = (status: number) => status >= 300 && status < 400;

function fits(row: ClassificationRow, answer: RefusedAnswer, error: string | undefined, description: string): boolean {
  if (row.error !== error || !row.calls.includes(answer.call)) return false;
  if (row.token === 'mfa_token' && !looksLikeMfaToken(answer.token)) return false;
  if (row.description === undefined) return true;
  return typeof row.description === 'string'
    ? plain(row.description) === description
    : row.description.test(description);
}

/** An `mfa_token` is an iron seal; an access token is not. Both stay opaque otherwise. */
const looksLikeMfaToken = (sent: string | undefined) => sent?.startsWith('Fe26.') ?? false;

function readError(body: string): { error: string | undefined; description: string } {
  const answer = errorResponse.safeParse(parseJson(body));
  return answer.success
    ? { error: answer.data.error, description: plain(answer.data.error_description ?? '') }
    : { error: undefined, description: '' };
}

/** undefined when it is no JSON. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const plain = (description: string) => description.trim().replace(/\.+$/, '').toLowerCase();

/** Letters and underscores alone: such a word cannot hold a code, a token or a number that was echoed. */
const isErrorCode = (error: string | undefined): error is string => error !== undefined && /^[a-z_]{1,40}$/.test(error);

const rateLimitHeaders = (headers: IncomingHttpHeaders) => ({
  retryAfter: first(headers['retry-after']),
  rateLimitReset: first(headers['x-ratelimit-reset']),
  date: first(headers.date),
});

const first = (header: string | readonly string[] | undefined) => (typeof header === 'string' ? header : header?.[0]);
