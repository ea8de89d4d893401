import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { registerSearchAttributes } from '../../src/temporal/register-search-attributes';
import { searchAttributes } from '../../src/workflows/search-attributes';

const pragmas = ['journal_mode=wal', 'synchronous=normal', 'wal_autocheckpoint=10000', 'cache_size=-65536'];

/** Arguments of `temporal` for a development server on 127.0.0.1 that keeps its state in `database`. */
export const devServerArguments = (options: {
  readonly port: number;
  readonly uiPort: number;
  readonly database: string;
  readonly codecEndpoint: string;
  /** Where its own metrics answer, as Prometheus text; nowhere when absent. */
  readonly metricsPort?: number | undefined;
}): readonly string[] => [
  'server',
  'start-dev',
  ...['--ip', '127.0.0.1', '--port', String(options.port), '--ui-port', String(options.uiPort)],
  ...['--db-filename', options.database],
  // WAL doubles the throughput; synchronous=normal loses nothing to a kill, only to a power cut. Pages that change often are copied out of
  // the WAL less often (40 MB), and 64 MB of them are kept in memory: a tenth of the server's CPU.
  ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
  ...Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${type === SearchAttributeType.DATETIME ? 'Datetime' : 'Keyword'}`,
  ]),
  ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  // Otherwise each look at a search attribute reads namespace and cluster from the database: some thirty times an enrollment.
  ...['--dynamic-config-value', 'system.forceSearchAttributesCacheRefreshOnRead=false'],
  // Far above what an enrollment needs. Signals of megabytes, sent without a pause, fill a history before a run can continue as new.
  ...['--dynamic-config-value', 'limit.blobSize.error=262144'],
  ...['--ui-codec-endpoint', options.codecEndpoint],
  ...(options.metricsPort === undefined ? [] : ['--metrics-port', String(options.metricsPort)]),
  ...['--log-level', 'warn'],
];

/** Does a server answer at `address`? */
export async function serves(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '2s' });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the namespace know our search attributes, on a server that we started or one that was there before.
 * A server that was set up here has no namespace at first: `created here` makes it. Reads `TEMPORAL_*` from `env` as the CLI does. Throws an
 * error that says what to do when the server does not let us.
 */
export async function prepareServer(
  env: Readonly<Record<string, string>>,
  namespace: string,
  whichIs: 'there' | 'created here' = 'there',
): Promise<void> {
  const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: { ...env } });
  const address = connectionOptions.address ?? 'localhost:7233';
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10s' }).catch(
    (cause: unknown) => {
      throw new Error(`No Temporal server answers at ${address}.`, { cause });
    },
  );
  try {
    if (whichIs === 'created here') await createNamespace(connection, namespace);
    await registerSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
}

/** How long a closed enrollment can still be looked up: as in deploy/temporal/set-up-namespace.sh. */
const retention = '168h';
/** gRPC: NOT_FOUND. */
const notFound = 5;

/** Does nothing when it is there. Waits until the server takes calls about it, which it does seconds after it has stored it. */
async function createNamespace(connection: Connection, namespace: string): Promise<void> {
  const { workflowService, operatorService } = connection;
  if (!(await isFound(workflowService.describeNamespace({ namespace })))) {
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs(retention) });
  }
  const until = Date.now() + 30_000;
  while (!(await isFound(operatorService.listSearchAttributes({ namespace })))) {
    if (Date.now() > until) throw new Error(`The server does not know its new namespace ${namespace} yet, after 30 s.`);
    await sleep(200);
  }
}

const isFound = (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => true,
    (error: unknown) => {
      if (isGrpcServiceError(error) && Number(error.code) === notFound) return false;
      throw error;
    },
  );
