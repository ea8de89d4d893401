import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import type { Stack } from '../stack';
import { freePortsOf } from '../stack/ports';
import { databaseUser, postgresService, preparePostgres } from '../stack/postgres';
import { answers, createService, type Service } from '../stack/service';
import { devServerArguments, prepareServer, serves } from '../stack/temporal';
import { toolPath } from '../stack/tools';
import type { BenchTenant, Engine, HistoryPlace } from './engine';
import { floor } from './engines/floor';
import { rival } from './engines/rival';

const run = promisify(execFile);
const folderOfRivals = join(__dirname, '../../bench/rivals');

export const rivalNames = ['floor', 'floor-http', 'temporal', 'dbos', 'restate'] as const;
export type RivalName = (typeof rivalNames)[number];

const portsSchema = z.strictObject({
  temporal: z.number(),
  temporalUi: z.number(),
  plain: z.number(),
  dbos: z.number(),
  restate: z.number(),
  restateService: z.number(),
  restateIngress: z.number(),
  restateAdmin: z.number(),
  restateNode: z.number(),
});

/** Those that run, those that could not be started with the reason, and how to end them all. */
export interface Rivals {
  readonly engines: readonly Engine[];
  readonly missing: ReadonlyMap<RivalName, string>;
  stop(): Promise<void>;
}

/**
 * Installs what the rivals need when it is not there (`npm ci` below bench/rivals) and starts those that are asked for, each in
 * processes of its own, with their files in the stack's folder. A rival that does not start is `missing`, and the others run.
 */
