import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Admission, Pace } from '../../src/auth0/pace';
import { createPace, type SharedBudget } from '../../src/auth0/pacing';
import {
  fullBudget,
  lend,
  pause,
  type CallRate,
  type Priority,
  type TenantBudget,
} from '../../src/enrollment/tenant-budget';
import { mostBeyond } from '../support/call-times';

// Simulated: time passes only when a test says so, and the budget answers after a fixed time. The same with a real Temporal server
// and the emulator: test/temporal/tenant-budget.test.ts.

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const rate: CallRate = { perSecond: 20, burst: 20 };
const answersAfterMs = 20;
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The budget of all processes of a test. */
function simulatedBudget() {
  let budget: TenantBudget = fullBudget(rate.burst, Date.now());
  const shared = {
    asked: 0,
    isReachable: true,
    async lease(request: Parameters<SharedBudget['lease']>[0]) {
      shared.asked += 1;
      if (!shared.isReachable) {
        await soon(1_000);
        throw new Error('no answer');
      }
      await soon(answersAfterMs / 2);
      const lent = lend(budget, request, Date.now());
      budget = lent.budget;
      await soon(answersAfterMs / 2);
      return lent.lease;
    },
    paused: (forMs: number) => void (budget = pause(budget, forMs, Date.now())),
  };
  return shared;
}

interface Seen {
  /** When calls were let through: epoch ms, in order. */
  readonly admitted: Record<Priority, number[]>;
  /** How long those waited. */
  readonly waited: Record<Priority, number[]>;
  readonly refused: Record<Priority, number[]>;
}
const nothingSeen = (): Seen => ({
  admitted: { interactive: [], background: [] },
  waited: { interactive: [], background: [] },
  refused: { interactive: [], background: [] },
});

/** Makes so many calls a second, evenly, until time is up; each takes 80 ms. One that is refused is not made again. */
async function calling(pace: Pace, priority: Priority, perSecond: number, forMs: number, seen: Seen, waitMs = 1_000) {
  const until = Date.now() + forMs;
  while (Date.now() < until) {
    const from = Date.now();
    void pace.admit({ priority, waitMs }).then(async (admission) => {
      if (admission.type === 'refused') return void seen.refused[priority].push(admission.retryAfterMs);
      seen.admitted[priority].push(Date.now());
      seen.waited[priority].push(Date.now() - from);
      await soon(80);
      admission.ended();
    });
    await soon(1000 / perSecond);
  }
}
const all = ({ admitted }: Seen): number[] => [...admitted.interactive, ...admitted.background].sort((a, b) => a - b);
const share = (of: readonly number[], to: number): number =>
  [...of].sort((a, b) => a - b)[Math.floor((of.length - 1) * to)] ?? 0;

const kind = async (admission: Promise<Admission>): Promise<string> => {
  const given = await Promise.race([admission, pass(0).then(() => ({ type: 'waits' }))]);
  return given.type;
};

describe('three processes at three times the limit', () => {
  const minute = 60_000;
  async function run(interactive: number, background: number) {
    const budget = simulatedBudget();
    const paces = [1, 2, 3].map(() => createPace({ limit: { rate, budget } }));
    const seen = nothingSeen();
    const load = paces.flatMap((pace) => [
      ...(interactive > 0 ? [calling(pace, 'interactive', interactive / 3, minute, seen)] : []),
      ...(background > 0 ? [calling(pace, 'background', background / 3, minute, seen)] : []),
    ]);
    await pass(minute + 5_000);
    await Promise.all(load);
    return { seen, budget };
  }

  test.each([
    ['persons and background', 12, 48],
    ['persons alone', 60, 0],
    ['background alone', 0, 60],
  ])('%s: no window sees more calls than the budget allows, and most of it is used', async (_what, persons, jobs) => {
    const { seen } = await run(persons, jobs);
    // An answer of the budget is on its way for a while, as the calls themselves are.
    expect(mostBeyond(all(seen), rate)).toBeLessThanOrEqual(rate.burst + (rate.perSecond * answersAfterMs) / 1000 + 1);
    expect(all(seen).length).toBeGreaterThan(0.85 * rate.perSecond * 60);
  });

  test('persons wait shortly and are all served while the background would use everything', async () => {
    const { seen } = await run(10, 50);
    expect(seen.refused.interactive).toEqual([]);
    expect(share(seen.waited.interactive, 0.5)).toBeLessThan(50);
    expect(share(seen.waited.interactive, 0.99)).toBeLessThan(500);
    expect(seen.admitted.background.length).toBeGreaterThan(0.3 * rate.perSecond * 60);
  });

  test('the background goes on when persons alone ask for more than there is', async () => {
    const { seen } = await run(50, 10);
    expect(seen.admitted.background.length).toBeGreaterThan(0.05 * rate.perSecond * 60);
    expect(seen.admitted.interactive.length).toBeGreaterThan(0.7 * rate.perSecond * 60);
    // Without a gap: in no ten seconds nothing.
    const gaps = seen.admitted.background.map((at, index, times) => at - (times[index - 1] ?? at));
    expect(Math.max(...gaps)).toBeLessThan(10_000);
  });

  test('each asks about every two seconds, and not at all while it is idle', async () => {
    const { budget } = await run(12, 48);
    expect(budget.asked).toBeLessThan(3 * 60);
    const { asked } = budget;
    await pass(10 * minute);
    expect(budget.asked).toBe(asked);
  });
});

