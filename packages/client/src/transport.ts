import { NoAnswerError, ProblemError, UnexpectedAnswerError, type Problem } from './problem.ts';

export interface TransportOptions {
  /** Where the API is, such as `https://mfa.example.com`: the address before `/v1`. */
  readonly baseUrl: string;
  /** An API key or an access token; or a function that gives the one to use now, asked before each request. */
  readonly token: string | (() => string | Promise<string>);
  /** The person who acts (`X-Acting-Person`): for API keys with `namesPersons`. A call may name another one. */
  readonly actingPerson?: string;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** How long one request may take, in milliseconds. 30,000 when absent, which is longer than the API itself waits. */
  readonly timeoutMs?: number;
  /** How often a request that may be repeated is repeated. 3 when absent; 0: never. */
  readonly maxRetries?: number;
  /** The longest pause before a repetition, in milliseconds. 30,000 when absent. A longer `Retry-After` is the caller's to observe. */
  readonly maxRetryWaitMs?: number;
}

/** For one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** In place of a random one, for a call that must have no second effect even after a restart of your own program. */
  readonly idempotencyKey?: string;
  /** The person who acts (`X-Acting-Person`). */
  readonly actingPerson?: string;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From `/v1` on, with its values already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly body?: object | undefined;
  /** Does it carry an Idempotency-Key, the same one over its repetitions? */
  readonly keyed: boolean;
  /** Repeat it only where the API surely has not acted: a code that is sent twice may count as two wrong ones. */
  readonly onlyIfRefused?: boolean;
}

