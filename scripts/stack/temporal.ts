import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { registerSearchAttributes } from '../../src/temporal/register-search-attributes';
import { searchAttributes } from '../../src/workflows/search-attributes';

/** The Temporal CLI that set-up has found. Throws when set-up has not run. */
export function temporalCli(): string {
  const tools = z.object({ temporal: z.object({ path: z.string() }) });
  try {
    return tools.parse(JSON.parse(readFileSync(join(__dirname, '../../.run/tools.json'), 'utf8'))).temporal.path;
  } catch (error) {
    throw new Error('No Temporal CLI is set up. Run "npm run setup".', { cause: error });
  }
}

/** Arguments of `temporal` for a development server on 127.0.0.1 that keeps its state in `database`. */
export const devServerArguments = (options: {
  readonly port: number;
  readonly uiPort: number;
  readonly database: string;
  readonly codecEndpoint: string;
}): readonly string[] => [
  'server',
  'start-dev',
  ...['--ip', '127.0.0.1', '--port', String(options.port), '--ui-port', String(options.uiPort)],
  ...['--db-filename', options.database],
  // WAL doubles the throughput; synchronous=normal loses nothing to a kill, only to a power cut.
  ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
  ...Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${type === SearchAttributeType.DATETIME ? 'Datetime' : 'Keyword'}`,
  ]),
  ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  // Far above what an enrollment needs. Signals of megabytes, sent without a pause, fill a history before a run can continue as new.
  ...['--dynamic-config-value', 'limit.blobSize.error=262144'],
  ...['--ui-codec-endpoint', options.codecEndpoint],
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
 * Reads `TEMPORAL_*` from `env` as the CLI does. Throws an error that says what to do when the server does not let us.
 */
export async function prepareServer(env: Readonly<Record<string, string>>, namespace: string): Promise<void> {
  const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: { ...env } });
  const address = connectionOptions.address ?? 'localhost:7233';
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10s' }).catch(
    (cause: unknown) => {
      throw new Error(`No Temporal server answers at ${address}.`, { cause });
    },
  );
  try {
    await registerSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
}