describe('a call', () => {
  test('of an idle process waits for one answer of the budget, and those that follow on it for none', async () => {
    const budget = simulatedBudget();
    const seen = nothingSeen();
    const pace = createPace({ limit: { rate, budget } });
    void calling(pace, 'interactive', 10, 250, seen);
    await pass(1_000);
    expect(seen.waited.interactive).toEqual([answersAfterMs, 0, 0]);
    expect(budget.asked).toBe(1);
  });

  test('of a process that is busy, and below the limit, does not wait: its lease is renewed before it ends', async () => {
    const seen = nothingSeen();
    void calling(createPace({ limit: { rate, budget: simulatedBudget() } }), 'interactive', 5, 60_000, seen);
    await pass(62_000);
    expect(seen.waited.interactive).toHaveLength(300);
    expect(seen.waited.interactive.filter((ms) => ms > 0).length).toBeLessThan(10);
  });

  test('that gets no turn in time is refused, and told to come again', async () => {
    const budget = simulatedBudget();
    const pace = createPace({ limit: { rate: { perSecond: 1, burst: 1 }, budget } });
    const admissions = Array.from({ length: 4 }, () => pace.admit({ priority: 'interactive', waitMs: 500 }));
    await pass(500);
    const refused = (await Promise.all(admissions)).flatMap((each) =>
      each.type === 'refused' ? [each.retryAfterMs] : [],
    );
    expect(refused).toHaveLength(3);
    // Each behind the one before: a thousand of them do not come together.
    expect(Math.max(...refused) - Math.min(...refused)).toBeGreaterThan(2_000);
    expect(Math.min(...refused)).toBeGreaterThanOrEqual(200);
  });

  test('whose caller gave up does not take the turn of another one', async () => {
    const budget = simulatedBudget();
    const pace = createPace({ limit: { rate: { perSecond: 1, burst: 1 }, budget } });
    const stop = new AbortController();
    const gaveUp = pace.admit({ priority: 'interactive', waitMs: 500, signal: stop.signal });
    const other = pace.admit({ priority: 'interactive', waitMs: 500 });
    stop.abort();
    await pass(500);
    expect([await kind(gaveUp), await kind(other)]).toEqual(['refused', 'admitted']);
  });

  test('of the background does not wait where many of them do: it would hold a place that persons need', async () => {
    const pace = createPace({ limit: { rate, budget: simulatedBudget() } });
    const waiting = Array.from({ length: 20 }, () => pace.admit({ priority: 'background', waitMs: 1_000 }));
    expect(await kind(pace.admit({ priority: 'background', waitMs: 1_000 }))).toBe('refused');
    expect(await kind(pace.admit({ priority: 'interactive', waitMs: 1_000 }))).toBe('waits');
    await pass(2_000);
    await Promise.all(waiting);
  });
});

describe('a budget that does not answer', () => {
  test('lets calls go on at half of the rate of all processes, and is used again once it answers', async () => {
    const budget = simulatedBudget();
    const paces = [1, 2].map(() => createPace({ limit: { rate, budget } }));
    const load = (seen: Seen, forMs: number) =>
      paces.map((pace) => calling(pace, 'interactive', 3 * rate.perSecond, forMs, seen));
    void load(nothingSeen(), 10_000);
    await pass(15_000);
    budget.isReachable = false;
    await pass(5_000);
    const alone = nothingSeen();
    void load(alone, 60_000);
    await pass(65_000);
    expect(all(alone).length).toBeGreaterThan(0.4 * rate.perSecond * 60);
    expect(all(alone).length).toBeLessThan(0.55 * rate.perSecond * 60);
    budget.isReachable = true;
    await pass(15_000);
    const together = nothingSeen();
    void load(together, 60_000);
    await pass(65_000);
    expect(all(together).length).toBeGreaterThan(0.8 * rate.perSecond * 60);
  });
});

