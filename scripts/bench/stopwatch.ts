/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Stopwatch {
  /** Runs `work` and remembers how long it took, when it succeeds. */
  time<T>(work: () => Promise<T>): Promise<T>;
  /** Throws when nothing was timed. */
  percentiles(): Percentiles;
}

/** What is measured of one enrollment. */
export interface Watches {
  readonly firstChallenge: Stopwatch;
  readonly code: Stopwatch;
  readonly whole: Stopwatch;
}

export function createStopwatch(): Stopwatch {
  const times: number[] = [];
  return {
    async time(work) {
      const began = performance.now();
      const result = await work();
      times.push(performance.now() - began);
      return result;
    },
    percentiles() {
      const sorted = times.toSorted((one, other) => one - other);
      const at = (share: number): number => {
        const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
        if (value === undefined) throw new RangeError('nothing was timed');
        return value;
      };
      return { p50: at(0.5), p95: at(0.95), max: at(1) };
    },
  };
}
