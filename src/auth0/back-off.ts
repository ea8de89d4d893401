/** Milliseconds. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** With so many calls in flight without a 429, the number is not watched any more: a client has no more connections. */
const unwatched = 100;

/**
 * What one process does about Auth0's 429, whether or not it knows the tenant's limit: all its calls pause until the time that
 * Auth0 names, and a little longer by chance. After that one call at a time is in flight, two after the first answer, and so on, up
 * to half of what there were before, and slowly from there (as TCP does it: RFC 5681, slow start and congestion avoidance). So
 * each 429 is followed by a pause and a single call, never by all that wait.
 */
export function createBackOff(random: () => number) {
  let inFlight = 0;
  let window = Infinity;
  let slowFrom = unwatched;
  let pausedUntil = 0;
  /** 429s without an answer of another kind in between. */
  let inARow = 0;

  function pauseFor(ms: number, now: number): void {
    pausedUntil = Math.max(pausedUntil, now + ms + random() * (250 + ms / 4));
  }

  return {
    /** Milliseconds left of a pause; 0 outside of one. */
    pausedFor: (now: number): number => Math.max(0, pausedUntil - now),
    hasRoom: (): boolean => inFlight < window,
    pauseFor,
    begin(): void {
      inFlight += 1;
    },
    /** A call has ended without a 429. */
    ended(): void {
      inFlight -= 1;
      inARow = 0;
      if (window < slowFrom) window += 1;
      else window += 1 / window;
      if (window >= unwatched) window = Infinity;
    },
    /** A call has ended with a 429. Returns the milliseconds that everybody has to wait, before anything is added by chance. */
    throttled(forMs: number | undefined, now: number): number {
      const ms = forMs ?? Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(inARow, 10));
      // Those that were in flight together are one event: only the first of them halves the number.
      if (pausedUntil <= now) {
        slowFrom = Math.max(1, Math.floor(Math.min(inFlight, window) / 2));
        window = 1;
        inARow += 1;
      }
      inFlight -= 1;
      pauseFor(ms, now);
      return ms;
    },
  };
}