describe('after a 429', () => {
  /** A tenant that takes 5 calls a second and 10 at once, and says when to come again. */
  function simulatedTenant() {
    let level = 10;
    let at = Date.now();
    return {
      tooMany: [] as number[],
      taken: [] as number[],
      call(): 'taken' | 'tooMany' {
        level = Math.min(10, level + ((Date.now() - at) * 5) / 1000);
        at = Date.now();
        const answer = level >= 1 ? 'taken' : 'tooMany';
        if (answer === 'taken') level -= 1;
        this[answer].push(at);
        return answer;
      },
    };
  }

  async function storm(paces: readonly (Pace | undefined)[], perSecond: number, forMs: number) {
    const tenant = simulatedTenant();
    const retries: number[] = [];
    const one = async (pace: Pace | undefined) => {
      const admission = await pace?.admit({ priority: 'interactive', waitMs: 1_000 });
      if (admission?.type === 'refused') return void retries.push(admission.retryAfterMs);
      await soon(40);
      const answer = tenant.call();
      await soon(40);
      if (admission === undefined) return;
      if (answer === 'taken') admission.ended();
      else retries.push(admission.throttled(1_000));
    };
    const until = Date.now() + forMs;
    const loops = paces.map(async (pace) => {
      while (Date.now() < until) {
        void one(pace);
        await soon(1000 / perSecond);
      }
    });
    await pass(forMs + 5_000);
    await Promise.all(loops);
    return { tenant, retries };
  }

  test('no call is made until the time that Auth0 names, nor by a person', async () => {
    const pace = createPace({});
    const first = await pace.admit({ priority: 'interactive', waitMs: 1_000 });
    if (first.type === 'admitted') expect(first.throttled(5_000)).toBeGreaterThanOrEqual(5_000);
    for (const priority of ['interactive', 'background'] as const) {
      const refused = await pace.admit({ priority, waitMs: 1_000 });
      expect(refused.type === 'refused' && refused.retryAfterMs).toBeGreaterThanOrEqual(5_000);
    }
    const patient = pace.admit({ priority: 'interactive', waitMs: 10_000 });
    await pass(4_999);
    expect(await kind(patient)).toBe('waits');
    await pass(2_000);
    expect(await kind(patient)).toBe('admitted');
  });

  test('one call at a time is made, and more with each answer', async () => {
    const pace = createPace({});
    const admitted: Extract<Admission, { type: 'admitted' }>[] = [];
    const ask = () =>
      void pace.admit({ priority: 'interactive', waitMs: 60_000 }).then((each) => {
        if (each.type === 'admitted') admitted.push(each);
      });
    for (let calls = 0; calls < 30; calls += 1) ask();
    await pass(0);
    expect(admitted).toHaveLength(30); // where no limit is known, all at once
    admitted.splice(0, 1)[0]?.throttled(1_000);
    for (const each of admitted.splice(0)) each.ended();
    for (let calls = 0; calls < 30; calls += 1) ask();
    await pass(10_000);
    const inFlight: number[] = [];
    while (admitted.length > 0) {
      inFlight.push(admitted.length);
      for (const each of admitted.splice(0)) each.ended();
      await pass(0);
    }
    expect(inFlight[0]).toBeLessThanOrEqual(30);
    expect(inFlight.reduce((sum, each) => sum + each, 0)).toBe(30);
  });

  test('there are few more, although no limit is known; without the reaction nearly all calls are', async () => {
    const without = await storm([undefined, undefined], 30, 30_000);
    const reacting = await storm([createPace({}), createPace({})], 30, 30_000);
    expect(without.tenant.tooMany.length).toBeGreaterThan(1_000);
    expect(reacting.tenant.tooMany.length).toBeLessThan(without.tenant.tooMany.length / 10);
    expect(reacting.tenant.taken.length).toBeGreaterThan(0.5 * 5 * 30);
  });

  test('the other processes hear of it with their next question', async () => {
    const budget = simulatedBudget();
    const [met, other] = [createPace({ limit: { rate, budget } }), createPace({ limit: { rate, budget } })];
    const first = met.admit({ priority: 'interactive', waitMs: 1_000 });
    await pass(100);
    const admission = await first;
    if (admission.type === 'admitted') admission.throttled(8_000);
    const waits = other.admit({ priority: 'interactive', waitMs: 20_000 });
    await pass(7_500);
    expect(await kind(waits)).toBe('waits');
    await pass(5_000);
    expect(await kind(waits)).toBe('admitted');
  });

  test('calls that come again are spread, not all at the time that Auth0 names', async () => {
    const { retries } = await storm([createPace({})], 200, 2_000);
    expect(new Set(retries.map((ms) => Math.round(ms / 100))).size).toBeGreaterThan(10);
  });
});
