/** A text or call that is about to be asked for. */
export interface Sending {
  /** Names the one step that asks, the same in each of its attempts, and tells nothing of it. */
  readonly id: string;
  /** E.164. */
  readonly phoneNumber: string;
  /** A keyed hash of the caller who gave the number; absent where nobody is known to have. */
  readonly caller?: string;
}

export type SendingReserved =
  /** Counted. `release` takes it back for a text that was surely not sent; it never rejects. */
  | { readonly type: 'reserved'; readonly release: () => Promise<void> }
  /** Not counted. `retryAt` (epoch ms): when one more may be sent; absent where an operator decides. */
  | { readonly type: 'refused'; readonly why: 'number' | 'caller' | 'stopped'; readonly retryAt?: number };

/** What limits the texts and calls of all enrollments together (docs/decisions/0016-sending-limits.md). */
export interface SendingLimits {
  /**
   * Asks whether one more text or call may be sent to this number, and counts it. Rejects with any error when that cannot be
   * found out: nothing may be sent then.
   */
  reserve(sending: Sending, signal: AbortSignal): Promise<SendingReserved>;
}

/** For tests of other things: everything may be sent. */
export const noSendingLimits: SendingLimits = {
  reserve: () => Promise.resolve({ type: 'reserved', release: () => Promise.resolve() }),
};
