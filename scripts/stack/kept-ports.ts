import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { freePorts, portsSchema, type Ports } from './ports';

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
  const ports = await freePorts(read(file) ?? usual);
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
