import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { z } from 'zod';

export const portsSchema = z.strictObject({
  temporal: z.number(),
  temporalUi: z.number(),
  emulator: z.number(),
  emulatorControl: z.number(),
  api: z.number(),
  codecServer: z.number(),
  workerHealth: z.number(),
  apiHealth: z.number(),
});
/** The ports of a stack, all different. */
export type Ports = z.infer<typeof portsSchema>;

// Below the ranges that Linux and macOS hand out for outgoing connections, so that nothing slips in between.
const lowest = 20_000;
const highest = 32_000;

/** Ports of 127.0.0.1 that nobody listens on: the preferred ones where they are free, else random ones. */
export const freePorts = (preferred: Partial<Ports> = {}): Promise<Ports> => freePortsOf(portsSchema, preferred);

export type PortsSchema = z.ZodObject<Readonly<Record<string, z.ZodNumber>>>;

/** The same for ports of other names. `taken`: given away already, though nobody may listen there yet. */
export async function freePortsOf<Schema extends PortsSchema>(
  schema: Schema,
  preferred: Readonly<Record<string, number>>,
  taken: Iterable<number> = [],
): Promise<z.infer<Schema>> {
  const unavailable = new Set(taken);
  const chosen: Record<string, number> = {};
  // One after the other, so that no port is chosen twice.
  for (const name of schema.keyof().options) {
    const port = await freePort(unavailable, preferred[name]);
    unavailable.add(port);
    chosen[name] = port;
  }
  return schema.parse(chosen);
}

async function freePort(taken: ReadonlySet<number>, preferred: number | undefined): Promise<number> {
  const isFree = async (port: number) => !taken.has(port) && (await canListen(port));
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${lowest} and ${highest} on 127.0.0.1`);
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
