// How many calls a second go to one Auth0 tenant, of all enrollments and all worker processes together: a token bucket that lends
// smaller ones (docs/decisions/0020-tenant-budget.md). Pure; kept by the workflow in src/workflows/tenant-budget.ts.

/** `interactive`: a person waits for the answer. `background`: nobody does. */
export type Priority = 'interactive' | 'background';
export type ByPriority = Readonly<Record<Priority, number>>;

/** No window of T seconds sees more than `burst + perSecond * T` calls. */
export interface CallRate {
  /** Above 0, up to 100,000. */
  readonly perSecond: number;
  /** 1 to 1,000,000. */
  readonly burst: number;
}

/** Plain JSON. What is in the bucket and what is lent never exceed the burst together. */
export interface TenantBudget {
  /** Calls that may be made at once, as of `at`. */
  readonly level: number;
  /** Epoch ms. In the future while Auth0 refuses all calls: until then nothing comes in and nothing is lent. */
  readonly at: number;
  readonly lent: readonly Lent[];
}

/** A smaller bucket that one process has until a time: this much of the rate and of the burst is its own. */
interface Lent {
  readonly id: string;
  readonly perSecond: number;
  /** Calls that it may save up. */
  readonly capacity: number;
  /** Epoch ms. */
  readonly until: number;
  /** Calls a second that the process would make. */
  readonly wants: ByPriority;
}

/** What a process asks of the budget. */
export interface LeaseRequest {
  /** Names the process, and tells nothing of it: 1 to 100 characters. */
  readonly id: string;
  /** As the process is configured. The newest one holds. */
  readonly rate: CallRate;
  /** Calls that the lease it has still allows. */
  readonly left: number;
  /** Calls that wait now. */
  readonly waiting: ByPriority;
  /** Calls a second that it would make. */
  readonly wants: ByPriority;
}

/** What a process may do. Times are spans, so that clocks need not agree; they count from when the process asked. */
export interface Lease {
  /** Calls of those that wait that may be made now, whole numbers. */
  readonly atOnce: ByPriority;
  /** More calls than `left` that may be made at any time while the lease lasts. */
  readonly more: number;
  /** Calls a second that come in while it lasts, and how many of them may be saved up together with what was there. */
  readonly perSecond: number;
  readonly capacity: number;
  readonly forMs: number;
  /** When asking again can help, for those that still wait. */
  readonly retryMs: number;
  /** Auth0 refuses all calls for so long; absent: it does not. */
  readonly pausedMs?: number;
  /** Processes that have a lease, this one included. */
  readonly processes: number;
}

/** How long a lease lasts, in milliseconds. A busy process asks again before: about every two seconds. */
export const leaseMs = 3_000;
/** Background calls leave this share of the burst in the bucket, for persons who come. */
const reservedShare = 0.25;
/** While there are background calls, this share of the rate is theirs, however many persons wait. */
const backgroundShare = 0.1;
/** Of what nobody has, one process is lent no more than this share, so that the next one finds something. */
const lentShare = 0.75;
/** More processes than this get no lease, only calls at once. */
const lentBound = 200;
/** A pause is never longer, whatever is said. */
const longestPauseMs = 60_000;

/** A bucket that is full, as it is when nobody has called for a while. */
export const fullBudget = (burst: number, now: number): TenantBudget => ({ level: burst, at: now, lent: [] });

/**
 * Lends to a process what is its share at `now` (epoch ms). The rate is divided by what the processes want, persons first; calls
 * that wait are let through as far as the bucket goes.
 */
export function lend(
  of: TenantBudget,
  { id, rate, left, waiting, wants }: LeaseRequest,
  now: number,
): { readonly budget: TenantBudget; readonly lease: Lease } {
  const filled = refilled(of, rate, now);
  const others = filled.lent.filter((each) => each.id !== id);
  const pausedMs = Math.max(0, filled.at - now);
  if (pausedMs > 0) {
    const lease = { ...nothing, forMs: pausedMs, retryMs: pausedMs, pausedMs, processes: others.length + 1 };
    return { budget: { ...filled, lent: others }, lease };
  }

  const room = Math.max(0, rate.burst - sumOf(others, ({ capacity }) => capacity));
  let level = Math.min(filled.level, room);
  const reserve = rate.burst * reservedShare;
  const interactive = Math.floor(Math.min(waiting.interactive, level));
  level -= interactive;
  const background = Math.max(0, Math.floor(Math.min(waiting.background, level - reserve)));
  level -= background;

  const free = Math.max(0, rate.perSecond - sumOf(others, ({ perSecond }) => perSecond));
  const perSecond = Math.min(shareOf(wants, others, rate), free * lentShare);
  // Enough for the calls that follow on each other in one enrollment, or for a quarter of a second.
  const wished = Math.max(1, Math.min(Math.max(3, perSecond / 4), room / 4));
  const isFull = others.length >= lentBound;
  const capacity = room < 1 || isFull ? 0 : wished;
  const more = Math.max(0, Math.min(capacity - left, level - reserve));
  level = Math.min(level - more, room - capacity);

  const own: Lent = { id, perSecond: capacity === 0 ? 0 : perSecond, capacity, until: now + leaseMs, wants };
  return {
    budget: { level: Math.max(0, level), at: now, lent: isFull ? others : [...others, own] },
    lease: {
      atOnce: { interactive, background },
      more,
      perSecond: own.perSecond,
      capacity,
      forMs: leaseMs,
      retryMs: retryIn(level, others, rate, now),
      processes: others.length + 1,
    },
  };
}

