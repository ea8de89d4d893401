import { isGrpcServiceError } from '@temporalio/client';
import { registerSearchAttributes } from '../temporal/register-search-attributes';
import { searchAttributes } from '../workflows/search-attributes';
import { usage } from './failure';
import { withTemporal } from './temporal';

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
  return withTemporal(
    env,
    () => undefined,
    async ({ address, namespace, connection }) => {
      await connection.workflowService.describeNamespace({ namespace }).catch((error: unknown) => {
        if (!isGrpcServiceError(error) || Number(error.code) !== notFound) throw error;
        throw usage(
          `Temporal at ${address} has no namespace ${namespace}. Create it first: temporal operator namespace create -n ${namespace}`,
        );
      });
      const registered = await registerSearchAttributes(connection, namespace);
      const names = Object.values(searchAttributes).map(({ name }) => name);
      return { address, namespace, registered, present: names.filter((name) => !registered.includes(name)) };
    },
  );
}

/** gRPC's status NOT_FOUND. */
const notFound = 5;
