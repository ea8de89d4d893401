import { Connection, isGrpcServiceError } from '@temporalio/client';
import { readTemporal } from '../config/temporal';
import { createConfigReader } from '../config/reader';
import { interceptors, reach } from '../temporal/connection';
import { registerSearchAttributes } from '../temporal/register-search-attributes';
import { searchAttributes } from '../workflows/search-attributes';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';

/** What became of a namespace. */
export interface NamespaceSetUp {
  readonly address: string;
  readonly namespace: string;
  /** Names of the search attributes that were missing and have been registered. */
  readonly registered: readonly string[];
  /** Names of those that were there before. */
  readonly present: readonly string[];
}

/**
 * Registers the project's search attributes in the namespace that `TEMPORAL_*` names, and waits until queries take them. Does
 * nothing where they are. Throws Failure that says what to do: for a wrong configuration, a server that does not answer, a
 * namespace that is not there, and attributes that cannot be registered.
 */
export async function setUpNamespace(env: NodeJS.ProcessEnv): Promise<NamespaceSetUp> {
  const reader = createConfigReader(env);
  const noKeys = { keys: new Map() }; // nothing is sealed here
  const { address, namespace, connectionOptions } = readTemporal(reader, env, noKeys);
  if (reader.faults.length > 0) {
    throw usage(['This configuration cannot be used:', ...reader.faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
  const connection = await reach(address, () =>
    Connection.connect({ ...connectionOptions.reveal(), interceptors }),
  ).catch((error: unknown) => {
    throw new Failure(exitCodes.unavailable, textOf(error));
  });
  try {
    await connection.workflowService.describeNamespace({ namespace }).catch((error: unknown) => {
      if (!isGrpcServiceError(error) || Number(error.code) !== notFound) throw error;
      throw usage(
        `Temporal at ${address} has no namespace ${namespace}. Create it first: temporal operator namespace create -n ${namespace}`,
      );
    });
    const registered = await registerSearchAttributes(connection, namespace);
    const names = Object.values(searchAttributes).map(({ name }) => name);
    return { address, namespace, registered, present: names.filter((name) => !registered.includes(name)) };
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(exitCodes.refused, textOf(error));
  } finally {
    await connection.close();
  }
}

/** gRPC's status NOT_FOUND. */
const notFound = 5;

/** One sentence, without the stack. */
const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.message.replace(/\.$/, '')}.` : String(error);
