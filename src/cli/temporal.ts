import { Connection } from '@temporalio/client';
import { createConfigReader, type ConfigReader } from '../config/reader';
import { readTemporal, type TemporalConfig } from '../config/temporal';
import { interceptors, reach } from '../temporal/connection';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';

/** What a command that speaks to Temporal works with. `More`: what it reads of the environment besides. */
export interface TemporalContext<More> extends Pick<TemporalConfig, 'address' | 'namespace' | 'taskQueue'> {
  readonly connection: Connection;
  readonly more: More;
}

/**
 * Connects to the Temporal server that `TEMPORAL_*` names, as worker and API do, for as long as `act` takes. Throws Failure that says what to do:
 * for a wrong configuration, and for a server that does not answer. What `act` throws becomes a Failure with its message.
 */
export async function withTemporal<Result, More>(
  env: NodeJS.ProcessEnv,
  readMore: (reader: ConfigReader) => More,
  act: (context: TemporalContext<More>) => Promise<Result>,
): Promise<Result> {
  const reader = createConfigReader(env);
  const noKeys = { keys: new Map() }; // nothing is sealed here
  const { address, namespace, taskQueue, connectionOptions } = readTemporal(reader, env, noKeys);
  const more = readMore(reader);
  if (reader.faults.length > 0) {
    throw usage(['This configuration cannot be used:', ...reader.faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
  const connection = await reach(address, () =>
    Connection.connect({ ...connectionOptions.reveal(), interceptors }),
  ).catch((error: unknown) => {
    throw new Failure(exitCodes.unavailable, textOf(error));
  });
  try {
    return await act({ address, namespace, taskQueue, connection, more });
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(exitCodes.refused, textOf(error));
  } finally {
    await connection.close();
  }
}

/** One sentence, without the stack. */
const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.message.replace(/\.$/, '')}.` : String(error);
