/**
 * The value below which `share` (0 to 1) of `values` lie, by nearest rank: always one that was measured.
 * Throws RangeError when there is none.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return at(sorted, Math.max(0, Math.ceil(sorted.length * share) - 1));
}

/** Of two in the middle, their mean. Throws RangeError when there is no value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return (at(sorted, (sorted.length - 1) >> 1) + at(sorted, sorted.length >> 1)) / 2;
}

/** What several runs gave: the middle, and how far apart they are. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Throws RangeError when there is no value. */
export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: percentile(values, 0),
  most: percentile(values, 1),
});

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index];
  if (value === undefined) throw new RangeError('nothing was measured');
  return value;
}
