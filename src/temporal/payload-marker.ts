import type { Payload } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding';
import { unreadableReasons, type UnreadableReason } from '../enrollment/unsealed';

// How a worker's codec tells the converter inside the workflow what it could not open: one more entry of a payload's metadata.
// The codec alone writes it; whatever a payload brings under that name is taken away. Loaded in the workflow bundle too: no Node modules here.

const name = 'mfa-not-sealed';

/** The payload as it is, marked as not sealed. */
export const markUnsealed = (payload: Payload): Payload => ({
  ...payload,
  metadata: { ...payload.metadata, [name]: encode('unsealed') },
});

/** In place of a payload that does not open. */
export const markUnreadable = (reason: UnreadableReason): Payload => ({
  metadata: { encoding: encode('binary/null'), [name]: encode(reason) },
});

/** The payload without a marker that its writer put there. */
export function withoutMarker(payload: Payload): Payload {
  if (payload.metadata?.[name] === undefined) return payload;
  const { [name]: _, ...metadata } = payload.metadata;
  return { ...payload, metadata };
}

/** What the codec said of this payload; undefined for one that it opened, and where no codec runs. */
export function markerOf({ metadata }: Payload): 'unsealed' | UnreadableReason | undefined {
  const marker = metadata?.[name];
  if (marker === undefined) return undefined;
  const said = decode(marker);
  return unreadableReasons.find((reason) => reason === said) ?? 'unsealed';
}
