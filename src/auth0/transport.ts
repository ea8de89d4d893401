import type { IncomingHttpHeaders } from 'node:http';
import { isNativeError } from 'node:util/types';
import type { Dispatcher } from 'undici';

export type Exchange =
  | { readonly type: 'answer'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  /** No whole answer. `written: false` promises that not a byte of the request left. */
  | { readonly type: 'fault'; readonly written: boolean; readonly cause: unknown };

export interface ExchangeLimits {
  /** For the whole exchange, waiting for a connection included. */
  readonly callMs: number;
  readonly answerBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One request and its answer, at most once: no retries, no redirects. Never rejects: both ways to end are values.
 * Uses dispatch() itself because the fault that matters most, "was it written?", is lost in undici's higher calls: undici
 * calls onRequestStart when it has a connection and is about to write, and never for a request that it gives up before.
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { callMs, answerBytes, signal }: ExchangeLimits,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let received = 0;
    const chunks: Buffer[] = [];

    const settle = (outcome: Exchange) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const fail = (cause: unknown) => settle({ type: 'fault', written: controller !== undefined, cause });
    const stop = (cause: unknown) => {
      fail(cause);
      controller?.abort(new Error('stopped'));
    };
    const onAbort = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(new Error(`no whole answer within ${callMs} ms`)), callMs);

    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Stopped while it waited for a connection: this keeps it from being written after all.
        if (settled) return started.abort(new Error('stopped before it was written'));
        controller = started;
      },
      onResponseStart(_controller, statusCode, answerHeaders) {
        status = statusCode;
        headers = answerHeaders;
      },
      onResponseData(_controller, chunk) {
        received += chunk.length;
        if (received > answerBytes) return stop(new Error(`the answer is longer than ${answerBytes} bytes`));
        chunks.push(chunk);
      },
      onResponseEnd() {
        settle({ type: 'answer', status, headers, body: Buffer.concat(chunks).toString('utf8') });
      },
      onResponseError(_controller, error) {
        fail(fault(error));
      },
    };
    try {
      dispatcher.dispatch(options, handler);
    } catch (error) {
      fail(fault(error));
    }
  });
}

/** Name, code and message of a fault alone: undici's own errors can carry bytes of the answer. */
function fault(error: unknown): Error {
  if (!isNativeError(error)) return new Error('unknown fault');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return Object.assign(new Error(error.message || code), { name: error.name, ...(code === undefined ? {} : { code }) });
}
