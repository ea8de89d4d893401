import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';

/** Waits for a moment or for something that comes before. */
export interface Alarm {
  /** Until `changed` is true, or a moment at or before `at` (epoch ms) has come: whoever waits looks again then. */
  until(at: number, changed: () => boolean): Promise<void>;
}

/**
 * One timer for all waits of a run. A timer that is due before the moment that is waited for stays: it rings once too often, which
 * costs less than to cancel it and start another one for each message.
 */
export function createAlarm(): Alarm {
  let set: { readonly at: number; readonly scope: CancellationScope } | undefined;

  function ringAt(at: number): void {
    set?.scope.cancel();
    const scope = new CancellationScope();
    const timer = { at, scope };
    set = timer;
    scope
      .run(() => sleep(Math.max(1, at - Date.now()), { summary: 'Until something is due' }))
      .then(
        () => {
          if (set === timer) set = undefined;
        },
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  return {
    async until(at, changed) {
      if (set === undefined || set.at > at) ringAt(at);
      const waitsFor = set;
      await condition(() => changed() || set !== waitsFor);
    },
  };
}
