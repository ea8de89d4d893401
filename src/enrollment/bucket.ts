/** A bucket as Auth0 keeps them per user: it holds `capacity`, and one comes back every `refillMs` while it is not full. */
export interface Bucket {
  readonly capacity: number;
  readonly refillMs: number;
  /** Whole units at `since`. */
  readonly level: number;
  /** Epoch ms from which the next unit is counted. */
  readonly since: number;
}

export const fullBucket = (capacity: number, refillSeconds: number, now: number): Bucket => ({
  capacity,
  refillMs: refillSeconds * 1000,
  level: capacity,
  since: now,
});

/** Units that can be drawn at `now`: 0 to `capacity`. */
export const levelAt = (bucket: Bucket, now: number): number =>
  Math.min(bucket.capacity, bucket.level + Math.max(0, Math.floor((now - bucket.since) / bucket.refillMs)));

/** One unit less; drawing from an empty bucket leaves it empty. */
export function draw(bucket: Bucket, now: number): Bucket {
  const refilled = refill(bucket, now);
  return { ...refilled, level: Math.max(0, refilled.level - 1) };
}

/** One unit back, for what turned out not to be used; a full bucket stays full. */
export function giveBack(bucket: Bucket, now: number): Bucket {
  const refilled = refill(bucket, now);
  return { ...refilled, level: Math.min(bucket.capacity, refilled.level + 1) };
}

/** Nothing left, as when Auth0 says so: the next unit comes one `refillMs` from now. */
export const emptied = (bucket: Bucket, now: number): Bucket => ({ ...bucket, level: 0, since: now });

/** When the bucket gains a unit; `undefined` while it is full. */
export function nextUnitAt(bucket: Bucket, now: number): number | undefined {
  const refilled = refill(bucket, now);
  return refilled.level >= bucket.capacity ? undefined : refilled.since + bucket.refillMs;
}

function refill(bucket: Bucket, now: number): Bucket {
  const level = levelAt(bucket, now);
  const units = level - bucket.level;
  return { ...bucket, level, since: level >= bucket.capacity ? now : bucket.since + units * bucket.refillMs };
}
