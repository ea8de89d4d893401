import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError, loadConfig, type ProcessRole } from '../../src/config';
import { optionsFromEnvironment } from '../../emulator/options';

export const roles = ['worker', 'api', 'codec-server'] as const satisfies readonly ProcessRole[];

/** Every environment variable that a process of ours reads, `TEMPORAL_*` for the worker and the API included. */
export function variablesReadBy(role: ProcessRole): ReadonlySet<string> {
  const asked = new Set<string>();
  for (const mode of ['production', 'development']) {
    try {
      loadConfig(recording({ NODE_ENV: mode }, asked), role);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error; // nothing is set: that is a fault, and it has read on
    }
  }
  return role === 'codec-server' ? asked : new Set([...asked, ...temporalVariables()]);
}

/** Every environment variable that the emulator reads. */
export function variablesReadByEmulator(): ReadonlySet<string> {
  const asked = new Set<string>();
  optionsFromEnvironment(recording({}, asked));
  return asked;
}

/** What is wrong with an environment; nothing when a process can start with it. */
export function configFaults(env: NodeJS.ProcessEnv, role: ProcessRole): readonly string[] {
  try {
    loadConfig(env, role);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

function recording(env: NodeJS.ProcessEnv, asked: Set<string>): NodeJS.ProcessEnv {
  return new Proxy(env, {
    get(target, name) {
      if (typeof name === 'string') asked.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
}

/** @temporalio/envconfig is given the environment whole; what it looks for stands in its code. The codec and gRPC headers are for the command line. */
function temporalVariables(): readonly string[] {
  const folder = dirname(require.resolve('@temporalio/envconfig'));
  const code = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const names = code.join('\n').match(/\bTEMPORAL_[A-Z_]+[A-Z]\b(?!_)/g) ?? [];
  return [...new Set(names)].filter((name) => !/^TEMPORAL_(CODEC|GRPC)_/.test(name));
}
