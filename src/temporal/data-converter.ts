import type { ClientOptions, WorkflowClientInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { clientCodec, workerCodec, type KeyRing, type ObserveUnreadable } from './payload-codec';
import { memoInterceptor } from './sealed-memos';

const failureConverterPath = require.resolve('./failure-converter');

/**
 * For `bundleWorkflowCode`, which must be told the same as the worker: a bundle built without them writes failures in clear.
 * Paths of .ts or .js files, as this file is one.
 */
export const workflowConverterPaths = {
  payloadConverterPath: require.resolve('./payload-converter'),
  failureConverterPath,
};

/** The data converter of every client: all payloads, failures' messages and stack traces included, are sealed; nothing else is read. */
export const createDataConverter = (keyRing: KeyRing, observe?: ObserveUnreadable): DataConverter => ({
  payloadCodecs: [clientCodec(keyRing, observe)],
  failureConverterPath,
});

/** The data converter of every worker: as a client's, and a message that cannot be read does not stop a workflow. */
export const createWorkerDataConverter = (keyRing: KeyRing, observe?: ObserveUnreadable): DataConverter => ({
  payloadCodecs: [workerCodec(keyRing, observe)],
  ...workflowConverterPaths,
});

/** What makes a client of ours: its data converter, and memos that are read as far as they are sealed. */
export const sealedClientOptions = (
  keyRing: KeyRing,
  namespace: string,
  observe?: ObserveUnreadable,
  more: readonly WorkflowClientInterceptor[] = [],
): Pick<ClientOptions, 'dataConverter' | 'interceptors' | 'namespace'> => ({
  namespace,
  dataConverter: createDataConverter(keyRing, observe),
  interceptors: { workflow: [memoInterceptor([clientCodec(keyRing, observe)], namespace), ...more] },
});
