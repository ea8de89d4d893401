/** Texts of the headers of a 429 answer; absent when the header is. */
export interface RateLimitHeaders {
  /** Seconds, or an HTTP date (RFC 9110, 10.2.3). Auth0 promises it on few endpoints only. */
  readonly retryAfter?: string | undefined;
  /** Auth0's `X-RateLimit-Reset`: epoch seconds, UTC. */
  readonly rateLimitReset?: string | undefined;
  /** The answer's own `Date`: deadlines are measured against it, so that a wrong clock of ours does not matter. */
  readonly date?: string | undefined;
}

const shortestMs = 1_000;
const longestMs = 60_000;

/**
 * How long to wait after a 429: milliseconds, 1,000 to 60,000. `Retry-After` wins; what cannot be read is passed over;
 * undefined when nothing can. `now` in epoch milliseconds.
 */
export function retryAfterMs(headers: RateLimitHeaders, now: number): number | undefined {
  const sent = httpDate(headers.date) ?? now;
  const wait =
    seconds(headers.retryAfter) ??
    until(httpDate(headers.retryAfter), sent) ??
    until(seconds(headers.rateLimitReset), sent);
  return wait === undefined ? undefined : Math.min(longestMs, Math.max(shortestMs, wait));
}

const until = (deadline: number | undefined, sent: number) => (deadline === undefined ? undefined : deadline - sent);

/** Digits only, as milliseconds. */
const seconds = (text: string | undefined) =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) * 1_000 : undefined;

/** IMF-fixdate, the one form a sender may use (RFC 9110, 5.6.7). Date.parse alone would take "5" for a date. */
function httpDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text.trim())) {
    return undefined;
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
