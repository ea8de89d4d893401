import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { environments, type Addresses, type TemporalPlace } from './stack/environment';
import { staffLogins } from './stack/desk';
import { holdFolder } from './stack/hold';
import { keptPorts } from './stack/kept-ports';
import { freePorts, freePortsOf, type Ports } from './stack/ports';
import { postgresService, preparePostgres, type PostgresPlace } from './stack/postgres';
import { setUpSchema, temporalServerRun } from './stack/production-server';
import { freshSecrets, keptSecrets, type Secrets } from './stack/secrets';
import { answers, createService, type Service } from './stack/service';
import { publishStack, type StackFile } from './stack/stack-file';
import { devServerArguments, prepareServer, serves } from './stack/temporal';
import { toolPath } from './stack/tools';

export interface StackOptions {
  /** A folder in which cases, keys and ports outlive the stack; absent: everything goes with it. */
  readonly state?: string;
  /** For a stack that is thrown away: a folder that stays for whoever wants to look at its database and logs. */
  readonly remains?: string;
  /** Also written to the repository's `.run/stack.json`, where tools and people look for a stack. */
  readonly announce?: boolean;
  /**
   * Which Temporal server is started: `dev`, the development server of Temporal's CLI with SQLite, unless `TEMPORAL_ADDRESS` names one
   * that is there; or `postgres`, the production server with PostgreSQL, both of them the stack's own. Absent: `dev`.
   */
  readonly server?: 'dev' | 'postgres';
  readonly logLevel?: string;
  /** Processes from `dist/`, which must have been built: they start faster than from source. */
  readonly compiled?: boolean;
  /** How many processes of each there are; one when absent. */
  readonly workers?: number;
  readonly apis?: number;
  /** More variables for one process; those of each worker may differ, and the first one is number 0. */
  readonly apiVariables?: Readonly<Record<string, string>>;
  readonly workerVariables?: Readonly<Record<string, string>> | ((index: number) => Readonly<Record<string, string>>);
  /** Where the development server's own metrics answer; nowhere when absent. */
  readonly temporalMetricsPort?: number;
  /** Told when a part begins to start and when it is ready. */
  readonly onProgress?: (part: string, event: 'starting' | 'ready') => void;
}

/** A running stack: its addresses and keys, its processes, and how to end it. */
export interface Stack extends StackFile {
  /** The folder with `logs/` and, for a stack that is thrown away, everything else. */
  readonly folder: string;
  readonly logs: string;
  readonly services: {
    /** Absent when the server was there before (`TEMPORAL_ADDRESS`). */
    readonly temporal?: Service;
    /** Only with `postgres`. */
    readonly postgres?: Service;
    readonly emulator: Service;
    readonly codecServer: Service;
    readonly worker: Service;
    readonly api: Service;
  };
  /** Every worker, and every API with its address; `services.worker` and `services.api` are the first ones. */
  readonly workers: readonly Service[];
  readonly apis: readonly { readonly service: Service; readonly address: string }[];
  /** Resolves with its name when a process has ended that nobody asked to end. */
  readonly crashed: Promise<string>;
  /** API, worker, emulator, Temporal, its database: each ends while what it depends on is still there. Safe to call twice. */
  stop(): Promise<void>;
}

const namespaceDefault = 'default';
const taskQueueDefault = 'mfa-enrollment';

