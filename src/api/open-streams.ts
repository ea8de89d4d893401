import { ApiProblem } from '../problems';

export interface StreamLimits {
  /** How many event streams one caller may have open at once. */
  readonly perCaller: number;
  /** How many this process holds for all callers. */
  readonly perProcess: number;
}

export const defaultStreamLimits: StreamLimits = { perCaller: 200, perProcess: 1_000 };

/**
 * Counts the event streams that are open. `open` throws `too_many_requests` when this caller has enough of them and `unavailable`
 * when the process has; else it gives the function that says that the stream has ended, which may be called more than once.
 */
export function createOpenStreams({ perCaller, perProcess }: StreamLimits): { open(caller: string): () => void } {
  const ofCaller = new Map<string, number>();
  let all = 0;
  const change = (caller: string, by: 1 | -1) => {
    const open = (ofCaller.get(caller) ?? 0) + by;
    all += by;
    if (open === 0) ofCaller.delete(caller);
    else ofCaller.set(caller, open);
  };
  return {
    open(caller) {
      if ((ofCaller.get(caller) ?? 0) >= perCaller)
        throw new ApiProblem('too_many_requests', {
          detail: `At most ${perCaller} event streams of one caller at once.`,
        });
      if (all >= perProcess)
        throw new ApiProblem('unavailable', { detail: 'No more event streams can be opened now.' });
      change(caller, 1);
      let isOpen = true;
      return () => {
        if (isOpen) change(caller, -1);
        isOpen = false;
      };
    },
  };
}
