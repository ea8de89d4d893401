import type { IncomingHttpHeaders } from 'node:http';
import type { Auth0Verdict } from './errors';
import { bearerCalls, type ClassificationRow, classificationRows } from './classification-rows';
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
    return { verdict: 'throttled', ...named, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (!isRefusal(answer.status) && !isRedirect(answer.status)) return { verdict: unanswered(answer.call), ...named };
  if (isDamaged(answer)) return { verdict: unanswered(answer.call) };
  return { ...byStatus(answer, error), ...named };
}

/** No usable answer to a request that was written: a GET changed nothing, anything else may have had its effect. */
export const unanswered = (call: Auth0Call): 'unreachable' | 'ambiguous' =>
  call === 'list' ? 'unreachable' : 'ambiguous';

/** It calls itself JSON and is none: what arrived is not what was sent, so its status alone is not believed. */
const isDamaged = ({ headers, body }: RefusedAnswer): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '') && parseJson(body) === undefined;

/** For what no row knows. Only two things follow from a status alone; a proxy, a firewall or a new text may be behind the rest. */
function byStatus({ call, status, headers }: RefusedAnswer, error: string | undefined): Classification {
  if (isPage(headers)) return { verdict: 'unexpected', remedy: remedies.notAuth0 };
  if (call === 'delete' && status === 404) return { verdict: 'not_found' };
  if (bearerCalls.includes(call) && status === 401) return { verdict: 'token_expired' };
  const isAuth0 = error !== undefined && status !== 404 && !isRedirect(status);
  return { verdict: 'unexpected', remedy: isAuth0 ? remedies.unknownError : remedies.notAuth0 };
}

/** Auth0's API answers with JSON or nothing: a page is somebody else's, whatever its status says. */
const isPage = (headers: IncomingHttpHeaders): boolean => /\bhtml\b/i.test(headers['content-type'] ?? '');

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
