import { hostname } from 'node:os';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import type { PayloadConfig, TemporalConfig } from '../config';
import { sealedClientOptions } from './data-converter';
import type { ObserveUnreadable } from './payload-codec';

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  readonly close: () => Promise<void>;
}

/** Who did it, as histories and the web interface show it: `<process>@<host>:<pid>`. */
export const identity = (processName: string): string => `${processName}@${hostname()}:${process.pid}`;

/**
 * One connection and one client for the whole process; every payload they write is sealed, and nothing else is read.
 * Throws an error that names the address when Temporal does not answer within 10 seconds.
 */
export async function connectClient(
  config: { readonly temporal: TemporalConfig; readonly payload: PayloadConfig },
  processName = 'mfa-api',
  observe?: ObserveUnreadable,
  more?: readonly WorkflowClientInterceptor[],
): Promise<TemporalClient> {
  const { address, connectionOptions, namespace } = config.temporal;
  const connection = await reach(address, () => Connection.connect({ ...connectionOptions.reveal(), interceptors }));
  const client = new Client({
    connection,
    identity: identity(processName),
    ...sealedClientOptions(config.payload, namespace, observe, more),
  });
  return { client, connection, close: () => connection.close() };
}

/** gRPC's status RESOURCE_EXHAUSTED. */
export const resourceExhausted: number = 8;
const retry = defaultGrpcRetryOptions();

/**
 * The SDK's own retries, without those of RESOURCE_EXHAUSTED: they go on until the deadline of the call, and then nobody can tell
 * a run with too many updates in flight from one without a worker.
 */
export const interceptors = [
  makeGrpcRetryInterceptor({
    ...retry,
    retryableDecider: (attempt, status) =>
      Number(status.code) !== resourceExhausted && retry.retryableDecider(attempt, status),
  }),
];

/** Gives a failed connection the address it was for. */
export async function reach<Reached>(address: string, connect: () => Promise<Reached>): Promise<Reached> {
  try {
    return await connect();
  } catch (cause) {
    throw new Error(`Temporal at ${address} cannot be reached: is it running, and is TEMPORAL_ADDRESS right?`, {
      cause,
    });
  }
}
