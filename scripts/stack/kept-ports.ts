import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { freePortsOf, portsSchema, type Ports, type PortsSchema } from './ports';

const usual: Ports = {
  temporal: 7233,
  temporalUi: 8233,
  emulator: 8400,
  emulatorControl: 8401,
  api: 8080,
  codecServer: 8081,
  workerHealth: 9090,
  apiHealth: 9091,
};

/**
 * The ports of a stack that stays: the ones it had before, else the usual ones, each replaced when somebody else listens
 * there. They stay the same because cases and tokens carry the tenant's address.
 */
export const keptPorts = (file: string): Promise<Ports> => keptPortsOf(portsSchema, file, usual);

/** The same for ports of other names: random ones at first where `usual` has none. `taken` as for `freePortsOf`. */
export async function keptPortsOf<Schema extends PortsSchema>(
  schema: Schema,
  file: string,
  usual: Readonly<Record<string, number>> = {},
  taken: Iterable<number> = [],
): Promise<z.infer<Schema>> {
  const ports = await freePortsOf(schema, { ...usual, ...read(schema, file) }, taken);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`, { mode: 0o600 });
  return ports;
}

/** A part that came with a later version has no port there yet. */
function read(schema: PortsSchema, file: string): Record<string, number> {
  try {
    return portsByName(schema.partial().parse(JSON.parse(readFileSync(file, 'utf8'))));
  } catch {
    return {}; // none yet, or not one of ours: the usual ones then
  }
}

const portsByName = (found: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(found).flatMap(([name, port]) => (port === undefined ? [] : [[name, port] as const])),
  );
