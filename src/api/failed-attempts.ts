/** Networks that are counted at once; the one that failed first in this minute makes room. An entry has about 100 bytes. */
const maxNetworks = 10_000;
const windowMs = 60_000;

/** Counts failed authentication by network, so that guessing becomes slow and costs us nothing. */
export interface FailedAttempts {
  /** Milliseconds until this network may try again; 0 when it may now. */
  waitMs(network: string): number;
  count(network: string): void;
}

/** `perMinute`: how many failures of one network are answered in one minute. In the memory of this process. */
export function createFailedAttempts(perMinute: number, now: () => number = Date.now): FailedAttempts {
  const failures = new Map<string, { failed: number; readonly endsAt: number }>();
  const current = (network: string) => {
    const window = failures.get(network);
    if (window === undefined || window.endsAt > now()) return window;
    failures.delete(network);
    return undefined;
  };
  return {
    waitMs: (network) => {
      const window = current(network);
      return window === undefined || window.failed < perMinute ? 0 : window.endsAt - now();
    },
    count: (network) => {
      const window = current(network);
      if (window !== undefined) {
        window.failed += 1;
        return;
      }
      const oldest = failures.size < maxNetworks ? undefined : failures.keys().next().value;
      if (oldest !== undefined) failures.delete(oldest);
      failures.set(network, { failed: 1, endsAt: now() + windowMs });
    },
  };
}
