import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { secret, type Secret } from '../secret';
import { isLoopback } from './addresses';
import type { PayloadConfig } from './keys';
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
export function readTemporal(
  reader: ConfigReader,
  env: NodeJS.ProcessEnv,
  payload: Pick<PayloadConfig, 'keys'>,
): TemporalConfig {
  const taskQueue = reader.withDefault('TEMPORAL_TASK_QUEUE', word, 'mfa-enrollment');
  const profile = readProfile(reader, env);
  const address = profile.connectionOptions.address ?? 'localhost:7233';
  const accepted = reader.optional('TEMPORAL_PLAINTEXT', plaintext) !== undefined;
  if (!profile.connectionOptions.tls && !isLoopback(address.replace(/:\d+$/, ''))) {
    if (!accepted) {
      reader.fault(
        'TEMPORAL_TLS',
        `TLS to Temporal at ${address}, or TEMPORAL_PLAINTEXT=accept where that network is yours alone`,
      );
    } else {
      reader.warn(
        `Temporal at ${address} is reached without TLS: whoever is on the way can stop enrollments, and send codes to them. Set TEMPORAL_TLS unless that network is yours alone.`,
      );
    }
  }
  const namespace = profile.namespace ?? 'default';
  checkRoom(reader, namespace, payload);
  return Object.freeze({
    taskQueue,
    namespace,
    address,
    connectionOptions: secret({ ...profile.connectionOptions, address }),
  });
}

const plaintext = z.literal('accept', { error: 'accept, or nothing' });

/**
 * Temporal takes summaries of 400 bytes, sealed (`limit.userMetadataSummarySize`), and refuses a whole start or workflow task for a longer one. In
 * a payload of the second format the namespace and the key's id stand in clear, and 8 bytes for each other key of the ring. 88 bytes of them
 * leave room for 60 bytes of text: all factors of an enrollment. The third format always has that room.
 */
function checkRoom(
  reader: ConfigReader,
  namespace: string,
  { keys, writeV2 = false }: Pick<PayloadConfig, 'keys' | 'writeV2'>,
): void {
  if (!writeV2) return;
  const longestKeyId = Math.max(0, ...Array.from(keys.keys(), (id) => id.length));
  const room = 88 - longestKeyId - 8 * (keys.size - 1);
  if (Buffer.byteLength(namespace) > room) {
    reader.fault(
      'TEMPORAL_NAMESPACE',
      `at most ${room} bytes beside these PAYLOAD_KEYS, or shorter ids or fewer keys there, or PAYLOAD_WRITE_V2 not set`,
    );
  }
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
