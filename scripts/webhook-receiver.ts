import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { z } from 'zod';

const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

/** What an event says that is signed with this secret. Throws for any other request. */
export const verified = (secret: string, headers: IncomingHttpHeaders, body: string): unknown =>
  new Webhook(secret).verify(body, Object.fromEntries(signed.map((name) => [name, String(headers[name] ?? '')])));

/** A receiver of webhooks: it takes signed events, and knows a repeated one by its id. It can be killed, and listen again on the same port. */
export function createReceiver<T>(event: z.ZodType<T>, onEvent: (event: T) => void) {
  const known = new Set<string>();
  const refused: string[] = [];
  let repeated = 0;
  let secret: string | undefined;
  let server: Server | undefined;

  function take(headers: IncomingHttpHeaders, body: string): void {
    const id = String(headers['webhook-id']);
    const told = event.parse(secret === undefined ? undefined : verified(secret, headers, body));
    if (known.has(id)) repeated += 1;
    else {
      known.add(id);
      onEvent(told);
    }
  }

  return {
    /** Events are signed with this secret from now on; those that come before are refused. */
    takes(signedWith: string): void {
      secret = signedWith;
    },
    /** The port that it listens on; 0 for any. */
    async listen(port = 0): Promise<number> {
      server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => void chunks.push(chunk));
        request.on('end', () => {
          try {
            take(request.headers, Buffer.concat(chunks).toString('utf8'));
            response.writeHead(204).end();
          } catch (error) {
            refused.push(error instanceof Error ? error.message : 'unknown');
            response.writeHead(400).end();
          }
        });
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
      return address.port;
    },
    async kill(): Promise<void> {
      if (server?.listening !== true) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    /** Different events. */
    events: () => known.size,
    /** Events that came more than once, which is allowed. */
    repeated: () => repeated,
    /** Why events were not taken. */
    refused: (): readonly string[] => refused,
  };
}
