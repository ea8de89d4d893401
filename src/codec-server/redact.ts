import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { redacted } from '../secret';
import { shown, shownInPayloads } from '../shown-members';

/**
 * A decrypted payload as an operator may see it (src/shown-members.ts): tokens, codes, keys and whole phone numbers are
 * redacted, and so is every member that nobody has allowed. A payload that is no JSON of ours is redacted whole.
 */
export function redactedPayload(payload: Payload): Payload {
  if (!payload.data?.length) return payload; // undefined and null: nothing is in it
  return { ...payload, ...toPayload(shown(valueOf(payload), shownInPayloads)) };
}

function valueOf({ metadata, data }: Payload): unknown {
  if (Buffer.from(metadata?.['encoding'] ?? []).toString() !== 'json/plain') return redacted;
  try {
    return JSON.parse(Buffer.from(data ?? []).toString());
  } catch {
    return redacted;
  }
}

const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
