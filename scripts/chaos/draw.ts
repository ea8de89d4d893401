import { createHash } from 'node:crypto';

/** A number from 0 to below 1 that depends on the seed and the labels alone, in whatever order draws are made. */
export type Draw = (...labels: readonly (string | number)[]) => number;

export const createDraw =
  (seed: string): Draw =>
  (...labels) =>
    createHash('sha256')
      .update(JSON.stringify([seed, ...labels]))
      .digest()
      .readUIntBE(0, 6) /
    2 ** 48;

/** One of `choices`, each as likely as its weight. Throws when there is none. */
export function pick<T>(fraction: number, choices: readonly (readonly [weight: number, choice: T])[]): T {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0);
  let left = fraction * total;
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new RangeError('nothing to pick from');
}

/** `items` in an order drawn by `draw`. */
export const shuffled = <T>(items: readonly T[], draw: Draw, label: string): readonly T[] =>
  items
    .map((item, index) => ({ item, key: draw(label, index) }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item);
