import type { DataConverter, LoadedDataConverter, Payload } from '@temporalio/common';
import { encryptionCodec, type KeyRing } from './payload-codec';

const failureConverterPath = require.resolve('./failure-converter');

/**
 * For `bundleWorkflowCode`, which must be told the same as the worker: a bundle built without them writes failures in clear.
 * Paths of .ts or .js files, as this file is one.
 */
export const workflowConverterPaths = {
  payloadConverterPath: require.resolve('./payload-converter'),
  failureConverterPath,
};

/** The data converter of every client: all payloads, failures' messages and stack traces included, are encrypted. */
export const createDataConverter = (keyRing: KeyRing): DataConverter => ({
  payloadCodecs: [encryptionCodec(keyRing)],
  failureConverterPath,
});

/** The data converter of every worker: as a client's, and a message that cannot be read does not stop a workflow. */
export const createWorkerDataConverter = (keyRing: KeyRing): DataConverter => ({
  payloadCodecs: [encryptionCodec(keyRing)],
  ...workflowConverterPaths,
});

/** What a payload holds, for answers that the SDK passes on undecoded. Throws as the converter does. */
export async function decodedPayload(
  { payloadCodecs, payloadConverter }: Pick<LoadedDataConverter, 'payloadCodecs' | 'payloadConverter'>,
  payload: Payload,
): Promise<unknown> {
  let decoded: readonly Payload[] = [payload];
  for (const codec of payloadCodecs.toReversed()) decoded = await codec.decode([...decoded]);
  return payloadConverter.fromPayload(decoded[0] ?? payload);
}
