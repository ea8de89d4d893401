import { isLast, type EventType, type OutgoingEvent } from './events';

// What has to be delivered of one enrollment, to which endpoint, and what could not be. Pure; kept by the workflow in
// src/workflows/webhook-delivery.ts.

/** Plain JSON, so that a run which continues as new takes all of it along. */
export interface Delivery {
  /** Nobody has looked yet which endpoints want them. */
  readonly unrouted: readonly OutgoingEvent[];
  /** By endpoint, oldest first: the first one is under way. */
  readonly queues: Readonly<Record<string, readonly OutgoingEvent[]>>;
  /** Endpoints that did not take the first event of their queue at once. */
  readonly retrying: Readonly<Record<string, Attempted>>;
  /** What was given up, oldest first. */
  readonly dead: readonly DeadLetter[];
  /** The last event of the enrollment was received. */
  readonly over: boolean;
}

/** What came of the attempts so far. */
export interface Attempted {
  /** One sentence, without anything that the receiver has said. */
  readonly failure: string;
  /** Epoch ms. */
  readonly since: number;
}

export interface DeadLetter extends Attempted {
  readonly webhookId: string;
  readonly event: OutgoingEvent;
}

/** What an operator is shown of an event that has not arrived. */
export interface Undelivered extends Attempted {
  readonly webhookId: string;
  readonly eventId: string;
  readonly type: EventType;
  readonly at: string;
  readonly state: 'retrying' | 'dead';
}

export const deliveryLimits = {
  /** From when an event happened; every event is tried at least once. */
  retryMs: 24 * 3_600_000,
  /** Events that wait for one endpoint. One more is given up at once. */
  queue: 200,
  /** Events that were given up, of one enrollment. The oldest make room. */
  dead: 100,
  /** How long a run is kept without news: for dead letters to be sent again, and for an enrollment that never tells of its end. */
  keptMs: 35 * 24 * 3_600_000,
} as const;

export const nothingToDeliver: Delivery = { unrouted: [], queues: {}, retrying: {}, dead: [], over: false };

export const receiveEvents = (of: Delivery, events: readonly OutgoingEvent[]): Delivery => ({
  ...of,
  unrouted: [...of.unrouted, ...events],
  over: of.over || events.some(isLast),
});

/** These events, the first that were not routed, go to the endpoints that each of them names. */
export function route(
  of: Delivery,
  routes: readonly { readonly event: OutgoingEvent; readonly webhookIds: readonly string[] }[],
  now: number,
): Delivery {
  return routes.reduce<Delivery>(
    (so, { event, webhookIds }) => webhookIds.reduce((next, webhookId) => enqueue(next, webhookId, event, now), so),
    { ...of, unrouted: of.unrouted.slice(routes.length) },
  );
}

function enqueue(of: Delivery, webhookId: string, event: OutgoingEvent, now: number): Delivery {
  const queue = of.queues[webhookId] ?? [];
  return queue.length >= deliveryLimits.queue
    ? bury(of, { webhookId, event, failure: 'Too many events wait for this endpoint.', since: now })
    : { ...of, queues: { ...of.queues, [webhookId]: [...queue, event] } };
}

const bury = (of: Delivery, letter: DeadLetter): Delivery => ({
  ...of,
  dead: [...of.dead, letter].slice(-deliveryLimits.dead),
});

/** The endpoint has not taken the first event of its queue at once. */
export const stillTrying = (of: Delivery, webhookId: string, attempted: Attempted): Delivery => ({
  ...of,
  retrying: { ...of.retrying, [webhookId]: attempted },
});

/** The first event of this endpoint's queue has arrived, or its endpoint is gone. */
export function delivered(of: Delivery, webhookId: string): Delivery {
  const { [webhookId]: _tried, ...retrying } = of.retrying;
  const { [webhookId]: queue = [], ...queues } = of.queues;
  const rest = queue.slice(1);
  return { ...of, retrying, queues: rest.length === 0 ? queues : { ...queues, [webhookId]: rest } };
}

/** The first event of this endpoint's queue is given up. */
export function giveUp(of: Delivery, webhookId: string, attempted: Attempted): Delivery {
  const event = of.queues[webhookId]?.[0];
  const next = delivered(of, webhookId);
  return event === undefined ? next : bury(next, { ...attempted, webhookId, event });
}

/** What was given up goes behind what waits: all of this endpoint, or the one event. */
export function redeliver(of: Delivery, { webhookId, eventId }: Redelivery, now: number): Delivery {
  const asked = of.dead.filter(
    (letter) => letter.webhookId === webhookId && (eventId === undefined || letter.event.id === eventId),
  );
  const rest = { ...of, dead: of.dead.filter((letter) => !asked.includes(letter)) };
  return asked.reduce<Delivery>((next, { event }) => enqueue(next, webhookId, event, now), rest);
}

export interface Redelivery {
  readonly webhookId: string;
  /** Absent: all that were given up. */
  readonly eventId?: string;
}

export function parseRedelivery(value: unknown): Redelivery | undefined {
  if (typeof value !== 'object' || value === null || !('webhookId' in value)) return undefined;
  const { webhookId, eventId }: { webhookId: unknown; eventId?: unknown } = value;
  if (typeof webhookId !== 'string') return undefined;
  if (eventId === undefined) return { webhookId };
  return typeof eventId === 'string' ? { webhookId, eventId } : undefined;
}

/** Nothing is left to do, and nothing more will come. */
export const isDelivered = ({ over, unrouted, queues, dead }: Delivery): boolean =>
  over && unrouted.length === 0 && Object.keys(queues).length === 0 && dead.length === 0;

/** How long the first event of a queue may still be tried: milliseconds, at least one minute of a day. */
export const timeLeft = (
  { at }: Pick<OutgoingEvent, 'at'>,
  now: number,
  retryMs: number = deliveryLimits.retryMs,
): number => Math.max(Math.min(60_000, retryMs), Date.parse(at) + retryMs - now);

/** What has not arrived, for who asks: that which is tried again first. */
export function undelivered(of: Delivery): readonly Undelivered[] {
  const retried = Object.entries(of.retrying).flatMap(([webhookId, attempted]): Undelivered[] => {
    const event = of.queues[webhookId]?.[0];
    return event === undefined ? [] : [{ ...shown(webhookId, event, attempted), state: 'retrying' }];
  });
  const dead = of.dead.map(({ webhookId, event, ...attempted }): Undelivered => ({
    ...shown(webhookId, event, attempted),
    state: 'dead',
  }));
  return [...retried, ...dead];
}

const shown = (
  webhookId: string,
  { id, type, at }: OutgoingEvent,
  { failure, since }: Attempted,
): Omit<Undelivered, 'state'> => ({ webhookId, eventId: id, type, at, failure, since });

/** A delivery as the run before has left it; `undefined` for anything else. Only what the payload codec opened gets here. */
export const isDelivery = (value: unknown): value is Delivery =>
  typeof value === 'object' &&
  value !== null &&
  'unrouted' in value &&
  Array.isArray(value.unrouted) &&
  'queues' in value &&
  'retrying' in value &&
  'dead' in value &&
  Array.isArray(value.dead) &&
  'over' in value;
