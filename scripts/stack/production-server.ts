import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connections, databaseUser, type PostgresPlace } from './postgres';
import type { ServiceOptions } from './service';
import { toolPath } from './tools';

const run = promisify(execFile);

/** The name of each database, and of its schema in Temporal's tool. */
export const databases = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

/** Makes Temporal's databases and brings their schemas to the version of its server. Does only what is missing. */
export async function setUpSchema({ ports, password }: PostgresPlace, env: NodeJS.ProcessEnv): Promise<void> {
  const tool = join(dirname(toolPath('temporalServer')), 'temporal-sql-tool');
  for (const [database, schema] of Object.entries(databases)) {
    const server = ['--plugin', 'postgres12', '--endpoint', '127.0.0.1', '--port', String(ports.postgres)];
    const named = [...server, '--user', databaseUser, '--database', database];
    for (const command of [
      ['create-database'],
      ['setup-schema', '--version', '0.0'],
      ['update-schema', '--schema-name', `postgresql/v12/${schema}`],
    ]) {
      const options = { env: { ...env, SQL_PASSWORD: password }, timeout: 120_000, maxBuffer: 10_000_000 };
      await run(tool, [...named, ...command], options).catch((error: unknown) => {
        throw new Error(`temporal-sql-tool ${command[0]} failed for the database ${database}.`, { cause: error });
      });
    }
  }
}

/** Temporal's production server as a part of a stack, once its databases are there. */
export function temporalServerRun(place: PostgresPlace, frontendPort: number): ServiceOptions['run'] {
  // Mode 0600: the server takes the database's password from its configuration.
  writeFileSync(place.configFile, serverConfig(place, frontendPort), { mode: 0o600 });
  return {
    program: toolPath('temporalServer'),
    args: ['--config-file', place.configFile, '--allow-no-auth', 'start'],
  };
}

const dynamicConfig = join(__dirname, '../../deploy/temporal/dynamic-config.yaml');

/**
 * Configuration of Temporal's server: all four roles in one process on 127.0.0.1, both stores on PostgreSQL, and the limits that
 * docker-compose.yml has too. As JSON, which is YAML. After config/development-postgres12.yaml of its sources.
 */
export function serverConfig(
  { ports, password }: Pick<PostgresPlace, 'ports' | 'password'>,
  frontendPort: number,
): string {
  const store = (database: keyof typeof databases) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName: database,
      connectAddr: `127.0.0.1:${ports.postgres}`,
      connectProtocol: 'tcp',
      user: databaseUser,
      password,
      maxConns: connections[database],
      maxIdleConns: connections[database],
      maxConnLifetime: '1h',
    },
  });
  const role = (grpcPort: number, membershipPort: number) => ({
    rpc: { grpcPort, membershipPort, bindOnLocalHost: true },
  });
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4, // fixed for ever at the first start
      datastores: {
        default: store('temporal'),
        visibility: store('temporal_visibility'),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: role(frontendPort, ports.frontendMembership),
      history: role(ports.history, ports.historyMembership),
      matching: role(ports.matching, ports.matchingMembership),
      worker: role(ports.worker, ports.workerMembership),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontendPort}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
