import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { freePort } from './ports';

const portsSchema = z.strictObject({
  temporal: z.number(),
  temporalUi: z.number(),
  emulator: z.number(),
  emulatorControl: z.number(),
  api: z.number(),
  codecServer: z.number(),
  workerHealth: z.number(),
});
export type Ports = z.infer<typeof portsSchema>;

const usual: Ports = {
  temporal: 7233,
  temporalUi: 8233,
  emulator: 8400,
  emulatorControl: 8401,
  api: 8080,
  codecServer: 8081,
  workerHealth: 9090,
};

/**
 * The ports of a stack that stays: the ones it had before, else the usual ones, each replaced when somebody else listens
 * there. They stay the same because cases and tokens carry the tenant's address.
 */
export async function keptPorts(file: string): Promise<Ports> {
  const before = read(file) ?? usual;
  const entries = Object.entries(before).map(async ([name, port]) => [name, await freePort(port)] as const);
  const ports = portsSchema.parse(Object.fromEntries(await Promise.all(entries)));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`, { mode: 0o600 });
  return ports;
}

function read(file: string): Ports | undefined {
  try {
    return portsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // none yet, or not one of ours: the usual ones then
  }
}
