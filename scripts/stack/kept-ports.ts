import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { defined } from '../../src/enrollment/defined';
import { freePorts, portsSchema, type Ports } from './ports';

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
export async function keptPorts(file: string): Promise<Ports> {
  const ports = await freePorts({ ...usual, ...read(file) });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`, { mode: 0o600 });
  return ports;
}

/** A part that came with a later version has no port there yet. */
function read(file: string): Partial<Ports> {
  try {
    return defined(portsSchema.partial().parse(JSON.parse(readFileSync(file, 'utf8'))));
  } catch {
    return {}; // none yet, or not one of ours: the usual ones then
  }
}
