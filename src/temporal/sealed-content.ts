import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

// What is encrypted of a payload, from version 3 of the sealed format on: one byte that says how the rest is written, and the rest. Why
// it is compressed, and what its length tells: docs/decisions/0024-compact-payloads.md.

const { Payload: PayloadMessage } = temporal.api.common.v1;

/** The first byte. */
const asItIs = 0;
const deflated = 1;

/** Bytes. What is shorter stays as it is: codes are, so that their length never says anything about their digits. */
const deflateFrom = 256;
/** Bytes that a payload may have before it is deflated: Temporal takes no message of more. Bounds what one that was tampered with can make us allocate. */
const mostInflated = 4 * 1024 * 1024;
/**
 * zlib's fastest level: at these sizes the best one saves 2 % more. Its defaults take 256 KB for each call, and 16 KB for what comes out; a
 * window of 4 KB is as good for payloads of this size and needs a tenth.
 */
const small = { level: 1, windowBits: 12, memLevel: 4, chunkSize: 2048 };
const inflating = { maxOutputLength: mostInflated, chunkSize: 4096 };

/** The payload with its metadata, as bytes; deflated (RFC 1951) where that makes it shorter. */
export function contentOf(payload: Payload): Uint8Array {
  const whole = PayloadMessage.encode(payload).finish();
  if (whole.length >= deflateFrom && whole.length <= mostInflated) {
    const shorter = deflateRawSync(whole, small);
    if (shorter.length < whole.length) return Buffer.concat([Buffer.of(deflated), shorter]);
  }
  return Buffer.concat([Buffer.of(asItIs), whole]);
}

/** The payload that `contentOf` was given. Throws for what it has not made, and for more than 4 MiB. */
export function payloadIn(content: Uint8Array): Payload {
  const rest = content.subarray(1);
  switch (content[0]) {
    case asItIs:
      return PayloadMessage.decode(rest);
    case deflated:
      return PayloadMessage.decode(inflateRawSync(rest, inflating));
    default:
      throw new TypeError('the content of a sealed payload begins with a byte that is not known here');
  }
}
