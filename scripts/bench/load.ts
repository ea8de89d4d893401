import { setTimeout as sleep } from 'node:timers/promises';

/** Closed: as many at once, each followed by the next. Open: so many begin per second, whatever became of those before. */
export type Load =
  { readonly kind: 'closed'; readonly atOnce: number } | { readonly kind: 'open'; readonly perSecond: number };

/**
 * Runs `one` for every item. `intendedAt` is when it was to begin (`performance.now()`): under an open load a driver or an engine
 * that falls behind must not shorten what is measured. Resolves with the milliseconds that all took.
 */
export async function runLoad<Item>(
  load: Load,
  items: readonly Item[],
  one: (item: Item, intendedAt: number) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  if (load.kind === 'closed') {
    const waiting = items.values();
    const lane = async () => {
      for (const item of waiting) await one(item, performance.now());
    };
    await Promise.all(Array.from({ length: load.atOnce }, lane));
  } else {
    await Promise.all(
      items.map(async (item, index) => {
        const after = (index * 1000) / load.perSecond;
        await sleep(after);
        await one(item, began + after);
      }),
    );
  }
  return performance.now() - began;
}