export async function startRivals(
  names: readonly RivalName[],
  stack: Stack,
  benchTenant: BenchTenant,
  say: (line: string) => void,
): Promise<Rivals> {
  const engines: Engine[] = [];
  const missing = new Map<RivalName, string>();
  /** What was started, to be ended in the opposite order. */
  const running: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    for (const part of running.splice(0).reverse()) await part.stop();
  };
  if (names.length === 0) return { engines, missing, stop };

  const folder = join(stack.folder, 'rivals');
  mkdirSync(folder, { recursive: true, mode: 0o711 }); // PostgreSQL runs as another user, who has to pass
  const ports = await freePortsOf(portsSchema, {});
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    AUTH0_BASE_URL: stack.emulator,
    AUTH0_CLIENT_ID: stack.clientId,
    AUTH0_CLIENT_SECRET: stack.clientSecret,
  };
  const common = { logs: stack.logs, readyWithinSeconds: 60, graceSeconds: 10 };
  const start = async (service: Service): Promise<Service> => {
    running.push(service);
    await service.start();
    return service;
  };
  const nodeProgram = (name: string, script: string, more: NodeJS.ProcessEnv): Promise<Service> =>
    start(
      createService({
        ...common,
        name: `rival ${name}`,
        run: { program: process.execPath, args: [join(folderOfRivals, script)] },
        env: { ...env, ...more },
        isReady: async (output) => output.includes('ready'),
      }),
    );

  const temporalAddress = `127.0.0.1:${ports.temporal}`;
  /** One server for all that are built on Temporal, of the kind that our own stack has. */
  const startTemporal = once(async () => {
    const service = await start(
      createService({
        ...common,
        name: "rivals' Temporal server",
        run: {
          program: toolPath('temporal'),
          args: devServerArguments({
            port: ports.temporal,
            uiPort: ports.temporalUi,
            database: join(folder, 'dev.db'),
            codecEndpoint: stack.codecServer,
          }),
        },
        env,
        isReady: () => serves(temporalAddress),
      }),
    );
    await prepareServer({ TEMPORAL_ADDRESS: temporalAddress }, 'default');
    const connection = await Connection.connect({ address: temporalAddress });
    running.push({ stop: () => connection.close() });
    return { service, client: new Client({ connection }) };
  });
  const historiesOf = (taskQueue: string): HistoryPlace => ({
    address: temporalAddress,
    namespace: 'default',
    taskQueue,
    workflowType: 'enrollment',
  });

  const startFloor = async (name: 'floor' | 'floor-http', calls: 'none' | 'http'): Promise<Engine> => {
    const { service, client } = await startTemporal();
    const worker = await nodeProgram(name, 'floor/worker.mjs', {
      TEMPORAL_ADDRESS: temporalAddress,
      TASK_QUEUE: name,
      CALLS: calls,
    });
    return {
      name,
      ...(calls === 'http' ? { tenant: benchTenant } : {}),
      processes: { worker: () => worker.pid, 'Temporal server': () => service.pid },
      histories: historiesOf(name),
      crashes: worker,
      ...floor(client, name),
    };
  };

  const starters: Readonly<Record<RivalName, () => Promise<Engine>>> = {
    floor: () => startFloor('floor', 'none'),
    'floor-http': () => startFloor('floor-http', 'http'),
    async temporal() {
      const { service } = await startTemporal();
      const server = await nodeProgram('temporal', 'temporal/server.mjs', {
        TEMPORAL_ADDRESS: temporalAddress,
        TASK_QUEUE: 'plain',
        PORT: String(ports.plain),
      });
      return {
        name: 'temporal',
        tenant: benchTenant,
        processes: { service: () => server.pid, 'Temporal server': () => service.pid },
        histories: historiesOf('plain'),
        crashes: server,
        ...rival(at(ports.plain)),
      };
    },
    async dbos() {
      const databaseFolder = join(folder, 'postgres');
      mkdirSync(databaseFolder, { recursive: true });
      const place = await preparePostgres(databaseFolder, Object.values(ports));
      // As it is installed: fsync and synchronous_commit are on unless somebody turns them off.
      const postgres = await start(postgresService(place, { ...common, env }));
      const server = await nodeProgram('dbos', 'dbos/server.mjs', {
        DATABASE_URL: `postgresql://${databaseUser}:${place.password}@127.0.0.1:${place.ports.postgres}/dbos`,
        PORT: String(ports.dbos),
      });
      return {
        name: 'dbos',
        tenant: benchTenant,
        processes: { service: () => server.pid, PostgreSQL: () => postgres.pid },
        crashes: server,
        ...rival(at(ports.dbos)),
      };
    },
    async restate() {
      const config = join(folder, 'restate.toml');
      writeFileSync(config, restateConfig(join(folder, 'restate'), ports));
      const program = join(
        folderOfRivals,
        `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
      );
      if (!existsSync(program)) throw new Error(`no Restate server for ${process.platform} ${process.arch}`);
      const engine = await start(
        createService({
          ...common,
          name: 'Restate server',
          run: { program, args: ['--config-file', config, '--listen-mode', 'tcp', '--no-logo'] },
          env,
          isReady: () => answers(`${at(ports.restateAdmin)}/health`),
        }),
      );
      const server = await nodeProgram('restate', 'restate/server.mjs', {
        RESTATE_INGRESS: at(ports.restateIngress),
        RESTATE_ADMIN: at(ports.restateAdmin),
        SERVICE_PORT: String(ports.restateService),
        PORT: String(ports.restate),
      });
      return {
        name: 'restate',
        tenant: benchTenant,
        processes: { service: () => server.pid, 'Restate server': () => engine.pid },
        crashes: server,
        ...rival(at(ports.restate)),
      };
    },
  };

  const installed = await installRivals(say);
  for (const name of names) {
    try {
      if (installed !== undefined) throw new Error(installed);
      engines.push(await starters[name]());
      say(`${name}: started`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      missing.set(name, reason.slice(0, 500));
      say(`${name}: not measured: ${reason}`);
    }
  }
  return { engines, missing, stop };
}

/** Undefined when they are installed; else the reason why not. */
async function installRivals(say: (line: string) => void): Promise<string | undefined> {
  const marker = join(folderOfRivals, 'node_modules/.package-lock.json');
  const lock = readFileSync(join(folderOfRivals, 'package-lock.json'), 'utf8');
  const note = join(folderOfRivals, 'node_modules/.installed-lock');
  if (existsSync(marker) && existsSync(note) && readFileSync(note, 'utf8') === lock) return undefined;
  say('installing what the rivals need (bench/rivals)');
  try {
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', args, { cwd: folderOfRivals, timeout: 300_000, maxBuffer: 10_000_000 });
    writeFileSync(note, lock);
    return undefined;
  } catch (error) {
    return `npm ci in bench/rivals failed: ${error instanceof Error ? error.message.slice(0, 300) : ''}`;
  }
}

/** Restate's defaults, but for addresses, the folder and telemetry. Its log is written with fsync (`rocksdb-disable-wal-fsync = false`). */
function restateConfig(baseDir: string, ports: z.infer<typeof portsSchema>): string {
  return [
    `base-dir = "${baseDir}"`,
    `bind-address = "127.0.0.1:${ports.restateNode}"`,
    'disable-telemetry = true',
    'log-filter = "warn"',
    '[ingress]',
    `bind-address = "127.0.0.1:${ports.restateIngress}"`,
    '[admin]',
    `bind-address = "127.0.0.1:${ports.restateAdmin}"`,
    '',
  ].join('\n');
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
