import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ranges that Linux and macOS hand out for outgoing connections, so that nothing slips in between.
const lowest = 20_000;
const highest = 32_000;

/** A port of 127.0.0.1 that nobody listens on: `preferred` when it is free, else a random one. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${lowest} and ${highest} on 127.0.0.1`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
