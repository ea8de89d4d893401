import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';
import { Unreadable, Unsealed } from '../enrollment/unsealed';
import { markerOf } from './payload-marker';

/**
 * A message that the codec did not open is read as what it is: `Unsealed` with its value, or `Unreadable` with the reason. Handlers and
 * validators decide what they take. A message of an encoding nobody here knows, or of broken JSON, is read as `undefined`,
 * which they refuse. The SDK's own converter throws instead, and a signal that throws while it is read stops its workflow for
 * ever: the signal is in the history, and every retry meets it again. What our own activities wrote still throws, for that is
 * a fault.
 *
 * For workers only; a client that cannot read an answer must say so. The SDK loads this file by its path, also inside the
 * workflow bundle: no Node modules here.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context, hint) => defaultPayloadConverter.toPayload(value, context, hint),
  fromPayload: (payload, context, hint) => {
    const read = () => defaultPayloadConverter.fromPayload(payload, context, hint);
    if (context?.type !== 'workflow') return read();
    const marker = markerOf(payload);
    if (marker === undefined) return orUndefined(read) as never; // of any type: whoever reads a message checks it first
    return (marker === 'unsealed' ? new Unsealed(orUndefined(read)) : new Unreadable(marker)) as never; // as above
  },
};

function orUndefined(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
