// How many texts and calls go to one phone number, or are caused by one caller, in a day: counts that outlive enrollments
// and processes (docs/decisions/0016-sending-limits.md). Pure; kept by the workflow in src/workflows/sending-limit.ts.

/** What was granted, by quarter of an hour. Bounded however much is sent: what is older than a day has left. */
export interface SendingCount {
  /** Oldest first. `at` (epoch ms): the beginning of the quarter. */
  readonly slots: readonly { readonly at: number; readonly count: number }[];
  /** What was granted a moment ago, so that one reservation asked for twice counts once, and may be given back. */
  readonly recent: readonly Grant[];
}

interface Grant {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly granted: number;
  readonly note?: string;
}

/** What is asked of a count. */
export interface Reservation {
  /** Names this reservation, and tells nothing: 1 to 100 characters. */
  readonly id: string;
  /** 1 to 10,000. */
  readonly wanted: number;
  /** At most so many in any 24 hours: 1 to 10,000,000. */
  readonly cap: number;
  /** Kept for whoever recalls the reservation: up to 4,000 characters. */
  readonly note?: string;
}

/**
 * `granted` is 0 to `wanted`; with less than `wanted`, `retryAt` (epoch ms) says when one more is free. `again`: the same
 * reservation was made before.
 */
export interface Reserved {
  readonly granted: number;
  readonly retryAt?: number;
  readonly again?: true;
}

/** Absent: nothing is known to be reserved under that id. */
export interface Recalled {
  readonly note?: string;
}

export const slotMs = 15 * 60 * 1000;
const dayMs = 24 * 60 * 60 * 1000;
/** A reservation is known by its id for this long: far longer than the attempts of one activity go on. */
const recentMs = 15 * 60 * 1000;
const recentBound = 500;

export const nothingSent: SendingCount = { slots: [], recent: [] };

/**
 * Up to two quarters late: no 24 hours hold more than the cap, wherever they begin within a quarter, and also when what was
 * granted is used up to a quarter of an hour later.
 */
const leavesAt = (at: number): number => at + dayMs + 2 * slotMs;

const sentIn = ({ slots }: SendingCount): number => slots.reduce((sum, { count }) => sum + count, 0);

function current({ slots, recent }: SendingCount, now: number): SendingCount {
  return {
    slots: slots.filter(({ at }) => leavesAt(at) > now),
    recent: recent.filter(({ at }) => at + recentMs > now),
  };
}

/** Counts a reservation at `now` (epoch ms), as far as the cap allows. A known id gets its first answer again and counts nothing. */
export function reserve(
  of: SendingCount,
  { id, wanted, cap, note }: Reservation,
  now: number,
): { readonly count: SendingCount; readonly reserved: Reserved } {
  const count = current(of, now);
  const known = count.recent.find((grant) => grant.id === id);
  if (known !== undefined) return { count, reserved: { granted: known.granted, again: true } };
  const granted = Math.max(0, Math.min(wanted, cap - sentIn(count)));
  if (granted === 0) return { count, reserved: { granted, retryAt: freeAt(count, cap, now) } };
  return {
    count: {
      slots: added(count.slots, now - (now % slotMs), granted),
      recent: [...count.recent, { id, at: now, granted, ...(note === undefined ? {} : { note }) }].slice(-recentBound),
    },
    reserved: granted < wanted ? { granted, retryAt: freeAt(count, cap, now) } : { granted },
  };
}

/** What was noted with a reservation, for as long as it is known by its id. */
export function recall(of: SendingCount, id: string, now: number): Recalled {
  const known = current(of, now).recent.find((grant) => grant.id === id);
  return known === undefined ? {} : { note: known.note ?? '' };
}

/** Takes back a reservation whose text was surely not sent. One that is not known any more stays counted. */
export function release(of: SendingCount, id: string, now: number): SendingCount {
  const count = current(of, now);
  const known = count.recent.find((grant) => grant.id === id);
  if (known === undefined) return count;
  return {
    slots: added(count.slots, known.at - (known.at % slotMs), -known.granted),
    recent: count.recent.filter((grant) => grant !== known),
  };
}

/**
 * How long a counter that begins with its first reservation needs no worker (milliseconds): whoever asks it sooner wakes it, and
 * when nobody does, there is nothing to remember any more.
 */
export const restMs = dayMs + 3 * slotMs;

/** When the last of what is counted has left (epoch ms): from then on there is nothing to remember. */
export const forgottenAt = ({ slots }: SendingCount, now: number): number =>
  slots.reduce((latest, { at }) => Math.max(latest, leavesAt(at)), now);

function added(slots: SendingCount['slots'], at: number, count: number): SendingCount['slots'] {
  const others = slots.filter((slot) => slot.at !== at);
  const sum = (slots.find((slot) => slot.at === at)?.count ?? 0) + count;
  return [...others, ...(sum > 0 ? [{ at, count: sum }] : [])].sort((one, other) => one.at - other.at);
}

/** When so much has left that one more is free. */
function freeAt(count: SendingCount, cap: number, now: number): number {
  let left = sentIn(count);
  for (const { at, count: here } of count.slots) {
    left -= here;
    if (left < cap) return leavesAt(at);
  }
  return now;
}

// What comes by message: read from any value, and never thrown for.

/** `undefined` for what is no reservation. */
export function parseReservation(value: unknown): Reservation | undefined {
  if (!isObject(value)) return undefined;
  const { id, wanted, cap, note } = value;
  if (!isId(id) || !isCount(wanted, 10_000) || !isCount(cap, 10_000_000) || !isNote(note)) return undefined;
  return { id, wanted, cap, ...(note === undefined ? {} : { note }) };
}

export const parseReservationId = (value: unknown): string | undefined =>
  isObject(value) && isId(value['id']) ? value['id'] : undefined;

/** `undefined` for what is no count. */
export function parseSendingCount(value: unknown): SendingCount | undefined {
  if (!isObject(value) || !Array.isArray(value['slots']) || !Array.isArray(value['recent'])) return undefined;
  const slots = value['slots'].filter(isSlot);
  const recent = value['recent'].filter(isGrant);
  const isWhole = slots.length === value['slots'].length && recent.length === value['recent'].length;
  return isWhole ? { slots, recent } : undefined;
}

const isSlot = (value: unknown): value is SendingCount['slots'][number] =>
  isObject(value) && isCount(value['at'], Number.MAX_SAFE_INTEGER) && isCount(value['count'], Number.MAX_SAFE_INTEGER);
const isGrant = (value: unknown): value is Grant =>
  isObject(value) &&
  isId(value['id']) &&
  isCount(value['at'], Number.MAX_SAFE_INTEGER) &&
  isCount(value['granted'], 10_000) &&
  isNote(value['note']);
const isNote = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value.length <= 4000);
const isId = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 100;
const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
