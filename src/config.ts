import type { KeyObject } from 'node:crypto';
import { readApi, type ApiServerConfig } from './config/api';
import { readAuth0, type Auth0Config } from './config/auth0';
import { readAuth0Calls, type Auth0CallsConfig } from './config/auth0-calls';
import { readCodec, type CodecConfig } from './config/codec';
import { ConfigError } from './config/config-error';
import { readIdKey, readPayload, readPreviousIdKeys, type PayloadConfig } from './config/keys';
import { createConfigReader } from './config/reader';
import { readSendingLimits, type SendingLimitsConfig } from './config/sending-limits';
import { readTemporal, type TemporalConfig } from './config/temporal';
import { logLevel, type LogLevel } from './config/variables';
import { readVersioning, type WorkerVersion } from './config/versioning';
import { readReceiverRules } from './config/webhooks';
import { readTracing } from './config/tracing';
import { readWorker, type WorkerServerConfig } from './config/worker';
import { defined } from './enrollment/defined';
import type { ReceiverRules } from './webhooks/addresses';

export { ConfigError };
export type { CodecConfig, PayloadConfig, TemporalConfig, WorkerServerConfig };

interface CommonConfig {
  /** Unless `NODE_ENV=development` says otherwise: nothing is made up, nothing is left open. */
  readonly production: boolean;
  readonly logLevel: LogLevel;
  readonly payload: PayloadConfig;
  /** What the operator should read at start: one sentence each, without secrets. */
  readonly warnings: readonly string[];
}

interface WorkerConfig extends CommonConfig {
  /** Are traces sent to an OpenTelemetry collector? */
  readonly tracing: boolean;
  readonly auth0: Auth0Config;
  readonly auth0Calls: Auth0CallsConfig;
  readonly temporal: TemporalConfig;
  /** Keys the hashes that the ids of counters are made of. */
  readonly idKey: KeyObject;
  /** What it was before: the ids of enrollments of that time. */
  readonly previousIdKeys: readonly KeyObject[];
  readonly receivers: ReceiverRules;
  readonly sendingLimits: SendingLimitsConfig;
  readonly worker: WorkerServerConfig;
  /** Absent: the worker is not versioned. */
  readonly version?: WorkerVersion;
}

interface ApiConfig extends CommonConfig {
  /** Are traces sent to an OpenTelemetry collector? */
  readonly tracing: boolean;
  readonly auth0: Auth0Config;
  readonly temporal: TemporalConfig;
  /** Keys the hashes that case and update ids are made of. */
  readonly idKey: KeyObject;
  /** What it was before: ids and links of these keys still hold. */
  readonly previousIdKeys: readonly KeyObject[];
  readonly receivers: ReceiverRules;
  readonly api: ApiServerConfig;
}

interface CodecServerConfig extends CommonConfig {
  readonly codec: CodecConfig;
}

/** What each process is given. */
export interface ConfigOf {
  readonly worker: WorkerConfig;
  readonly api: ApiConfig;
  readonly 'codec-server': CodecServerConfig;
}
export type ProcessRole = keyof ConfigOf;

/**
 * Reads and checks what one process needs from its environment: once, at start. A secret may be given as `<NAME>_FILE`,
 * the path of a file that holds it. Throws ConfigError that names every fault. The result is frozen.
 */
export function loadConfig<Role extends ProcessRole>(env: NodeJS.ProcessEnv, role: Role): ConfigOf[Role] {
  const reader = createConfigReader(env);
  const common: CommonConfig = {
    production: reader.production,
    logLevel: reader.withDefault('LOG_LEVEL', logLevel, 'info'),
    payload: readPayload(reader),
    warnings: reader.warnings,
  };
  const readers: { readonly [Name in ProcessRole]: () => ConfigOf[Name] } = {
    worker: () => {
      const auth0 = readAuth0(reader);
      const auth0Calls = readAuth0Calls(reader);
      const temporal = readTemporal(reader, env, common.payload);
      const idKey = readIdKey(
        reader,
        'after a restart texts are counted from nothing, and each worker counts for itself.',
      );
      const version = readVersioning(reader);
      return {
        ...common,
        ...{ auth0, auth0Calls, temporal, idKey },
        previousIdKeys: readPreviousIdKeys(reader, idKey),
        receivers: readReceiverRules(reader),
        sendingLimits: readSendingLimits(reader),
        worker: readWorker(reader),
        tracing: readTracing(reader),
        ...defined({ version }),
      };
    },
    api: () => {
      const idKey = readIdKey(reader);
      return {
        ...common,
        auth0: readAuth0(reader),
        temporal: readTemporal(reader, env, common.payload),
        idKey,
        previousIdKeys: readPreviousIdKeys(reader, idKey),
        receivers: readReceiverRules(reader),
        api: readApi(reader),
        tracing: readTracing(reader),
      };
    },
    'codec-server': () => ({ ...common, codec: readCodec(reader) }),
  };
  const config = readers[role]();
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  Object.freeze(reader.warnings);
  Object.freeze(config);
  return config;
}
