import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { draw, emptied, fullBucket, giveBack, levelAt, nextUnitAt, type Bucket } from '../../src/enrollment/bucket';
import { now } from './samples';

const minutes = (count: number) => now + count * 60_000;
const ofFive = fullBucket(5, 360, now);
const drawn = (times: number, bucket = ofFive): Bucket =>
  Array.from({ length: times }).reduce<Bucket>((before) => draw(before, now), bucket);

describe('five attempts, one back every 6 minutes', () => {
  test.each([
    ['untouched', ofFive, now, 5],
    ['untouched for a day', ofFive, minutes(1440), 5],
    ['after one', drawn(1), now, 4],
    ['after one, a millisecond before the next', drawn(1), minutes(6) - 1, 4],
    ['after one, 6 minutes later', drawn(1), minutes(6), 5],
    ['after five', drawn(5), now, 0],
    ['after five, 12 minutes later', drawn(5), minutes(12), 2],
    ['after five, a day later', drawn(5), minutes(1440), 5],
    ['drawn from while empty', drawn(7), now, 0],
    ['drawn from while empty, 6 minutes later', drawn(7), minutes(6), 1],
    ['emptied by Auth0', emptied(ofFive, minutes(3)), minutes(3), 0],
    ['emptied by Auth0, 6 minutes later', emptied(ofFive, minutes(3)), minutes(9), 1],
    ['one given back', giveBack(drawn(2), now), now, 4],
    ['one given back to a full one', giveBack(ofFive, now), now, 5],
    ['one given back, its refill goes on', giveBack(drawn(2), minutes(5)), minutes(6), 5],
    ['asked about a time before it began', drawn(2), now - 1, 3],
  ])('%s', (_when, bucket, at, left) => {
    expect(levelAt(bucket, at)).toBe(left);
  });

  test.each([
    ['full: never', ofFive, now, undefined],
    ['full again: never', drawn(1), minutes(6), undefined],
    ['after one: in 6 minutes', drawn(1), now, minutes(6)],
    ['half way: what is left of the 6 minutes', drawn(2), minutes(3), minutes(6)],
    ['after a refill: 6 minutes after that one', drawn(3), minutes(7), minutes(12)],
    ['a later draw does not put it off', draw(drawn(1), minutes(5)), minutes(5), minutes(6)],
    ['emptied by Auth0: 6 minutes from then', emptied(drawn(1), minutes(5)), minutes(5), minutes(11)],
  ])('the next one, %s', (_when, bucket, at, next) => {
    expect(nextUnitAt(bucket, at)).toBe(next);
  });
});

/** The same, told by a clock that ticks: one unit when `refillMs` have passed in a row while it was not full. */
function ticking(capacity: number, refillMs: number, start: number) {
  let level = capacity;
  let waited = 0;
  let clock = start;
  return {
    level: () => level,
    until(at: number) {
      for (; clock < at; clock += 1) {
        if (level === capacity) continue;
        waited += 1;
        if (waited === refillMs) [level, waited] = [level + 1, 0];
        if (level === capacity) waited = 0;
      }
    },
    draw() {
      const given = level > 0;
      if (given) level -= 1;
      return given;
    },
  };
}

describe('any bucket, drawn from at any times', () => {
  const refillMs = 7;
  const scenario = fc.record({
    capacity: fc.integer({ min: 1, max: 5 }),
    waits: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }),
  });

  /** Draws after each wait; what was left before and after, and when. */
  function play({ capacity, waits }: { capacity: number; waits: readonly number[] }) {
    let bucket = fullBucket(capacity, refillMs / 1000, now);
    let at = now;
    return waits.map((wait) => {
      at += wait;
      const before = bucket;
      bucket = draw(before, at);
      return { at, before, after: bucket, given: levelAt(before, at) > 0 };
    });
  }

  test('holds none to its capacity, whenever it is asked', () => {
    fc.assert(
      fc.property(scenario, fc.nat(200), (given, later) => {
        for (const { at, after } of play(given)) {
          expect(levelAt(after, at + later)).toBeGreaterThanOrEqual(0);
          expect(levelAt(after, at + later)).toBeLessThanOrEqual(given.capacity);
        }
      }),
    );
  });

  test('gives in no window more than its capacity and what comes back in it', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const times = play(given).flatMap((step) => (step.given ? [step.at] : []));
        times.forEach((from, first) =>
          times.slice(first).forEach((to, more) => {
            expect(more + 1).toBeLessThanOrEqual(given.capacity + Math.floor((to - from) / refillMs));
          }),
        );
      }),
    );
  });

  test('agrees with a clock that ticks', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const other = ticking(given.capacity, refillMs, now);
        for (const { at, after, given: one } of play(given)) {
          other.until(at);
          expect(other.draw()).toBe(one);
          expect(levelAt(after, at)).toBe(other.level());
        }
      }),
    );
  });

  test('gains its next unit at the millisecond it says, and none before', () => {
    fc.assert(
      fc.property(scenario, fc.nat(30), (given, later) => {
        for (const { at, after } of play(given)) {
          const asked = at + later;
          const level = levelAt(after, asked);
          const next = nextUnitAt(after, asked);
          if (next === undefined) {
            expect(level).toBe(given.capacity);
            continue;
          }
          expect([levelAt(after, next - 1), levelAt(after, next)]).toEqual([level, level + 1]);
        }
      }),
    );
  });

  test('one drawn and given back at once leaves the bucket as it was', () => {
    fc.assert(
      fc.property(scenario, fc.nat(30), fc.nat(60), (given, wait, later) => {
        for (const { at, after } of play(given)) {
          const then = at + wait;
          if (levelAt(after, then) === 0) continue;
          const back = giveBack(draw(after, then), then);
          expect(levelAt(back, then + later)).toBe(levelAt(after, then + later));
        }
      }),
    );
  });
});
