import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  forgottenAt,
  nothingSent,
  parseReservation,
  parseSendingCount,
  release,
  reserve,
  slotMs,
  type SendingCount,
} from '../../src/enrollment/sending-limit';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 10, 24, 9, 7);

/** What a count grants when it is asked for one more after another, at these times. */
function granted(times: readonly number[], cap: number): number[] {
  let count = nothingSent;
  return times.flatMap((at, index) => {
    const { count: next, reserved } = reserve(count, { id: `r-${index}`, wanted: 1, cap }, at);
    count = next;
    return reserved.granted === 1 ? [at] : [];
  });
}

describe('a count of texts', () => {
  test('grants up to its cap, then nothing, and says when one more is free', () => {
    let count: SendingCount = nothingSent;
    for (const id of ['a', 'b', 'c']) {
      const { count: next, reserved } = reserve(count, { id, wanted: 1, cap: 3 }, start);
      expect(reserved).toEqual({ granted: 1 });
      count = next;
    }
    const { reserved } = reserve(count, { id: 'd', wanted: 1, cap: 3 }, start + hour);
    expect(reserved).toEqual({ granted: 0, retryAt: expect.any(Number) });
    const retryAt = reserved.retryAt ?? 0;
    expect(retryAt - start).toBeGreaterThan(day);
    expect(retryAt - start).toBeLessThanOrEqual(day + 2 * slotMs);
    expect(reserve(count, { id: 'e', wanted: 1, cap: 3 }, retryAt - 1).reserved.granted).toBe(0);
    expect(reserve(count, { id: 'e', wanted: 1, cap: 3 }, retryAt).reserved.granted).toBe(1);
  });

  test('grants a part of a block where the whole is more than the cap leaves', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 4, cap: 10 }, start);
    expect(reserve(count, { id: 'b', wanted: 8, cap: 10 }, start).reserved).toMatchObject({ granted: 6 });
  });

  test('counts one reservation once, however often it is asked for', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 1, cap: 2 }, start);
    const again = reserve(count, { id: 'a', wanted: 1, cap: 2 }, start + 1_000);
    expect(again.reserved).toEqual({ granted: 1, again: true });
    expect(reserve(again.count, { id: 'b', wanted: 1, cap: 2 }, start + 2_000).reserved.granted).toBe(1);
  });

  test('takes back what was not sent, once, and counts the same reservation anew after that', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 1, cap: 1 }, start);
    const free = release(release(count, 'a', start + 1), 'a', start + 2);
    const { count: taken, reserved } = reserve(free, { id: 'a', wanted: 1, cap: 1 }, start + 3);
    expect(reserved).toEqual({ granted: 1 });
    expect(reserve(taken, { id: 'b', wanted: 1, cap: 1 }, start + 4).reserved.granted).toBe(0);
  });

  test('goes by the cap of whoever asks, so that another configuration holds at once', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 5, cap: 10 }, start);
    expect(reserve(count, { id: 'b', wanted: 1, cap: 3 }, start).reserved.granted).toBe(0);
    expect(reserve(count, { id: 'b', wanted: 1, cap: 6 }, start).reserved.granted).toBe(1);
  });

  test('is forgotten a day after the last text, and no later', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 1, cap: 3 }, start);
    const later = reserve(count, { id: 'b', wanted: 1, cap: 3 }, start + 5 * hour).count;
    expect(forgottenAt(later, start + 5 * hour) - (start + 5 * hour)).toBeGreaterThan(day);
    expect(forgottenAt(later, start + 5 * hour) - (start + 5 * hour)).toBeLessThanOrEqual(day + 2 * slotMs);
    expect(forgottenAt(nothingSent, start)).toBe(start);
  });

  const times = fc
    .array(fc.integer({ min: 0, max: 4 * hour }), { maxLength: 120 })
    .map((pauses) => pauses.reduce<number[]>((all, pause) => [...all, (all.at(-1) ?? start) + pause], []));

  test('never grants more than its cap in any 24 hours, wherever they begin, and also when each text leaves 15 minutes late', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 12 }), (at, cap) => {
        const sent = granted(at, cap);
        for (const [index, from] of sent.entries()) {
          // The first text of the span may have left late, the others at once.
          const within = sent.slice(index).filter((other) => other < from + slotMs + day);
          expect(within.length).toBeLessThanOrEqual(cap);
        }
      }),
    );
  });

  test('never refuses while the texts of the last 25 hours are fewer than the cap', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 12 }), (at, cap) => {
        const sent = new Set(granted(at, cap));
        for (const [index, now] of at.entries()) {
          const before = at.slice(0, index).filter((other) => sent.has(other) && other > now - 25 * hour);
          if (before.length < cap) expect(sent).toContain(now);
        }
      }),
    );
  });

  test('stays small however much is sent', () => {
    let count: SendingCount = nothingSent;
    for (let index = 0; index < 5_000; index += 1) {
      ({ count } = reserve(count, { id: `r-${index}`, wanted: 1, cap: 10_000_000 }, start + index * 60_000));
    }
    expect(count.slots.length).toBeLessThanOrEqual(100);
    expect(count.recent.length).toBeLessThanOrEqual(500);
  });

  test('survives being written down', () => {
    const { count } = reserve(nothingSent, { id: 'a', wanted: 3, cap: 10 }, start);
    expect(parseSendingCount(JSON.parse(JSON.stringify(count)))).toEqual(count);
  });
});

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { id: '', wanted: 1, cap: 1 },
  { id: 'x'.repeat(101), wanted: 1, cap: 1 },
  { id: 'a', wanted: 0, cap: 1 },
  { id: 'a', wanted: 1.5, cap: 1 },
  { id: 'a', wanted: '1', cap: 1 },
  { id: 'a', wanted: 1, cap: -1 },
  { id: 'a', wanted: 1, cap: Infinity },
])('%j is no reservation', (value) => {
  expect(parseReservation(value)).toBeUndefined();
});

test.each([
  undefined,
  {},
  { slots: [] },
  { slots: [{ at: 1 }], recent: [] },
  { slots: [], recent: [{ id: 'a', at: 1 }] },
])('%j is no count', (value) => {
  expect(parseSendingCount(value)).toBeUndefined();
});