/**
 * Starts Temporal (or uses `TEMPORAL_ADDRESS`), the emulated tenant, codec server, worker and API on free ports of
 * 127.0.0.1, each a process of its own, and waits until all are ready. Stacks do not meet: each has its own ports, keys
 * and folder. Throws when another stack holds `state`, or,
 * with everything stopped again, when a part does not start; the error holds the end of its log.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const throwAway = options.state === undefined;
  const folder = options.state ?? options.remains ?? mkdtempSync(join(tmpdir(), 'mfa-stack-'));
  const letGo = holdFolder(folder);
  const leave = () => {
    letGo();
    if (throwAway && options.remains === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    return await startIn(folder, throwAway, leave, options);
  } catch (error) {
    leave();
    throw error;
  }
}

async function startIn(folder: string, throwAway: boolean, leave: () => void, options: StackOptions): Promise<Stack> {
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const secrets = throwAway ? freshSecrets() : keptSecrets(join(folder, 'secrets.json'));
  const ports = throwAway ? await freePorts() : await keptPorts(join(folder, 'ports.json'));
  const server = await temporalServer(options.server ?? 'dev', ports, folder, throwAway);
  const addresses = addressesOf(ports, server);
  const databasePorts = server.own?.kind === 'postgres' ? Object.values(server.own.place.ports) : [];
  const taken = [...Object.values(ports), ...databasePorts];
  const more = await morePorts((options.workers ?? 1) - 1, (options.apis ?? 1) - 1, taken);
  const { services, workers, apis } = createServices({
    ...more,
    addresses,
    ports,
    server,
    folder,
    ...(throwAway ? {} : { tenantFile: join(folder, 'tenant.state') }),
    logs,
    secrets,
    logLevel: options.logLevel ?? 'info',
    compiled: options.compiled === true,
    apiVariables: options.apiVariables ?? {},
    workerVariables: variablesOf(options.workerVariables),
    temporalMetricsPort: options.temporalMetricsPort,
  });
  const file = stackFile(addresses, server, secrets);
  let retract: () => void = () => undefined;

  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll());
  const stopAll = async () => {
    retract();
    await Promise.all([...apis.map(({ service }) => service.stop()), services.codecServer.stop()]);
    await Promise.all(workers.map((worker) => worker.stop()));
    await services.emulator.stop();
    await services.temporal?.stop();
    await services.postgres?.stop();
    leave();
  };

  const start = async (service: Service | undefined) => {
    if (service === undefined) return;
    options.onProgress?.(service.name, 'starting');
    await service.start();
    options.onProgress?.(service.name, 'ready');
  };
  const startTemporal = async () => {
    await start(services.postgres);
    if (server.own?.kind === 'postgres') await setUpSchema(server.own.place, process.env);
    await start(services.temporal);
    await prepareServer(server.variables, server.namespace, server.own?.kind === 'postgres' ? 'created here' : 'there');
  };
  try {
    await allOrFirstFailure([start(services.emulator), start(services.codecServer), startTemporal()]);
    await allOrFirstFailure([...workers, ...apis.map(({ service }) => service)].map(start));
    retract = await publishStack(file, folder, options.announce === true);
  } catch (error) {
    await stop();
    throw error;
  }
  const { worker: _worker, api: _api, ...others } = services;
  const processes = [...workers, ...apis.map(({ service }) => service), ...Object.values(others)];
  const present = processes.filter((service) => service !== undefined);
  return {
    ...file,
    folder,
    logs,
    services,
    workers,
    apis,
    crashed: Promise.race(present.map(({ name, crashed }) => crashed.then(() => name))),
    stop,
  };
}

/** Waits for all, so that nothing is still starting when the rest is stopped; then throws the first failure. */
async function allOrFirstFailure(starts: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(starts)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

interface TemporalServer extends TemporalPlace {
  /** Started by us. */
  readonly own?:
    { readonly kind: 'dev'; readonly database: string } | { readonly kind: 'postgres'; readonly place: PostgresPlace };
  /** Absent where the server has no web interface. */
  readonly ui?: string;
}

async function temporalServer(
  kind: 'dev' | 'postgres',
  ports: Ports,
  folder: string,
  throwAway: boolean,
): Promise<TemporalServer> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace = namespaceDefault } = process.env;
  if (kind === 'postgres' || address === undefined || address === '') {
    // A file that says nothing in place of the user's own, which may lead to another server.
    const configFile = join(folder, 'temporal.toml');
    writeFileSync(configFile, '[profile.default]\n');
    return {
      ...(kind === 'postgres'
        ? { own: { kind, place: await preparePostgres(folder, Object.values(ports)) } }
        : { own: { kind, database: join(folder, 'dev.db') }, ui: `http://127.0.0.1:${ports.temporalUi}` }),
      namespace: namespaceDefault,
      taskQueue: taskQueueDefault,
      variables: { TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`, TEMPORAL_CONFIG_FILE: configFile },
    };
  }
  const variables = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('TEMPORAL_') && value !== undefined ? [[name, value] as const] : [],
  );
  return {
    namespace,
    // Stacks that share a server must not take each other's tasks: they cannot read each other's payloads.
    taskQueue: throwAway ? `${taskQueueDefault}-${randomBytes(6).toString('hex')}` : taskQueueDefault,
    variables: Object.fromEntries(variables),
    ui: process.env['TEMPORAL_UI_URL'] ?? devUiOf(address),
  };
}

/** A development server puts its web interface 1000 ports above its own. */
function devUiOf(address: string): string {
  const { hostname, port } = new URL(`http://${address}`);
  return `http://${hostname}:${Number(port === '' ? 7233 : port) + 1000}`;
}

function addressesOf(ports: Ports, server: TemporalServer): Addresses {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return {
    temporal: server.variables['TEMPORAL_ADDRESS'] ?? '',
    ...(server.ui === undefined ? {} : { temporalUi: server.ui }),
    emulator: at(ports.emulator),
    emulatorControl: at(ports.emulatorControl),
    api: at(ports.api),
    codecServer: at(ports.codecServer),
    workerHealth: at(ports.workerHealth),
    apiHealth: at(ports.apiHealth),
  };
}

function stackFile(addresses: Addresses, server: TemporalServer, secrets: Secrets): StackFile {
  const { api, temporal, temporalUi, emulator, emulatorControl, codecServer, apiHealth, workerHealth } = addresses;
  return {
    api,
    temporal,
    ...(temporalUi === undefined ? {} : { temporalUi }),
    emulator,
    emulatorControl,
    page: `${api}/`,
    desk: `${api}/desk`,
    keys: secrets.apiKeys,
    staff: staffLogins(secrets),
    clientId: secrets.clientId,
    clientSecret: secrets.clientSecret,
    taskQueue: server.taskQueue,
    namespace: server.namespace,
    codecServer,
    apiHealth,
    workerHealth,
  };
}

function createServices(parts: {
  readonly addresses: Addresses;
  readonly ports: Ports;
  readonly server: TemporalServer;
  readonly folder: string;
  readonly tenantFile?: string;
  readonly logs: string;
  readonly secrets: Secrets;
  readonly logLevel: string;
  readonly compiled: boolean;
  readonly apiVariables: Readonly<Record<string, string>>;
  readonly workerVariables: (index: number) => Readonly<Record<string, string>>;
  readonly temporalMetricsPort: number | undefined;
  /** Of every worker and API but the first ones. */
  readonly workerHealthPorts: readonly number[];
  readonly apiPorts: readonly { readonly port: number; readonly health: number }[];
}): Pick<Stack, 'services' | 'workers' | 'apis'> {
  const { addresses, ports, server, logs } = parts;
  const env = environments(addresses, server, parts.secrets, parts.logLevel, parts.tenantFile);
  const common = { logs, readyWithinSeconds: 60, graceSeconds: 10 };
  const entry = (file: string) => ({ entry: file, compiled: parts.compiled });
  const workerAt = (health: number, index: number): Service =>
    createService({
      ...common,
      name: numbered('worker', index),
      run: entry('src/worker.ts'),
      env: { ...env.worker, WORKER_HEALTH_PORT: String(health), ...parts.workerVariables(index) },
      isReady: () => answers(`http://127.0.0.1:${health}/health/ready`),
      graceSeconds: 30,
    });
  const apiAt = ({ port, health }: { readonly port: number; readonly health: number }, index: number) => ({
    address: `http://127.0.0.1:${port}`,
    service: createService({
      ...common,
      name: numbered('API', index),
      run: entry('src/api/main.ts'),
      env: { ...env.api, API_PORT: String(port), HEALTH_PORT: String(health), ...parts.apiVariables },
      isReady: () => answers(`http://127.0.0.1:${health}/health/ready`),
    }),
  });
  const worker = workerAt(ports.workerHealth, 0);
  const api = apiAt({ port: ports.api, health: ports.apiHealth }, 0);
  const workers = [worker, ...parts.workerHealthPorts.map((health, index) => workerAt(health, index + 1))];
  const apis = [api, ...parts.apiPorts.map((at, index) => apiAt(at, index + 1))];
  const { own } = server;
  const others = {
    ...(own?.kind === 'postgres' ? { postgres: postgresService(own.place, { ...common, env: env.temporal }) } : {}),
    ...(own === undefined
      ? {}
      : {
          temporal: createService({
            ...common,
            name: 'Temporal server',
            run:
              own.kind === 'postgres'
                ? temporalServerRun(own.place, ports.temporal)
                : {
                    program: toolPath('temporal'),
                    args: devServerArguments({
                      port: ports.temporal,
                      uiPort: ports.temporalUi,
                      database: own.database,
                      codecEndpoint: addresses.codecServer,
                      metricsPort: parts.temporalMetricsPort,
                    }),
                  },
            env: env.temporal,
            isReady: () => serves(addresses.temporal),
          }),
        }),
    emulator: createService({
      ...common,
      name: 'emulator',
      run: entry('emulator/main.ts'),
      env: env.emulator,
      isReady: async (output) => output.includes('"event":"ready"'),
    }),
    codecServer: createService({
      ...common,
      name: 'codec server',
      run: entry('src/codec-server/main.ts'),
      env: env.codecServer,
      isReady: () => answers(`${addresses.codecServer}/health/live`),
    }),
  };
  return { services: { ...others, worker, api: api.service }, workers, apis };
}

/** `worker`, `worker 2`, …; also the names of their logs. */
const numbered = (name: string, index: number): string => (index === 0 ? name : `${name} ${index + 1}`);

const variablesOf = (
  given: StackOptions['workerVariables'] = {},
): ((index: number) => Readonly<Record<string, string>>) => (typeof given === 'function' ? given : () => given);

/** Of the processes beyond the first ones: theirs need not stay the same. */
async function morePorts(workers: number, apis: number, taken: readonly number[]) {
  const names = Array.from({ length: workers + 2 * apis }, (_, index) => `more${index}`);
  const schema = z.object(Object.fromEntries(names.map((name) => [name, z.number()])));
  const ports = Object.values(await freePortsOf(schema, {}, taken));
  const workerHealthPorts = ports.splice(0, workers);
  const apiPorts = Array.from({ length: apis }, () => {
    const [port = 0, health = 0] = ports.splice(0, 2);
    return { port, health };
  });
  return { workerHealthPorts, apiPorts };
}
