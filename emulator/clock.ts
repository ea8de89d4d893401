/** Real time plus an offset that only grows: everything that expires in the emulator reads this clock. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that this clock is ahead of real time. */
  offset(): number;
  /** Moves time forward. Seconds, 0 or more. */
  advance(seconds: number): void;
  reset(): void;
}

export function createClock(): Clock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    offset: () => offset,
    advance: (seconds) => {
      offset += Math.round(seconds * 1000);
    },
    reset: () => {
      offset = 0;
    },
  };
}

export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();

/** Epoch seconds, as JWT claims and `X-RateLimit-Reset` count. */
export const epochSeconds = (epochMs: number): number => Math.floor(epochMs / 1000);
