import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { searchAttributes } from '../workflows/search-attributes';

const { IndexedValueType } = temporal.api.enums.v1;
const wanted = Object.values(searchAttributes).map(({ name, type }) => ({
  name,
  type: {
    KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
  }[type],
}));

/**
 * Makes the namespace know our search attributes and waits until queries with them are taken. Does nothing when they are there.
 * Answers the names of those that were missing. Throws when one is there with another type, when the server refuses (Temporal Cloud registers them in its own interface),
 * or when they are not usable within `timeoutMs`.
 */
export async function registerSearchAttributes(
  connection: Pick<Connection, 'operatorService' | 'workflowService'>,
  namespace: string,
  timeoutMs = 30_000,
): Promise<readonly string[]> {
  const missing = await findMissing(connection, namespace);
  if (missing.length > 0) {
    await connection.operatorService
      .addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, type])),
      })
      .catch((cause: unknown) => refused(connection, namespace, cause));
  }
  await untilUsable(connection, namespace, Date.now() + timeoutMs);
  return missing.map(({ name }) => name);
}

/**
 * The names of our search attributes that queries of this namespace do not know. Asks by query, which every caller of a namespace may
 * do; the list of search attributes is an operator's. Rejects when Temporal does not answer.
 */
export async function missingSearchAttributes(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
): Promise<string[]> {
  const isMissing = async (name: string): Promise<boolean> => {
    try {
      // No workflow has this id: nothing is counted, only the name is looked up.
      const query = `WorkflowId = 'none' AND ${name} IS NOT NULL`;
      await workflowService.countWorkflowExecutions({ namespace, query });
      return false;
    } catch (error) {
      if (isGrpcServiceError(error) && Number(error.code) === invalidArgument) return true;
      throw error;
    }
  };
  const names = wanted.map(({ name }) => name);
  const missing = await Promise.all(names.map(isMissing));
  return names.filter((_name, index) => missing[index]);
}

/** gRPC: INVALID_ARGUMENT, as for a query with a name that the server does not know. */
const invalidArgument = 3;

type Services = Parameters<typeof registerSearchAttributes>[0];

async function findMissing({ operatorService }: Services, namespace: string): Promise<typeof wanted> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  for (const { name, type } of wanted) {
    const found = customAttributes[name];
    if (found !== undefined && found !== type) {
      throw new Error(
        `namespace ${namespace} has a search attribute ${name} of type ${IndexedValueType[found]}: expected ${IndexedValueType[type]}`,
      );
    }
  }
  return wanted.filter(({ name }) => customAttributes[name] === undefined);
}

/** Two processes that start together both find them missing; the slower one is told that they exist, which is as good. */
async function refused(services: Services, namespace: string, cause: unknown): Promise<void> {
  const missing = await findMissing(services, namespace);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new Error(`namespace ${namespace} lacks the search attributes ${names}, and they cannot be added`, { cause });
}

/** The list knows them before the query parser does: only a query shows that they work. */
async function untilUsable({ workflowService }: Services, namespace: string, deadline: number): Promise<void> {
  const query = wanted.map(({ name }) => `${name} IS NOT NULL`).join(' OR ');
  for (;;) {
    try {
      await workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (cause) {
      if (Date.now() >= deadline) {
        throw new Error(`the search attributes of namespace ${namespace} are registered but not usable yet`, { cause });
      }
      await delay(100);
    }
  }
}
