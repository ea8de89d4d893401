import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

const linkEvent = z.object({
  type: z.literal('enrollment.link_created'),
  data: z.object({
    enrollmentId: z.string(),
    userId: z.string(),
    reminder: z.number(),
    link: z.object({ url: z.string(), expiresAt: z.string() }),
  }),
});

export type LinkEvent = z.infer<typeof linkEvent>['data'];

/** The system that sends links to users: it takes signed events, and knows a repeated one by its id. */
export async function createReceiver(onLink: (link: LinkEvent) => void) {
  let webhook: Webhook | undefined;
  const known = new Set<string>();
  let repeated = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      try {
        const body = Buffer.concat(chunks).toString('utf8');
        const id = String(request.headers['webhook-id']);
        const payload = webhook?.verify(body, {
          'webhook-id': id,
          'webhook-timestamp': String(request.headers['webhook-timestamp']),
          'webhook-signature': String(request.headers['webhook-signature']),
        });
        const { data } = linkEvent.parse(payload);
        if (known.has(id)) repeated += 1;
        else {
          known.add(id);
          onLink(data);
        }
        response.writeHead(204).end();
      } catch {
        response.writeHead(400).end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/links`,
    takes(secret: string): void {
      webhook = new Webhook(secret);
    },
    /** Events that came more than once, which is allowed. */
    repeated: () => repeated,
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
