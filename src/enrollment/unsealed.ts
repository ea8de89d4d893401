/** What was sent in clear, by whoever can write to Temporal: nobody vouches for who sent it. */
export class Unsealed {
  constructor(readonly value: unknown) {}
}

/**
 * Why a sealed payload does not open here:
 * - `key_missing`: it names a key that is not in the key ring
 * - `not_ours`: it was not sealed with the key that it names, or it was changed
 * - `other_case`: it was sealed for another namespace or workflow id, such as one copied from another enrollment
 * - `old_format`: it has the first format, which was bound to no workflow id, and `PAYLOAD_READ_V1` does not allow it
 * - `unknown_format`: it has a version that nobody here knows
 */
export const unreadableReasons = ['key_missing', 'not_ours', 'other_case', 'old_format', 'unknown_format'] as const;
export type UnreadableReason = (typeof unreadableReasons)[number];

/** What claims to be sealed, and does not open here. */
export class Unreadable {
  constructor(readonly reason: UnreadableReason) {}
}

/** Is this what the payload codec opened? Only then does it come from a holder of a payload key. */
export const isSealed = (message: unknown): boolean =>
  !(message instanceof Unsealed) && !(message instanceof Unreadable);

/** What a message holds, for the messages that are taken from a plain shell too; `undefined` when it cannot be read. */
export function contentOf(message: unknown): unknown {
  if (message instanceof Unsealed) return message.value;
  return message instanceof Unreadable ? undefined : message;
}
