/** A text or call that is about to be asked for. */
export interface Sending {
  /** Names the one step that asks, the same in each of its attempts, and tells nothing of it. */
  readonly id: string;
  /** E.164. */
  readonly phoneNumber: string;
  /** A keyed hash of the caller who gave the number; absent where nobody is known to have. */
  readonly caller?: string;
  /** Kept with the reservation, for whoever recalls it: up to 4,000 characters. */
  readonly note?: string;
}

export type SendingReserved =
  /**
   * Counted. `release` takes it back for a text that was surely not sent; it never rejects. `again`: the same step has reserved it
   * before.
   */
  | { readonly type: 'reserved'; readonly again: boolean; readonly release: () => Promise<void> }
  /** Not counted. `retryAt` (epoch ms): when one more may be sent; absent where an operator decides. */
  | { readonly type: 'refused'; readonly why: 'number' | 'caller' | 'stopped'; readonly retryAt?: number };

/** What limits the texts and calls of all enrollments together (docs/decisions/0016-sending-limits.md). */
export interface SendingLimits {
  /**
   * Asks whether one more text or call may be sent to this number, and counts it. Rejects with any error when that cannot be
   * found out: nothing may be sent then.
   */
  reserve(sending: Sending, signal: AbortSignal): Promise<SendingReserved>;
  /** Is a reservation remembered for some minutes beyond this process? Only then can it be recalled. */
  readonly remembers: boolean;
  /** The note of what was reserved under this id for this number; undefined when nothing was. Rejects as `reserve` does. */
  recall(sending: Pick<Sending, 'id' | 'phoneNumber'>, signal: AbortSignal): Promise<string | undefined>;
}

/** For tests of other things: everything may be sent. */
export const noSendingLimits: SendingLimits = {
  reserve: () => Promise.resolve({ type: 'reserved', again: false, release: () => Promise.resolve() }),
  remembers: false,
  recall: () => Promise.resolve(undefined),
};
