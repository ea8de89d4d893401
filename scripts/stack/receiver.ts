import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { webhookList, webhookWithSecret } from '../../src/api/schemas';
import { eventTypes } from '../../src/enrollment/events';
import { enrollmentStates } from '../../src/enrollment/status';
import { verified } from '../webhook-receiver';
import { sendUntilAnswered, type Answer, type Call } from './http';
import { keptPortsOf } from './kept-ports';

export interface ReceiverParts {
  /** The folder that the stack is kept in: the port, the id and the secret of the webhook stay there. */
  readonly state: string;
  /** Address of the API. */
  readonly api: string;
  /** A key with `webhooks:manage`. */
  readonly key: string;
  /** Gets one line for each event that was verified, and for each request that was refused. */
  readonly say: (line: string) => void;
}

export interface Receiver {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A receiver of webhooks on this machine: adds itself to the API, unless an earlier one in the same folder has done so, verifies what
 * comes, and tells of it. Throws when the API does not take it within half a minute.
 */
export async function startReceiver({ state, api, key, say }: ReceiverParts): Promise<Receiver> {
  const { port } = await keptPortsOf(z.strictObject({ port: z.number() }), join(state, 'receiver-port.json'), {
    port: usualPort,
  });
  const url = `http://127.0.0.1:${port}/`;
  let secret: string | undefined;
  const server = createServer((request, response) => {
    const answer = (status: number) => response.writeHead(status, { connection: 'close' }).end();
    bodyOf(request).then(
      (body) => {
        const line = body === undefined || secret === undefined ? undefined : lineOf(secret, request.headers, body);
        say(line ?? '  A request to the receiver was refused: it is not signed with the secret of its webhook.');
        answer(line === undefined ? 401 : 204);
      },
      () => undefined, // whoever asked has gone
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  try {
    secret = await webhookSecret({ url, file: join(state, 'receiver.json'), api, key });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

/** Beside the emulator's 8400 and 8401. */
const usualPort = 8402;

const keptSchema = z.strictObject({ webhookId: z.string(), secret: z.string() });

interface Registration {
  readonly url: string;
  readonly file: string;
  readonly api: string;
  readonly key: string;
}

/**
 * The secret of the one webhook that leads to `url`. Its webhook of an earlier start is used again; when its secret is not known, it
 * gets another; one that led to an earlier port is removed.
 */
async function webhookSecret({ url, file, api, key }: Registration): Promise<string> {
  const call = async <Schema extends z.ZodType>(
    { path = '', ...more }: Pick<Call, 'method' | 'body'> & { readonly path?: string },
    answer: Schema,
  ): Promise<z.output<Schema>> => {
    // Under one key, so that a call whose answer is lost adds no second webhook when it is made again.
    const request = { ...more, url: `${api}/v1/webhooks${path}`, key, idempotencyKey: randomUUID() };
    const asked = await sendUntilAnswered(request, AbortSignal.timeout(30_000));
    return answer.parse(wellAnswered(asked));
  };
  const { webhooks } = await call({ method: 'GET' }, webhookList);
  const kept = readKept(file);
  const old = webhooks.find(({ id }) => id === kept?.webhookId);
  if (kept !== undefined && old?.url === url) return kept.secret;
  if (old !== undefined) await call({ method: 'DELETE', path: `/${old.id}` }, webhookList);
  const same = webhooks.find((each) => each.url === url);
  const { id, secret } =
    same === undefined
      ? await call({ method: 'POST', body: { url } }, webhookWithSecret)
      : await call({ method: 'POST', path: `/${same.id}/secret` }, webhookWithSecret);
  writeFileSync(`${file}.new`, `${JSON.stringify({ webhookId: id, secret })}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secret;
}

function wellAnswered({ status, body }: Answer): unknown {
  if (status >= 200 && status < 300) return body;
  throw new Error(`The API answered ${status} when the receiver of events was to be added.`);
}

function readKept(file: string): z.infer<typeof keptSchema> | undefined {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // none yet, or not one of ours: the webhook gets another secret then
  }
}

/** More than any event has. Bytes. */
const longestBody = 64 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const eventSchema = z.object({
  type: z.enum(eventTypes),
  timestamp: z.iso.datetime(),
  data: z.object({
    enrollmentId: z.string(),
    sequence: z.int(),
    factor: z.string().optional(),
    status: z.object({ state: z.enum(enrollmentStates), factor: z.string().optional() }),
  }),
});

const longestType = Math.max(...eventTypes.map(({ length }) => length));

/** One line about an event that verifies; `undefined` for anything else. */
function lineOf(secret: string, headers: IncomingHttpHeaders, body: string): string | undefined {
  try {
    const { type, timestamp, data } = eventSchema.parse(verified(secret, headers, body));
    const { state } = data.status;
    const factor = data.factor ?? data.status.factor;
    const where = factor === undefined ? state : `${state} (${factor})`;
    const time = new Date(timestamp).toLocaleTimeString('sv-SE');
    return `  ${time}  ${data.sequence}  ${type.padEnd(longestType)}  ${where.padEnd(20)}  ${data.enrollmentId}`;
  } catch {
    return undefined;
  }
}
