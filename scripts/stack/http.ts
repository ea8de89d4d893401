import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly key?: string;
  /** Who acts, for a key that may name its people. */
  readonly person?: string;
  /** The same on every try, so that a call whose answer is lost can be made again. */
  readonly idempotencyKey?: string;
  readonly body?: unknown;
}

/** One try. Throws when no whole answer comes. */
export async function send(
  { method, url, key, person, idempotencyKey, body }: Call,
  timeoutMs = 30_000,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(person === undefined ? {} : { 'x-acting-person': person }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/**
 * Tries until there is an answer other than 503 (the service is away) and the 429 of the API's own rate limit. `addressOf`: where a try goes, where
 * there are several that would answer.
 */
export async function sendUntilAnswered(
  call: Call,
  signal: AbortSignal,
  addressOf: (tries: number) => string = () => call.url,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const answer = await send({ ...call, url: addressOf(tries) }).catch(() => undefined);
    if (answer !== undefined && !asksForAnotherTry(answer)) return answer;
    await sleep(Math.min(2_000, 100 * 2 ** tries), undefined, { signal });
  }
}

const asksForAnotherTry = ({ status, body }: Answer): boolean =>
  status === 503 || (status === 429 && codeOf(body) === 'too_many_requests');

/** The `code` of a problem. */
export const codeOf = (body: unknown): string | undefined =>
  typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' ? body.code : undefined;
