import type { Enrollment } from './enrollment';
import { outlookOf } from './outlook';
import type { WaitingFor } from './status';

/** Whom an enrollment waits for, for what, and since when. */
export interface Waiting extends WaitingFor {
  /** Epoch ms: since then it has been the same person and the same thing, whatever else has changed. */
  readonly since: number;
  /** The run continues another one, which knew more: it may wait for longer. */
  readonly orEarlier?: true;
}

/**
 * What an enrollment waits for at `now` (epoch ms). `before`: what it waited for when this was last asked; absent the first time in a
 * run. `continues`: whether the run continues another one.
 */
export function waitingAt(
  before: Waiting | undefined,
  enrollment: Enrollment,
  now: number,
  continues: boolean,
): Waiting {
  const { who, what } = outlookOf(enrollment, now);
  if (before?.who === who && before.what === what) return before;
  return { who, what, since: now, ...(before === undefined && continues ? { orEarlier: true } : {}) };
}
