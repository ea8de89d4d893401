import { AsyncLocalStorage } from 'node:async_hooks';
import { defined } from '../enrollment/defined';
import type { Priority } from '../enrollment/tenant-budget';

/** A call to Auth0 that is about to be made. */
export interface PacedCall {
  readonly priority: Priority;
  /** How long it may wait for its turn, in milliseconds. 0: now or not at all. */
  readonly waitMs: number;
  /** When it aborts, nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
}

export type Admission =
  /** The call may be made now. Exactly one of the two functions is to be called when it has ended. */
  | {
      readonly type: 'admitted';
      /** It has ended, however, and Auth0 did not throttle it. */
      readonly ended: () => void;
      /**
       * Auth0 has throttled it, and said for how many milliseconds; undefined: it did not say. Returns after how many the same call
       * should come again: not before that, and spread, so that many do not come together.
       */
      readonly throttled: (forMs: number | undefined) => number;
    }
  /** It is not to be made. `retryAfterMs`: when it should come again, spread in the same way. */
  | { readonly type: 'refused'; readonly retryAfterMs: number };

/** Decides when calls to Auth0 are made, so that together they stay within what the tenant allows. */
export interface Pace {
  /** Resolves when the call may be made, or will not be in time. Never rejects. */
  admit(call: PacedCall): Promise<Admission>;
}

/** What holds for the calls made within a function. */
interface Turn {
  readonly priority?: Priority;
  /** By `performance.now()`. */
  readonly waitUntil?: number;
}

const turns = new AsyncLocalStorage<Turn>();

/** How long a call waits for its turn where nobody has said. */
const usualWaitMs = 1_000;

/** Calls made within `calls` have this priority. Without it a call is `interactive`: a person waits for it. */
export const withPriority = <T>(priority: Priority, calls: () => T): T =>
  turns.run({ ...turns.getStore(), priority }, calls);

/**
 * Calls made within `calls` wait for their turns no longer than this, all together (milliseconds); after that a call is made at
 * once or refused. It has to leave enough of the caller's own deadline for the calls themselves. Without it each call waits up
 * to one second.
 */
export const waitingAtMost = <T>(ms: number, calls: () => T): T =>
  turns.run({ ...turns.getStore(), waitUntil: performance.now() + ms }, calls);

/** The turn of a call that is about to be made here. */
export function turnOf(signal: AbortSignal | undefined): PacedCall {
  const { priority = 'interactive', waitUntil } = turns.getStore() ?? {};
  const waitMs = waitUntil === undefined ? usualWaitMs : Math.max(0, waitUntil - performance.now());
  return { priority, waitMs, ...defined({ signal }) };
}
