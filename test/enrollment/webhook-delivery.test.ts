import { describe, expect, test } from '@jest/globals';
import type { EnrollmentChanged } from '../../src/enrollment/events';
import {
  delivered,
  deliveryLimits,
  giveUp,
  isDelivered,
  nothingToDeliver,
  receiveEvents,
  redeliver,
  route,
  stillTrying,
  timeLeft,
  undelivered,
} from '../../src/enrollment/webhook-delivery';
import { awaitingCode } from '../api/support';

const now = Date.UTC(2026, 10, 24, 9);
const { id: _id, ...status } = awaitingCode;
const event = (sequence: number, type: EnrollmentChanged['type'] = 'enrollment.state_changed'): EnrollmentChanged => ({
  ...{ id: `evt_run_${sequence}`, type, sequence, status },
  at: new Date(now).toISOString(),
});
const [one, two] = [event(1), event(2, 'enrollment.completed')];
const queued = route(
  receiveEvents(nothingToDeliver, [one, two]),
  [
    { event: one, webhookIds: ['a', 'b'] },
    { event: two, webhookIds: ['a'] },
  ],
  now,
);
const attempted = { failure: 'The receiver answered with status 500.', since: now };

describe('a delivery', () => {
  test('has a queue for each endpoint, and is over when all are empty after the last event', () => {
    expect(queued).toMatchObject({ unrouted: [], queues: { a: [one, two], b: [one] }, over: true });
    expect(isDelivered(queued)).toBe(false);
    const all = delivered(delivered(delivered(queued, 'a'), 'b'), 'a');
    expect(isDelivered(all)).toBe(true);
  });

  test('shows what is tried again and what was given up', () => {
    const tried = giveUp(stillTrying(stillTrying(queued, 'a', attempted), 'b', attempted), 'b', attempted);
    expect(undelivered(tried).map(({ webhookId, state }) => [webhookId, state])).toEqual([
      ['a', 'retrying'],
      ['b', 'dead'],
    ]);
    expect(tried.queues).toEqual({ a: [one, two] });
    expect(isDelivered(tried)).toBe(false);
  });

  test('sends again what was given up, of the endpoint and the event that are named', () => {
    const dead = giveUp(giveUp(giveUp(queued, 'a', attempted), 'a', attempted), 'b', attempted);
    const again = redeliver(dead, { webhookId: 'a', eventId: two.id }, now);
    expect([again.queues, again.dead.map(({ webhookId }) => webhookId)]).toEqual([{ a: [two] }, ['a', 'b']]);
    expect(redeliver(again, { webhookId: 'a' }, now).queues).toEqual({ a: [two, one] });
    expect(redeliver(dead, { webhookId: 'c' }, now)).toEqual(dead);
  });

  test('keeps no more than its bounds', () => {
    const many = Array.from({ length: deliveryLimits.queue + deliveryLimits.dead + 1 }, (_none, index) => event(index));
    const full = route(
      receiveEvents(nothingToDeliver, many),
      many.map((each) => ({ event: each, webhookIds: ['a'] })),
      now,
    );
    expect([full.queues['a']?.length, full.dead.length]).toEqual([deliveryLimits.queue, deliveryLimits.dead]);
    expect(full.dead.at(-1)?.event).toMatchObject({ sequence: deliveryLimits.queue + deliveryLimits.dead });
  });

  test('tries an event for a day from when it happened, and for a minute at least', () => {
    expect(timeLeft(one, now)).toBe(24 * 3_600_000);
    expect(timeLeft(one, now + 23 * 3_600_000)).toBe(3_600_000);
    expect(timeLeft(one, now + 48 * 3_600_000)).toBe(60_000);
  });
});