const nothing = {
  atOnce: { interactive: 0, background: 0 },
  more: 0,
  perSecond: 0,
  capacity: 0,
} as const satisfies Partial<Lease>;

/**
 * The part of the rate that a process should have: first what persons want everywhere, up to all but the share of background calls;
 * then what is wanted in the background. Each process gets the part that its own calls are of all.
 */
function shareOf(own: ByPriority, others: readonly Lent[], { perSecond }: CallRate): number {
  const allOf = (priority: Priority) => own[priority] + sumOf(others, ({ wants }) => wants[priority]);
  const all = { interactive: allOf('interactive'), background: allOf('background') };
  const interactive = Math.min(all.interactive, all.background > 0 ? perSecond * (1 - backgroundShare) : perSecond);
  const background = Math.min(all.background, perSecond - interactive);
  return part(interactive, own.interactive, all.interactive) + part(background, own.background, all.background);
}

const part = (of: number, own: number, all: number): number => (all === 0 ? 0 : (of * own) / all);

/** When one more call may be free for somebody who asks: it has come in by then, or a lease has ended. */
function retryIn(level: number, others: readonly Lent[], { perSecond }: CallRate, now: number): number {
  const coming = perSecond - sumOf(others, (each) => each.perSecond);
  const filledMs = coming > 0 ? (Math.max(0, 1 - level) * 1000) / coming : leaseMs;
  const endMs = others.reduce((soonest, { until }) => Math.min(soonest, until - now), leaseMs);
  return Math.ceil(Math.min(filledMs, Math.max(endMs, 0)));
}

/** What came in since; what was lent comes back at its end, as room for more. */
function refilled(of: TenantBudget, { perSecond, burst }: CallRate, now: number): TenantBudget {
  let { level, at, lent } = of;
  const ends = lent.map(({ until }) => until).filter((until) => until > at && until < now);
  for (const next of [...ends.sort((one, other) => one - other), now]) {
    lent = lent.filter(({ until }) => until > at);
    const coming = Math.max(0, perSecond - sumOf(lent, (each) => each.perSecond));
    const room = Math.max(0, burst - sumOf(lent, ({ capacity }) => capacity));
    level = Math.min(room, level + (coming * Math.max(0, next - at)) / 1000);
    at = Math.max(at, next);
  }
  return { level, at, lent: lent.filter(({ until }) => until > now) };
}

/** Auth0 refuses all calls for `forMs` more: until then nothing is lent, and after it the bucket is empty. */
export const pause = (of: TenantBudget, forMs: number, now: number): TenantBudget => ({
  ...of,
  level: 0,
  at: Math.max(of.at, now + Math.min(forMs, longestPauseMs)),
});

const sumOf = <T>(each: readonly T[], of: (one: T) => number): number => each.reduce((sum, one) => sum + of(one), 0);

// What comes by message: read from any value, and never thrown for.

/** `undefined` for what is no request. */
export function parseLeaseRequest(value: unknown): LeaseRequest | undefined {
  if (!isObject(value)) return undefined;
  const { id, left, rate: given } = value;
  const rate = isObject(given) ? given : {};
  const { perSecond, burst } = rate;
  const waiting = parseByPriority(value['waiting']);
  const wants = parseByPriority(value['wants']);
  if (!isId(id) || !isAmount(left) || waiting === undefined || wants === undefined) return undefined;
  if (!isAmount(perSecond) || perSecond === 0 || perSecond > 100_000 || !isAmount(burst) || burst < 1) return undefined;
  return { id, rate: { perSecond, burst }, left, waiting, wants };
}

/** Milliseconds; `undefined` for what is no pause. */
export function parsePause(value: unknown): number | undefined {
  const forMs = isObject(value) ? value['forMs'] : undefined;
  return isAmount(forMs) && forMs > 0 ? forMs : undefined;
}

/** `undefined` for what is no budget. */
export function parseTenantBudget(value: unknown): TenantBudget | undefined {
  if (!isObject(value) || !Array.isArray(value['lent'])) return undefined;
  const { level, at } = value;
  const lent = value['lent'].filter(isLent);
  const isWhole = lent.length === value['lent'].length && lent.length <= lentBound;
  return isAmount(level) && isTime(at) && isWhole ? { level, at, lent } : undefined;
}

function isLent(value: unknown): value is Lent {
  if (!isObject(value)) return false;
  const { id, perSecond, capacity, until, wants } = value;
  const areAmounts = isAmount(perSecond) && isAmount(capacity) && isTime(until);
  return isId(id) && areAmounts && parseByPriority(wants) !== undefined;
}

function parseByPriority(value: unknown): ByPriority | undefined {
  if (!isObject(value)) return undefined;
  const { interactive, background } = value;
  return isAmount(interactive) && isAmount(background) ? { interactive, background } : undefined;
}

const isId = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 100;
const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1_000_000;
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
