import { apiAudience, tenantSetup } from './desk';
import { apiKeysVariable, type Secrets } from './secrets';

/** Where the parts of a stack are: `host:port` for Temporal, URLs without a final slash for the rest. */
export interface Addresses {
  readonly temporal: string;
  readonly emulator: string;
  readonly emulatorControl: string;
  readonly api: string;
  readonly codecServer: string;
  readonly workerHealth: string;
  readonly apiHealth: string;
  /** Absent where the server has no web interface. */
  readonly temporalUi?: string | undefined;
}

export interface TemporalPlace {
  readonly namespace: string;
  readonly taskQueue: string;
  /** `TEMPORAL_*` variables that lead to the server. */
  readonly variables: Readonly<Record<string, string>>;
}

const payloadKeyId = 'local-1';

/**
 * The environment of each process, whole: of the caller's own only what a program needs to run goes in, so that a
 * shell set up for a real tenant cannot leak into a local stack.
 */
export function environments(
  addresses: Addresses,
  place: TemporalPlace,
  secrets: Secrets,
  logLevel: string,
  /** Where the emulated tenant outlives its process; absent: it does not. */
  tenantFile?: string,
) {
  const common = {
    ...ordinary(process.env),
    NODE_ENV: 'development', // the emulated tenant stands for Auth0: AUTH0_BASE_URL is taken in development only
    LOG_LEVEL: logLevel,
    PAYLOAD_KEYS: JSON.stringify({ [payloadKeyId]: secrets.payloadKey }),
    PAYLOAD_ACTIVE_KEY_ID: payloadKeyId,
  };
  const connected = {
    ...common,
    ...place.variables,
    TEMPORAL_NAMESPACE: place.namespace,
    TEMPORAL_TASK_QUEUE: place.taskQueue,
    AUTH0_DOMAIN: new URL(addresses.emulator).host,
    AUTH0_BASE_URL: addresses.emulator,
    AUTH0_CLIENT_ID: secrets.clientId,
    AUTH0_CLIENT_SECRET: secrets.clientSecret,
    WEBHOOK_ALLOW_PRIVATE: 'true', // whoever tries things out has a receiver on this machine
  };
  return {
    temporal: ordinary(process.env),
    emulator: {
      ...ordinary(process.env),
      EMULATOR_PORT: new URL(addresses.emulator).port,
      EMULATOR_CONTROL_PORT: new URL(addresses.emulatorControl).port,
      EMULATOR_CLIENT_ID: secrets.clientId,
      EMULATOR_CLIENT_SECRET: secrets.clientSecret,
      EMULATOR_LINKS: JSON.stringify({
        'API docs': `${addresses.api}/docs`,
        ...(addresses.temporalUi === undefined ? {} : { 'Temporal UI': addresses.temporalUi }),
      }),
      EMULATOR_SETUP: JSON.stringify(tenantSetup(addresses.api, secrets)),
      ...(tenantFile === undefined ? {} : { EMULATOR_STATE_FILE: tenantFile }),
    },
    worker: {
      ...connected,
      ID_KEY: secrets.idKey,
      WORKER_HEALTH_PORT: new URL(addresses.workerHealth).port,
      // Texts of an emulator cost nothing, and whoever tries things out has one number. They are counted all the same.
      TEXTS_PER_NUMBER_PER_DAY: '1000',
      TEXTS_PER_CALLER_PER_DAY: '1000000',
    },
    api: {
      ...connected,
      ID_KEY: secrets.idKey,
      API_HOST: '127.0.0.1',
      API_PORT: new URL(addresses.api).port,
      HEALTH_PORT: new URL(addresses.apiHealth).port,
      API_KEYS: apiKeysVariable(secrets.apiKeys),
      API_JWT_ISSUER: `${addresses.emulator}/`,
      API_JWT_AUDIENCE: apiAudience,
      DESK_CLIENT_ID: secrets.desk.clientId,
      DESK_CLIENT_SECRET: secrets.desk.clientSecret,
      ...(addresses.temporalUi === undefined ? {} : { TEMPORAL_UI_URL: addresses.temporalUi }),
      PUBLIC_URL: addresses.api,
      START_LINKS: JSON.stringify(startLinks(addresses)),
    },
    codecServer: {
      ...common,
      CODEC_HOST: '127.0.0.1',
      CODEC_PORT: new URL(addresses.codecServer).port,
      ...(addresses.temporalUi === undefined ? {} : { CODEC_ALLOWED_ORIGINS: originsOf(addresses.temporalUi) }),
    },
  };
}

/** What the start page shows to whoever tries things out. */
const startLinks = ({ api, emulatorControl, temporalUi }: Addresses): Readonly<Record<string, string>> => ({
  'The emulated tenant: its users, the texts that it has sent, what their apps show': `${emulatorControl}/`,
  ...(temporalUi === undefined ? {} : { 'Temporal UI: the enrollments as workflows': temporalUi }),
  'The HTTP API, to read and to try': `${api}/docs`,
});

/** A browser may have been given either name of this machine. */
function originsOf(url: string): string {
  const { port } = new URL(url);
  return [`http://localhost:${port}`, `http://127.0.0.1:${port}`].join(',');
}

const needed = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'NODE_OPTIONS'];

const ordinary = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => needed.includes(name)));
