import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { Webhook } from 'standardwebhooks';
import { Agent, request as ask, type Dispatcher } from 'undici';
import type { WebhookAnswer, WebhookRequest } from '../activities/webhooks';
import { defined } from '../enrollment/defined';
import { version } from '../version';
import { isPublicAddress, receiverFault, type ReceiverRules } from './addresses';

export interface WebhookSender {
  /** One request, without redirects. Never rejects. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer>;
  close(): Promise<void>;
}

/** The `dns.lookup` of node, as far as it is used here. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface WebhookSenderParts extends ReceiverRules {
  /** How names are resolved; for tests. */
  readonly resolve?: Lookup;
  /** Milliseconds for a whole request; for tests. */
  readonly callMs?: number;
}

/** Bytes of an answer that are read at most: nothing in it is used, and a connection that is left clean can be used again. */
const answerBytes = 16 * 1024;
const longestRetryAfterMs = 3_600_000;

/** Sends signed requests to receivers, and to no address that they may not have. */
export function createWebhookSender({
  resolve = lookup,
  callMs = 10_000,
  ...rules
}: WebhookSenderParts): WebhookSender {
  const agent = new Agent({
    connect: { lookup: rules.allowPrivate ? resolveAll(resolve) : publicOnly(resolve), timeout: callMs },
    connections: 10,
    maxHeaderSize: 16 * 1024,
  });
  return {
    send: async (request, signal) => {
      // The rules may have changed since the endpoint was added.
      const fault = receiverFault(request.url, rules);
      if (fault !== undefined)
        return { type: 'fault', message: `The receiver has no address to send to: expected ${fault}.` };
      // Not AbortSignal.any: in Node 20 what it makes may be collected before it aborts.
      const call = new AbortController();
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        call.abort();
      }, callMs);
      const stop = () => call.abort();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      try {
        const answer = await ask(request.url, {
          method: 'POST',
          dispatcher: agent,
          signal: call.signal,
          headers: {
            ...signedHeaders(request, new Date()),
            'content-type': 'application/json',
            'user-agent': userAgent,
          },
          body: request.body,
        });
        await passOver(answer.body);
        return { type: 'answer', status: answer.statusCode, ...defined({ retryAfterMs: retryAfterIn(answer) }) };
      } catch (error) {
        return { type: 'fault', message: sentence(error, late) };
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      }
    },
    close: () => agent.close(),
  };
}

const userAgent = `auth0-mfa-enrollment/${version}`;

/** One signature for each secret, separated by spaces (Standard Webhooks, "Signature scheme"). */
export function signedHeaders({ id, body, secrets }: Omit<WebhookRequest, 'url'>, at: Date): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}

class PrivateAddress extends Error {}

/** Looks at every address that the connection could be made to, at the moment that it is made: a name may answer otherwise next time. */
const publicOnly = (resolve: Lookup) =>
  resolving(resolve, (addresses) => addresses.every(({ address }) => isPublicAddress(address)));
const resolveAll = (resolve: Lookup) => resolving(resolve, () => true);

type Connected = (error: Error | null, address: string | LookupAddress[], family?: number) => void;
const resolving =
  (resolve: Lookup, isAllowed: (addresses: readonly LookupAddress[]) => boolean) =>
  (hostname: string, options: LookupOptions, done: Connected): void =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) return done(error ?? new Error('no address'), []);
      if (!isAllowed(addresses)) return done(new PrivateAddress(), []);
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family);
    });

async function passOver(body: Dispatcher.ResponseData['body']): Promise<void> {
  let read = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read > answerBytes) break; // which ends the connection
  }
}

/** Of an answer that says when to come back in seconds. */
function retryAfterIn({ headers, statusCode }: Dispatcher.ResponseData): number | undefined {
  const { 'retry-after': seconds } = headers;
  if ((statusCode !== 429 && statusCode !== 503) || typeof seconds !== 'string' || !/^\d{1,9}$/.test(seconds)) {
    return undefined;
  }
  return Math.min(longestRetryAfterMs, Math.max(1_000, Number(seconds) * 1000));
}

function sentence(error: unknown, late: boolean): string {
  if (late) return 'The receiver did not answer within 10 seconds.';
  if (error instanceof PrivateAddress)
    return 'The receiver’s name leads to an address that is not on the public internet.';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return `The receiver was not reached (${code !== undefined && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'no answer'}).`;
}
