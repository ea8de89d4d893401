import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  fullBudget,
  leaseMs,
  lend,
  parseLeaseRequest,
  parsePause,
  parseTenantBudget,
  pause,
  type ByPriority,
  type CallRate,
  type Lease,
  type LeaseRequest,
  type TenantBudget,
} from '../../src/enrollment/tenant-budget';
import { mostBeyond } from '../support/call-times';

const start = Date.UTC(2026, 10, 24, 9, 7);
const none: ByPriority = { interactive: 0, background: 0 };
const rate: CallRate = { perSecond: 10, burst: 20 };
const request = (id: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  ...{ id, rate, left: 0, waiting: none, wants: none },
  ...more,
});

const sum = (each: readonly number[]): number => each.reduce((all, one) => all + one, 0);

/** What a greedy process makes of its leases: every call as early as it may. Times in epoch ms. */
function greedy() {
  const calls: number[] = [];
  let lease: (Lease & { readonly at: number }) | undefined;
  let level = 0;
  let at = 0;
  function use(until: number): void {
    for (;;) {
      if (level >= 1) {
        calls.push(at);
        level -= 1;
        continue;
      }
      if (lease === undefined || lease.perSecond === 0) break;
      const next = at + ((1 - level) * 1000) / lease.perSecond;
      if (next > Math.min(until, lease.at + lease.forMs)) break;
      [level, at] = [1, next];
    }
    if (lease !== undefined) {
      const end = Math.min(until, lease.at + lease.forMs);
      level = Math.min(lease.capacity, level + (lease.perSecond * Math.max(0, end - at)) / 1000);
      if (until >= lease.at + lease.forMs) [level, lease] = [0, undefined];
    }
    at = until;
  }
  return {
    calls,
    /** Saves up instead of calling, as a process does that nothing is asked of. */
    rest(until: number): void {
      if (lease === undefined) return void (at = until);
      const end = Math.min(until, lease.at + lease.forMs);
      level = Math.min(lease.capacity, level + (lease.perSecond * Math.max(0, end - at)) / 1000);
      if (until >= lease.at + lease.forMs) [level, lease] = [0, undefined];
      at = until;
    },
    use,
    left: () => level,
    take(given: Lease, now: number): void {
      at = now;
      for (let left = given.atOnce.interactive + given.atOnce.background; left > 0; left -= 1) calls.push(now);
      level = Math.min(given.capacity, level + given.more);
      lease = { ...given, at: now };
    },
  };
}

const amounts = fc.record({
  interactive: fc.integer({ min: 0, max: 60 }),
  background: fc.integer({ min: 0, max: 60 }),
});
/** A process asks, after so many milliseconds, and was greedy or idle until then. */
const question = fc.record({
  process: fc.integer({ min: 0, max: 4 }),
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 8_000 })),
  waiting: amounts,
  wants: amounts,
  isGreedy: fc.boolean(),
});
const rates = fc.record({
  perSecond: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0.05, max: 5, noNaN: true })),
  burst: fc.integer({ min: 1, max: 300 }),
});

describe('whatever the processes ask for and whenever', () => {
  test('no window sees more calls than the burst and what comes in during it', () => {
    fc.assert(
      fc.property(rates, fc.array(question, { minLength: 1, maxLength: 60 }), (limit, questions) => {
        const processes = Array.from({ length: 5 }, greedy);
        let budget = fullBudget(limit.burst, start);
        let now = start;
        for (const { process, afterMs, waiting, wants, isGreedy } of questions) {
          now += afterMs;
          for (const each of processes) each[isGreedy ? 'use' : 'rest'](now);
          const asks = processes[process];
          const lent = lend(
            budget,
            request(`p${process}`, { rate: limit, left: asks?.left() ?? 0, waiting, wants }),
            now,
          );
          budget = lent.budget;
          asks?.take(lent.lease, now);
        }
        for (const each of processes) each.use(now + 2 * leaseMs);
        const calls = processes.flatMap(({ calls: made }) => made).sort((one, other) => one - other);
        expect(mostBeyond(calls, limit)).toBeLessThanOrEqual(limit.burst + 1e-3);
      }),
      { numRuns: 500 },
    );
  });

  test('what is in the bucket and what is lent stay within burst and rate, and the budget survives JSON', () => {
    fc.assert(
      fc.property(rates, fc.array(question, { minLength: 1, maxLength: 60 }), (limit, questions) => {
        let budget = fullBudget(limit.burst, start);
        let now = start;
        for (const { process, afterMs, waiting, wants } of questions) {
          now += afterMs;
          ({ budget } = lend(budget, request(`p${process}`, { rate: limit, waiting, wants }), now));
          expect(budget.level).toBeGreaterThanOrEqual(0);
          const capacity = sum(budget.lent.map((each) => each.capacity));
          expect(budget.level + capacity).toBeLessThanOrEqual(limit.burst + 1e-6);
          expect(sum(budget.lent.map((each) => each.perSecond))).toBeLessThanOrEqual(limit.perSecond + 1e-6);
          expect(parseTenantBudget(JSON.parse(JSON.stringify(budget)))).toEqual(budget);
        }
      }),
    );
  });
});