export interface Transport {
  /** The body of a 2xx answer. Throws ProblemError, NoAnswerError, UnexpectedAnswerError, or the reason of the signal. */
  call(request: TransportRequest, options: CallOptions): Promise<unknown>;
  /** A stream of server-sent events, asked for once. Throws like `call`. */
  open(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** Before the first repetition where the answer does not say when: doubled for each further one. Milliseconds. */
const firstPauseMs = 250;

/** Throws TypeError for options that cannot work. No message repeats a value, which may be a secret. */
export function createTransport(options: TransportOptions): Transport {
  const base = checkedBaseUrl(options.baseUrl);
  const { token, fetch = globalThis.fetch } = options;
  const timeoutMs = checkedNumber('timeoutMs', options.timeoutMs ?? 30_000, 1);
  const maxRetries = checkedNumber('maxRetries', options.maxRetries ?? 3, 0);
  const maxRetryWaitMs = checkedNumber('maxRetryWaitMs', options.maxRetryWaitMs ?? 30_000, 0);

  async function headersOf(accept: string, { actingPerson = options.actingPerson }: CallOptions): Promise<Headers> {
    const value = typeof token === 'function' ? await token() : token;
    const headers = new Headers({ accept, authorization: `Bearer ${checkedHeader('token', value)}` });
    if (actingPerson !== undefined) headers.set('x-acting-person', checkedHeader('actingPerson', actingPerson, ' '));
    return headers;
  }

  async function send(address: URL, init: RequestInit & { readonly signal: AbortSignal }): Promise<Response> {
    try {
      return await fetch(address, { ...init, redirect: 'manual' }); // the token goes to baseUrl and nowhere else
    } catch (cause) {
      throw lost(cause, init.signal);
    }
  }

  return {
    async call(request, callOptions) {
      const { method, path, query, body, keyed } = request;
      const address = new URL(base + path);
      for (const [name, value] of Object.entries(query ?? {})) {
        if (value !== undefined) address.searchParams.set(name, String(value));
      }
      const key = callOptions.idempotencyKey ?? globalThis.crypto.randomUUID();
      for (let retries = 0; ; retries += 1) {
        callOptions.signal?.throwIfAborted();
        const headers = await headersOf('application/json', callOptions);
        if (keyed) headers.set('idempotency-key', checkedHeader('idempotencyKey', key));
        if (body !== undefined) headers.set('content-type', 'application/json');
        const limit = AbortSignal.timeout(timeoutMs);
        const signal = callOptions.signal === undefined ? limit : AbortSignal.any([callOptions.signal, limit]);
        const json = body === undefined ? {} : { body: JSON.stringify(body) };
        try {
          const response = await send(address, { method, headers, signal, ...json });
          return await answerOf(response, signal);
        } catch (error) {
          callOptions.signal?.throwIfAborted();
          const waitMs = waitBefore(error, retries, request);
          if (waitMs === undefined || retries >= maxRetries || waitMs > maxRetryWaitMs) throw unwrapped(error);
          await pause(waitMs, callOptions.signal);
        }
      }
    },

    async open(path, signal) {
      const headers = await headersOf('text/event-stream', {});
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new DOMException('No answer in time', 'TimeoutError')), timeoutMs);
      const both = AbortSignal.any([signal, late.signal]);
      try {
        const response = await send(new URL(base + path), { method: 'GET', headers, signal: both });
        if (!response.ok) return await answerOf<never>(response, both);
        if (!typeOf(response).startsWith('text/event-stream') || response.body === null)
          throw await unexpected(response);
        return response.body;
      } catch (error) {
        signal.throwIfAborted();
        throw unwrapped(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** An answer that may be repeated later, with what its headers say of when. */
class Deferred extends Error {
  readonly error: ProblemError | UnexpectedAnswerError;
  readonly retryAfterMs: number | undefined;

  constructor(error: ProblemError | UnexpectedAnswerError, retryAfterMs: number | undefined) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

const unwrapped = (error: unknown): unknown => (error instanceof Deferred ? error.error : error);

/** Problems of the service, as against those of an enrollment, which somebody has to hear of: the same call may succeed later. */
const passing: readonly string[] = ['too_many_requests', 'busy', 'unavailable'];
/** Those of them that are answered before anything was done. */
const surelyRefused: readonly string[] = ['too_many_requests', 'busy'];

/** Milliseconds until the request may be sent again, at least what `Retry-After` asks; undefined when it must not be. */
function waitBefore(error: unknown, retries: number, { onlyIfRefused = false }: TransportRequest): number | undefined {
  const backOffMs = firstPauseMs * 2 ** retries;
  if (error instanceof NoAnswerError) return onlyIfRefused ? undefined : backOffMs * (0.5 + Math.random() / 2);
  if (!(error instanceof Deferred)) return undefined;
  if (error.error instanceof ProblemError) {
    if (!(onlyIfRefused ? surelyRefused : passing).includes(error.error.code)) return undefined;
  } else if (onlyIfRefused) return undefined;
  // Later than asked and never earlier, and not all callers at once.
  return (error.retryAfterMs ?? backOffMs / 2) + (Math.random() * backOffMs) / 2;
}

async function answerOf<Answer = unknown>(response: Response, signal: AbortSignal): Promise<Answer> {
  const type = typeOf(response);
  const isJson = /^application\/(problem\+)?json\b/i.test(type);
  if (!isJson) throw deferred(response, await unexpected(response));
  let body: unknown;
  try {
    body = JSON.parse(await response.text());
  } catch (cause) {
    throw cause instanceof SyntaxError ? new UnexpectedAnswerError(response.status, type) : lost(cause, signal);
  }
  if (response.ok) return body as Answer; // the API answers what its OpenAPI file says, from which the types are made
  throw deferred(
    response,
    isProblemBody(body) ? new ProblemError(body) : new UnexpectedAnswerError(response.status, type),
  );
}

const deferred = (response: Response, error: ProblemError | UnexpectedAnswerError): Error =>
  response.status === 429 || response.status === 503
    ? new Deferred(error, retryAfterMs(response.headers.get('retry-after')))
    : error;

/** Enough of a problem to be told: a newer API may have codes that this version does not know. */
export const isProblemBody = (body: unknown): body is Problem =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  typeof body.code === 'string' &&
  'title' in body &&
  typeof body.title === 'string';

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

async function unexpected(response: Response): Promise<UnexpectedAnswerError> {
  await response.body?.cancel();
  return new UnexpectedAnswerError(response.status, response.headers.get('content-type'));
}

function lost(cause: unknown, signal: AbortSignal): NoAnswerError {
  const late = signal.aborted ? ' in time' : '';
  return new NoAnswerError(`The API gave no answer${late}. The call may have had its effect.`, { cause });
}

/** Throws the reason of the signal as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
  signal?.throwIfAborted();
}

const typeOf = (response: Response): string => response.headers.get('content-type') ?? '';

function checkedBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new TypeError('baseUrl: expected an http or https address without user, query and fragment');
  return url.href.replace(/\/+$/, '');
}

function checkedNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= 2_147_483_647) return value;
  throw new TypeError(`${name}: expected a whole number from ${least} to 2147483647`);
}

/** `fetch` itself would repeat the value in its error. */
function checkedHeader(name: string, value: string, also: '' | ' ' = ''): string {
  const isTaken = (character: string) => (character > ' ' && character <= '~') || character === also;
  if (value !== '' && [...value].every(isTaken) && value.trim() === value) return value;
  throw new TypeError(
    `${name}: expected printable ASCII characters${also === ' ' ? ', with spaces only in between' : ' without spaces'}`,
  );
}
