import type { CallRate, Lease, Priority } from '../enrollment/tenant-budget';

interface Bucket {
  level: number;
  at: number;
  readonly capacity: number;
  readonly perSecond: number;
  readonly until: number;
}

/** Until the budget was reached for the first time, so many processes are assumed. */
const assumedProcesses = 4;

/**
 * What one process may call: the lease it has from the budget; and while the budget cannot be reached, half of the tenant's rate
 * divided by the number of processes that the budget last knew, so that all of them together stay below it. All times by
 * `performance.now()`.
 */
export function createLocalShare(rate: CallRate) {
  let bucket: Bucket = { level: 0, at: 0, capacity: 0, perSecond: 0, until: 0 };
  let processes = assumedProcesses;

  function refill(now: number): void {
    const till = Math.min(now, bucket.until);
    const level = Math.min(bucket.capacity, bucket.level + (bucket.perSecond * Math.max(0, till - bucket.at)) / 1000);
    bucket = { ...bucket, level: now < bucket.until ? level : 0, at: now };
  }

  /** A background call leaves one for a person who comes, where more than one can be saved up. */
  const needed = (priority: Priority, isDue: boolean): number =>
    priority === 'background' && !isDue && bucket.capacity >= 2 ? 2 : 1;

  return {
    /** Calls that the lease still allows. */
    left(now: number): number {
      refill(now);
      return bucket.level;
    },
    perSecond: (now: number): number => (now < bucket.until ? bucket.perSecond : 0),
    /** Takes one call; false when there is none now. `isDue`: this background call has waited for long enough. */
    take(priority: Priority, isDue: boolean, now: number): boolean {
      refill(now);
      // A timer may come a little early; what is missing then is less than any clock can tell.
      if (bucket.level < needed(priority, isDue) - 1e-6) return false;
      bucket = { ...bucket, level: Math.max(0, bucket.level - 1) };
      return true;
    },
    /** When `take` can succeed; Infinity where the share has to be renewed before. */
    nextAt(priority: Priority, isDue: boolean, now: number): number {
      refill(now);
      const missing = needed(priority, isDue) - bucket.level;
      if (missing <= 0) return now;
      const at = bucket.perSecond > 0 ? now + (missing * 1000) / bucket.perSecond : Infinity;
      return at < bucket.until ? at : Infinity;
    },
    /** `askedAt`: when the lease was asked for, so before the budget's own clock began it. */
    lease({ more, capacity, perSecond, forMs, processes: known }: Lease, askedAt: number, now: number): void {
      refill(now);
      processes = known;
      bucket = {
        level: Math.min(capacity, bucket.level + more),
        at: now,
        capacity,
        perSecond,
        until: askedAt + forMs,
      };
    },
    /** The budget does not answer: a lease that still holds is used up, then this share holds until there is another one. */
    goOnAlone(now: number): void {
      if (now < bucket.until) return;
      bucket = { level: 0, at: now, capacity: 1, perSecond: rate.perSecond / 2 / processes, until: Infinity };
    },
  };
}