/** So many processes ask every two seconds, for as long; what they are lent at the end, by name. */
function shared(asks: Readonly<Record<string, Pick<LeaseRequest, 'waiting' | 'wants'>>>, rounds = 20) {
  let budget: TenantBudget = fullBudget(rate.burst, start);
  const leases: Record<string, Lease> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [id, ask]] of Object.entries(asks).entries()) {
      const lent = lend(budget, request(id, ask), start + round * 2_000 + index * 100);
      ({ budget } = lent);
      leases[id] = lent.lease;
    }
  }
  return leases;
}
const persons = { waiting: { interactive: 50, background: 0 }, wants: { interactive: 50, background: 0 } };
const jobs = { waiting: { interactive: 0, background: 50 }, wants: { interactive: 0, background: 50 } };

describe('a share', () => {
  test('is the same for processes that want the same', () => {
    const { a, b, c } = shared({ a: persons, b: persons, c: persons });
    for (const lease of [a, b, c]) expect(lease?.perSecond).toBeGreaterThan(0.2 * rate.perSecond);
  });

  test('goes to persons first, wherever they wait, and the background keeps a tenth', () => {
    const { a, b } = shared({ a: persons, b: jobs });
    expect(a?.perSecond).toBeGreaterThan(0.6 * rate.perSecond);
    expect(b?.perSecond).toBeCloseTo(0.1 * rate.perSecond);
  });

  test('goes to the background where nobody waits', () => {
    expect(shared({ a: jobs })['a']?.perSecond).toBeGreaterThan(0.7 * rate.perSecond);
  });

  test('that is renewed is topped up: what is left of it is not taken out of the bucket again', () => {
    const first = lend(fullBudget(rate.burst, start), request('a', jobs), start);
    const rested = start + 60_000;
    const one = lend(first.budget, request('a'), rested);
    const again = lend(one.budget, request('a', { left: one.lease.capacity }), rested);
    expect(one.lease.more).toBe(one.lease.capacity);
    expect(again.lease.more).toBe(0);
    expect(again.budget.level).toBe(one.budget.level);
  });

  test('is found by a process that comes along while others have all they want', () => {
    const { b } = shared({ a: jobs, b: persons }, 1);
    expect(b?.atOnce.interactive).toBeGreaterThanOrEqual(1);
    expect(b?.perSecond).toBeGreaterThan(0);
  });
});

describe('calls at once', () => {
  test('of the background leave a quarter of the burst to persons', () => {
    const first = lend(fullBudget(rate.burst, start), request('a', jobs), start);
    expect(first.lease.atOnce).toEqual({ interactive: 0, background: 0.75 * rate.burst });
    const second = lend(first.budget, request('b', persons), start);
    expect(second.lease.atOnce.interactive).toBeGreaterThanOrEqual(1);
  });

  test('a lease that was not renewed leaves room again when it ends', () => {
    const { budget } = lend(fullBudget(rate.burst, start), request('a', persons), start);
    const later = lend(budget, request('b', persons), start + leaseMs + 10_000);
    expect(later.lease.atOnce.interactive).toBe(rate.burst);
    expect(later.lease.processes).toBe(1);
  });
});

describe('a pause', () => {
  test('lends nothing until it ends, and the bucket is empty then', () => {
    const paused = pause(fullBudget(rate.burst, start), 5_000, start);
    const during = lend(paused, request('a', persons), start + 2_000);
    expect(during.lease).toMatchObject({ pausedMs: 3_000, perSecond: 0, capacity: 0, more: 0, atOnce: none });
    const after = lend(during.budget, request('a', persons), start + 5_300);
    expect(after.lease.pausedMs).toBeUndefined();
    expect(after.lease.atOnce.interactive).toBe(3);
  });

  test('is not shortened by another one, and never longer than a minute', () => {
    const long = pause(fullBudget(rate.burst, start), 30_000, start);
    expect(lend(pause(long, 1_000, start), request('a'), start).lease.pausedMs).toBe(30_000);
    expect(lend(pause(long, 900_000, start), request('a'), start).lease.pausedMs).toBe(60_000);
  });
});

describe('what comes by message', () => {
  test.each([
    [undefined],
    ['a'],
    [{ ...request('') }],
    [{ ...request('a'), rate: { perSecond: 0, burst: 1 } }],
    [{ ...request('a'), rate: { perSecond: Number.NaN, burst: 1 } }],
    [{ ...request('a'), rate: { perSecond: 1, burst: 0.5 } }],
    [{ ...request('a'), left: -1 }],
    [{ ...request('a'), waiting: { interactive: 1 } }],
    [{ ...request('a'), wants: { interactive: '1', background: 0 } }],
  ])('%j is no request for a lease', (value) => {
    expect(parseLeaseRequest(value)).toBeUndefined();
  });

  test('a request is read as it was sent', () => {
    expect(parseLeaseRequest(JSON.parse(JSON.stringify(request('a', persons))))).toEqual(request('a', persons));
  });

  test.each([[undefined], [{}], [{ forMs: 0 }], [{ forMs: '5' }], [{ forMs: -1 }]])('%j is no pause', (value) => {
    expect(parsePause(value)).toBeUndefined();
  });

  test('no value makes the parsers throw', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const parse of [parseLeaseRequest, parsePause, parseTenantBudget]) parse(value);
      }),
    );
  });
});
