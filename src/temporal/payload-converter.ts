import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/**
 * A message of an encoding nobody here knows, or of broken JSON, is read as `undefined`, which handlers and validators refuse.
 * The SDK's own converter throws instead, and a signal that throws while it is read stops its workflow for ever: the signal
 * is in the history, and every retry meets it again. What our own activities wrote still throws, for that is a fault.
 *
 * For workers only; a client that cannot read an answer must say so. The SDK loads this file by its path, also inside the
 * workflow bundle: no Node modules here.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context, hint) => defaultPayloadConverter.toPayload(value, context, hint),
  fromPayload: (payload, context, hint) => {
    try {
      return defaultPayloadConverter.fromPayload(payload, context, hint);
    } catch (error) {
      if (context?.type !== 'workflow') throw error;
      return undefined as never; // of any type: whoever reads a message checks it first
    }
  },
};
