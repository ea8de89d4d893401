import { randomUUID } from 'node:crypto';
import type { ByPriority, CallRate, Lease, LeaseRequest, Priority } from '../enrollment/tenant-budget';
import { createBackOff } from './back-off';
import { createLocalShare } from './local-share';
import type { Admission, Pace, PacedCall } from './pace';

/** The tenant's budget, as one process reaches it. */
export interface SharedBudget {
  /** Rejects when there is no answer in time. */
  lease(request: LeaseRequest): Promise<Lease>;
  /** Auth0 has refused a call for so long: all processes are to know. Never throws; nobody waits for it. */
  paused(forMs: number): void;
}

export interface PacingParts {
  /** Absent: the tenant's limit is not known, and nothing but the reaction to a 429 is left. */
  readonly limit?: { readonly rate: CallRate; readonly budget: SharedBudget };
  /** For an operator: one sentence, and facts without names. */
  readonly warn?: (facts: object, sentence: string) => void;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface Waiter {
  readonly until: number;
  readonly answer: (admission: Admission) => void;
}

/** Milliseconds. */
const timing = {
  /** A lease in use is renewed after this: less than it lasts. */
  renew: 2_000,
  /** Between two questions, where the first was answered in full; and where many more persons wait than it told of. */
  again: 100,
  grown: 250,
  /** After the first question that was not answered; it doubles, up to eight times. */
  afterFailure: 1_000,
  /** What the rate of arriving calls is measured over. */
  measured: 2_000,
  /** A call that is refused comes again after so long at the soonest and at the latest. */
  soonest: 200,
  latest: 60_000,
};
/** While persons wait too, every tenth call is one of the background. */
const personsInARow = 9;
/** More background calls do not wait: each of them would hold one of the worker's places, which persons need. */
const backgroundLine = 20;
/** Where no limit is known, calls that were refused come again at this rate. */
const returnsPerSecond = 20;

/**
 * Decides when the calls of one process are made: persons first, within the lease that it has from the tenant's budget, and not
 * while Auth0 refuses. It asks for a lease when calls wait and when one in use is about to end, so about every two seconds while it
 * is busy, and never while it is idle.
 */
export function createPace({ limit, warn = () => undefined, random = Math.random }: PacingParts): Pace {
  const line: Readonly<Record<Priority, Waiter[]>> = { interactive: [], background: [] };
  const backOff = createBackOff(random);
  const share = limit && createLocalShare(limit.rate);
  const arriving = { interactive: createMeter(), background: createMeter() };
  /** When the next call that is refused should come again. */
  const returns: Record<Priority, number> = { interactive: 0, background: 0 };
  let inARow = 0;
  let timer: NodeJS.Timeout | undefined;

  // What is known of the budget. Times by performance.now().
  let id = randomUUID();
  let asking = false;
  let askedAt = -Infinity;
  let askAt = -Infinity;
  let renewAt = -Infinity;
  let failures = 0;
  /** The last answer did not let through all that waited. */
  let scarce = false;
  let told: ByPriority = { interactive: 0, background: 0 };

  /** Whose turn it is. */
  function next(): { readonly priority: Priority; readonly isDue: boolean } | undefined {
    const isDue = line.background.length > 0 && inARow >= personsInARow;
    if (line.interactive.length > 0 && !isDue) return { priority: 'interactive', isDue };
    return line.background.length > 0 ? { priority: 'background', isDue } : undefined;
  }

  function letThrough(priority: Priority): void {
    const waiter = line[priority].shift();
    if (waiter === undefined) return;
    inARow = priority === 'interactive' ? inARow + 1 : 0;
    backOff.begin();
    waiter.answer({
      type: 'admitted',
      ended() {
        backOff.ended();
        advance();
      },
      throttled(forMs) {
        const now = performance.now();
        const isFirst = backOff.pausedFor(now) === 0;
        const pausedMs = backOff.throttled(forMs, now);
        if (isFirst) {
          limit?.budget.paused(pausedMs);
          warn({ forMs: pausedMs }, 'Auth0 has throttled a call (429): no calls are made for a while');
        }
        const retryAfterMs = comeAgain(priority, now);
        advance();
        return retryAfterMs;
      },
    });
  }

  /**
   * After how many milliseconds a refused call should come again: each of them a place behind the one before, as calls are made, so
   * that a thousand of them do not come together.
   */
  function comeAgain(priority: Priority, now: number): number {
    const perSecond = share ? Math.max(share.perSecond(now), (limit?.rate.perSecond ?? 0) / 4) : returnsPerSecond;
    const from = Math.max(now + backOff.pausedFor(now), returns[priority]);
    returns[priority] = Math.min(now + timing.latest, from + 1000 / perSecond);
    const spread = (returns[priority] - now) * (1 + random() / 4) + random() * 500;
    return Math.round(Math.min(timing.latest, Math.max(timing.soonest, spread)));
  }

  /** Surely not in time, even if no other process calls. */
  function isHopeless({ priority, waitMs, signal }: PacedCall, now: number): boolean {
    if (signal?.aborted || backOff.pausedFor(now) > waitMs) return true;
    if (priority === 'background' && line.background.length >= backgroundLine) return true;
    if (limit === undefined) return false;
    const ahead = line.interactive.length + (priority === 'background' ? line.background.length : 0);
    const atOnce = scarce ? 0 : limit.rate.burst;
    return ((ahead - atOnce) * 1000) / limit.rate.perSecond > waitMs;
  }

  function advance(): void {
    const now = performance.now();
    if (failures > 0) share?.goOnAlone(now);
    if (backOff.pausedFor(now) === 0) {
      for (let turn = next(); turn !== undefined && backOff.hasRoom(); turn = next()) {
        if (share !== undefined && !share.take(turn.priority, turn.isDue, now)) break;
        letThrough(turn.priority);
      }
    }
    for (const priority of ['interactive', 'background'] as const) {
      for (const waiter of line[priority].filter(({ until }) => until <= now)) refuse(priority, waiter, now);
    }
    askIfDue(now);
    wakeUp(now);
  }

  function refuse(priority: Priority, waiter: Waiter, now: number): void {
    const place = line[priority].indexOf(waiter);
    if (place < 0) return;
    line[priority].splice(place, 1);
    waiter.answer({ type: 'refused', retryAfterMs: comeAgain(priority, now) });
  }

  /** At the next moment at which something can change. */
  function wakeUp(now: number): void {
    clearTimeout(timer);
    timer = undefined;
    const turn = next();
    if (turn === undefined) return;
    const pausedFor = backOff.pausedFor(now);
    const times = [...line.interactive, ...line.background].map(({ until }) => until);
    if (pausedFor > 0) times.push(now + pausedFor);
    else if (share !== undefined && backOff.hasRoom()) {
      times.push(share.nextAt(turn.priority, turn.isDue, now));
      if (!asking) times.push(askAt);
    }
    const soonest = times.reduce((one, other) => Math.min(one, other), Infinity);
    timer = setTimeout(advance, Math.max(1, Math.ceil(soonest - now)));
    timer.unref();
  }

  function askIfDue(now: number): void {
    if (limit === undefined || asking || backOff.pausedFor(now) > 0 || !backOff.hasRoom()) return;
    const waiting = { interactive: line.interactive.length, background: line.background.length };
    const wants = {
      interactive: Math.max(arriving.interactive.perSecond(now), (waiting.interactive * 1000) / timing.measured),
      background: Math.max(arriving.background.perSecond(now), (waiting.background * 1000) / timing.measured),
    };
    if (!isDue(waiting, wants, now)) return;
    asking = true;
    askedAt = now;
    told = wants;
    const request = { id, rate: limit.rate, left: share?.left(now) ?? 0, waiting, wants };
    limit.budget
      .lease(request)
      .then(
        (lease) => take(lease, waiting),
        () => goOnAlone(limit.rate),
      )
      .finally(() => {
        asking = false;
        advance();
      });
  }

  function isDue(waiting: ByPriority, wants: ByPriority, now: number): boolean {
    if (waiting.interactive + waiting.background > 0 && now >= askAt) return true;
    const isMore = waiting.interactive > 0 && wants.interactive > 1.5 * told.interactive + 1;
    if (isMore && failures === 0 && now >= askedAt + timing.grown) return true;
    return now >= renewAt && lastArrival() > askedAt;
  }

  const lastArrival = (): number => Math.max(arriving.interactive.lastAt(), arriving.background.lastAt());

  function take(lease: Lease, waiting: ByPriority): void {
    const now = performance.now();
    failures = 0;
    share?.lease(lease, askedAt, now);
    renewAt = askedAt + timing.renew * (0.9 + random() / 5);
    if (lease.pausedMs !== undefined) {
      backOff.pauseFor(lease.pausedMs, now);
      askAt = now;
      return;
    }
    let left = lease.atOnce.interactive + lease.atOnce.background;
    scarce = left < waiting.interactive + waiting.background;
    for (const priority of ['interactive', 'background'] as const) {
      // A person may take the place of a background call, and not the other way round.
      let ofThese = priority === 'interactive' ? left : Math.min(left, lease.atOnce.background);
      for (; ofThese > 0 && line[priority].length > 0 && backOff.hasRoom(); ofThese -= 1, left -= 1)
        letThrough(priority);
    }
    if (!scarce) askAt = askedAt + timing.again;
    else if (lease.perSecond > 0) askAt = renewAt;
    else askAt = now + Math.max(timing.again, lease.retryMs) * (1 + random() / 4);
  }

  function goOnAlone({ perSecond }: CallRate): void {
    const now = performance.now();
    if (failures === 0) warn({ perSecond }, 'the budget of calls to Auth0 does not answer: a cautious share is used');
    failures += 1;
    id = randomUUID(); // should the question arrive yet, its answer is nobody's
    askAt = now + timing.afterFailure * 2 ** Math.min(failures - 1, 3) * (1 + random() / 2);
    renewAt = askAt;
  }

  return {
    admit(call) {
      const { priority, waitMs, signal } = call;
      const now = performance.now();
      arriving[priority].count(now);
      if (isHopeless(call, now)) return Promise.resolve({ type: 'refused', retryAfterMs: comeAgain(priority, now) });
      return new Promise((resolve) => {
        const onAbort = () => refuse(priority, waiter, performance.now());
        const waiter: Waiter = {
          until: now + waitMs,
          answer(admission) {
            signal?.removeEventListener('abort', onAbort);
            resolve(admission);
          },
        };
        signal?.addEventListener('abort', onAbort);
        line[priority].push(waiter);
        advance();
      });
    },
  };
}

/** How many a second come, with what is longer ago counting less. */
function createMeter() {
  let value = 0;
  let at = 0;
  const decayed = (now: number): number => value * Math.exp((at - now) / timing.measured);
  return {
    count(now: number): void {
      value = decayed(now) + 1000 / timing.measured;
      at = now;
    },
    perSecond: decayed,
    lastAt: (): number => at,
  };
}
