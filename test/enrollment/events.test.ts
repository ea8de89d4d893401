import { describe, expect, test } from '@jest/globals';
import { openEnrollment, type Enrollment } from '../../src/enrollment/enrollment';
import { eventsSince, eventTypes, isLast, nothingTold, parseEvents } from '../../src/enrollment/events';

const now = Date.UTC(2026, 10, 24, 9);
const opened = openEnrollment({ factors: ['sms', 'otp'], phoneNumber: '+14155550123' }, now);
const of = { runId: 'run', now };
const told = eventsSince(nothingTold, opened, of).told;
const noticed: Enrollment = {
  ...opened,
  notices: [
    { type: 'phone_number_changed', at: now + 1 },
    { type: 'factor_confirmed', at: now + 2, factor: 'sms' },
    { type: 'token_replaced', at: now + 3 },
  ],
};

describe('events', () => {
  test('begin with where the enrollment is', () => {
    const { events } = eventsSince(nothingTold, opened, of);
    expect(events).toMatchObject([
      { id: 'evt_run_1', type: 'enrollment.state_changed', sequence: 1, at: '2026-11-24T09:00:00.000Z' },
    ]);
  });

  test('are none while nothing has changed', () => {
    expect(eventsSince(told, opened, of)).toEqual({ told, events: [] });
    expect(eventsSince(told, { ...opened }, of).events).toEqual([]);
  });

  test('are one for each notice, with its time, and go on counting', () => {
    const { events, told: next } = eventsSince(told, noticed, of);
    expect(events.map(({ type, sequence, at, factor }) => [type, sequence, at, factor])).toEqual([
      ['enrollment.phone_number_changed', 2, '2026-11-24T09:00:00.001Z', undefined],
      ['enrollment.factor_confirmed', 3, '2026-11-24T09:00:00.002Z', 'sms'],
      ['enrollment.token_replaced', 4, '2026-11-24T09:00:00.003Z', undefined],
    ]);
    expect(eventsSince(next, noticed, of).events).toEqual([]);
  });

  test('hold the public status with a masked number, and nothing else of the enrollment', () => {
    const { events } = eventsSince(nothingTold, opened, of);
    expect(JSON.stringify(events)).not.toContain('4155550123');
    expect(Object.keys(events[0] ?? {}).sort()).toEqual(['at', 'id', 'sequence', 'status', 'type']);
  });

  test('are read back from a message, and nothing else is', () => {
    const { events } = eventsSince(told, noticed, of);
    expect(parseEvents(JSON.parse(JSON.stringify(events)))).toEqual(events);
    for (const other of [
      undefined,
      'x',
      [{}],
      [{ ...events[0], type: 'enrollment.other' }],
      Array(101).fill(events[0]),
    ]) {
      expect(parseEvents(other)).toBeUndefined();
    }
  });

  test('have names that are public, five of which end an enrollment, and a link comes alone', () => {
    expect(eventTypes).toEqual([
      'enrollment.state_changed',
      'enrollment.completed',
      'enrollment.partial',
      'enrollment.expired',
      'enrollment.cancelled',
      'enrollment.failed',
      'enrollment.factor_confirmed',
      'enrollment.phone_number_changed',
      'enrollment.token_replaced',
      'enrollment.link_created',
    ]);
    expect(eventTypes.filter((type) => isLast({ type }))).toHaveLength(6);
  });
});
