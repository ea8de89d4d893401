import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { getGlobalDispatcher, request as send, type Dispatcher } from 'undici';
import { z } from 'zod';
import { problem } from '../api/schemas';
import { defined } from '../enrollment/defined';
import type { Connection } from './connection';
import { exitCodes } from './exit-codes';
import { Failure } from './failure';
import { problemFailure } from './problem';
import { printable } from './text/columns';
import type { Terminal } from './terminal';

export interface ApiCall<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `/v1`. */
  readonly path: string;
  readonly body?: object;
  /** What a 2xx answer holds. */
  readonly answer: Schema;
  /**
   * May it be sent again when its answer was lost? Everything may under its Idempotency-Key, except a code: one that no
   * worker took is passed on as a signal, which knows no key, and a wrong one would count twice.
   */
  readonly repeatable?: false;
}

export interface Api {
  /** Throws Failure: a problem of the API, or that nothing usable answers. */
  call<Schema extends z.ZodType>(request: ApiCall<Schema>): Promise<z.output<Schema>>;
  /** The answer with its body unread, for a stream of events. Throws Failure. */
  open(path: string): Promise<Dispatcher.ResponseData['body']>;
}

/** Longer than the API itself waits for an answer. */
const callMs = 30_000;
/** Before the second and the third try. */
const pausesMs = [150, 450];

export function createApi({ api, key, person }: Connection, { now, signal }: Pick<Terminal, 'now' | 'signal'>): Api {
  const answerTo = async (
    request: Pick<ApiCall<z.ZodType>, 'method' | 'path' | 'body' | 'repeatable'>,
    accept: string,
  ): Promise<Dispatcher.ResponseData> => {
    const { method, path, body, repeatable } = request;
    const init = {
      method,
      headers: {
        accept,
        authorization: `Bearer ${key.reveal()}`,
        'user-agent': 'mfa-cli',
        ...defined({
          'idempotency-key': method === 'GET' ? undefined : randomUUID(),
          'content-type': body && 'application/json',
          'x-acting-person': person,
        }),
      },
      ...defined({ body: body && JSON.stringify(body) }),
    };
    for (let attempt = 0; ; attempt += 1) {
      const ends = accept === eventStream ? signal : AbortSignal.any([signal, AbortSignal.timeout(callMs)]);
      const { dispatcher, isWritten } = watchedDispatcher();
      try {
        return await send(`${api}/v1${path}`, { ...init, dispatcher, signal: ends }); // follows no redirect: the key stays here
      } catch (error) {
        const fault = faultOf(error, isWritten());
        const pause = pausesMs[attempt];
        const again = fault.kind === 'unsent' || (fault.kind === 'lost' && repeatable !== false);
        if (signal.aborted) throw new Failure(exitCodes.interrupted, 'Interrupted.');
        if (!again || pause === undefined) throw unreachable(api, fault, repeatable !== false);
        await sleep(pause);
      }
    }
  };

  const refuse = async (response: Dispatcher.ResponseData): Promise<never> => {
    const body = problem.safeParse(await jsonOf(response));
    if (body.success) throw problemFailure(body.data, now());
    throw notThisApi(api, response);
  };

  return {
    async call(request) {
      const response = await answerTo(request, 'application/json');
      if (!isOk(response)) return await refuse(response);
      const body = request.answer.safeParse(await jsonOf(response));
      if (!body.success) throw notThisApi(api, response);
      return body.data;
    },
    async open(path) {
      const response = await answerTo({ method: 'GET', path }, eventStream);
      if (!isOk(response)) return await refuse(response);
      if (!typeOf(response).startsWith(eventStream)) {
        await response.body.dump();
        throw notThisApi(api, response);
      }
      return response.body;
    },
  };
}

const eventStream = 'text/event-stream';

/**
 * Sends as usual and knows whether a byte of the request can have left: undici calls onRequestStart when it has a connection and
 * is about to write, and never for a request that it gives up before.
 */
function watchedDispatcher(): { readonly dispatcher: Dispatcher; readonly isWritten: () => boolean } {
  let written = false;
  const dispatcher = getGlobalDispatcher().compose(
    (dispatch) => (options, handler) =>
      dispatch(options, {
        onRequestStart: (controller, context) => {
          written = true;
          handler.onRequestStart?.(controller, context);
        },
        onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
        onResponseStart: (...response) => handler.onResponseStart?.(...response),
        onResponseData: (...data) => handler.onResponseData?.(...data),
        onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
        onResponseError: (...error) => handler.onResponseError?.(...error),
      }),
  );
  return { dispatcher, isWritten: () => written };
}

interface Fault {
  /** `unsent`: not a byte left. `lost`: it may have had its effect. `timeout`: so may it, and it has waited long enough. */
  readonly kind: 'unsent' | 'lost' | 'timeout';
  readonly code: string;
}

function faultOf(error: unknown, written: boolean): Fault {
  const { name, code = 'no answer' } = faultShape.parse(error);
  if (name === 'TimeoutError') return { kind: 'timeout', code };
  return { kind: written ? 'lost' : 'unsent', code };
}

/** A DOMException of an AbortSignal has a number for its code. */
const faultShape = z
  .object({ name: z.string().optional().catch(undefined), code: z.string().optional().catch(undefined) })
  .catch({});

function unreachable(api: string, { kind, code }: Fault, repeatable: boolean): Failure {
  if (kind === 'unsent') {
    return new Failure(
      exitCodes.unavailable,
      `Nothing answers at ${api} (${code}). Check --api or MFA_API, or start a local stack with \`npm start\`.`,
    );
  }
  const happened =
    kind === 'timeout'
      ? `${api} gave no answer within ${callMs / 1000} s.`
      : `The answer of ${api} was lost (${code}).`;
  const next = repeatable
    ? 'Send the command again.'
    : 'The code may have been taken: look with `mfa status` before you send it again.';
  return new Failure(exitCodes.unavailable, `${happened} ${next}`);
}

const notThisApi = (api: string, response: Dispatcher.ResponseData): Failure =>
  new Failure(
    exitCodes.unavailable,
    `What answers at ${api} is not this API (HTTP ${response.statusCode}, ${printable(typeOf(response)) || 'no content type'}). Check --api and every proxy on the way.`,
  );

const isOk = ({ statusCode }: Dispatcher.ResponseData): boolean => statusCode >= 200 && statusCode < 300;

const typeOf = ({ headers }: Dispatcher.ResponseData): string => String(headers['content-type'] ?? '');

async function jsonOf({ body }: Dispatcher.ResponseData): Promise<unknown> {
  try {
    return await body.json();
  } catch {
    return undefined;
  }
}
