import { loadClientConnectConfig } from '@temporalio/envconfig';
import { secret, type Secret } from '../secret';
import { isLoopback } from './addresses';
import type { ConfigReader } from './reader';
import { word } from './variables';

export interface TemporalConfig {
  readonly taskQueue: string;
  readonly namespace: string;
  /** `host:port`, for messages. */
  readonly address: string;
  /** As @temporalio/envconfig read it; hidden because it may hold an API key or a client certificate. */
  readonly connectionOptions: Secret<TemporalConnectionOptions>;
}

type TemporalConnectionOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

/** `TEMPORAL_*` and `temporal.toml`, by the rules of the `temporal` command line: what it reaches, we reach. */
export function readTemporal(reader: ConfigReader, env: NodeJS.ProcessEnv): TemporalConfig {
  const taskQueue = reader.withDefault('TEMPORAL_TASK_QUEUE', word, 'mfa-enrollment');
  const profile = readProfile(reader, env);
  const address = profile.connectionOptions.address ?? 'localhost:7233';
  if (!profile.connectionOptions.tls && !isLoopback(address.replace(/:\d+$/, ''))) {
    reader.warn(
      `Temporal at ${address} is reached without TLS: whoever is on the way can read, stop and start enrollments. Set TEMPORAL_TLS unless that network is yours alone.`,
    );
  }
  return Object.freeze({
    taskQueue,
    namespace: profile.namespace ?? 'default',
    address,
    connectionOptions: secret({ ...profile.connectionOptions, address }),
  });
}

function readProfile(reader: ConfigReader, env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, value]],
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch {
    // The reason quotes the file or the variable, which may hold a key.
    reader.fault(
      'TEMPORAL_*',
      'variables and a temporal.toml that the temporal command line accepts, and certificate files that this process may read',
    );
    return { connectionOptions: {} };
  }
}
