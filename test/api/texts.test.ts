import { describe, expect, test } from '@jest/globals';
import type { StoppedPrefix } from '../../src/enrollment/stopped-prefixes';
import type { StoppedPrefixes } from '../../src/temporal/stopped-prefixes';
import { as, awaitingCode, id, testApp, userId } from './support';

const since = Date.UTC(2026, 10, 24, 9);
const shown = (prefix: string, reason: string) => ({ prefix, reason, since: '2026-11-24T09:00:00.000Z' });

/** An app over a list of stopped prefixes that is kept in memory. */
async function stage(before: readonly StoppedPrefix[] = []) {
  let stopped = before;
  const stoppedPrefixes: StoppedPrefixes = {
    list: () => Promise.resolve(stopped),
    stop: (prefix, reason) => Promise.resolve((stopped = [...stopped, { prefix, reason, since }])),
    resume: (prefix) => Promise.resolve((stopped = stopped.filter((each) => each.prefix !== prefix))),
  };
  return testApp({}, { stoppedPrefixes });
}

describe('the switch that stops texts to a prefix', () => {
  test('stops, shows and lifts, and the audit log says which prefix and why', async () => {
    const { app, logged } = await stage();
    const url = '/v1/stopped-prefixes/+88213';
    const body = { reason: 'texts that nobody asked for' };
    const stopped = await app.inject({ method: 'PUT', url, headers: as('ops'), payload: body });
    expect([stopped.statusCode, stopped.json()]).toEqual([200, { stoppedPrefixes: [shown('+88213', body.reason)] }]);
    const listed = await app.inject({ url: '/v1/stopped-prefixes', headers: as('support') });
    expect(listed.json()).toEqual(stopped.json());
    const lifted = await app.inject({ method: 'DELETE', url, headers: as('ops'), payload: { reason: 'over' } });
    expect([lifted.statusCode, lifted.json()]).toEqual([200, { stoppedPrefixes: [] }]);
    expect(logged().filter(({ audit }) => audit === true)).toMatchObject([
      { action: 'stop_texts', prefix: '+88213', reason: 'texts that nobody asked for', status: 200 },
      { action: 'list_stopped_prefixes' },
      { action: 'resume_texts', prefix: '+88213', reason: 'over' },
    ]);
  });

  test.each(['88213', '%2B88213', '+88213'])('takes the prefix as %s', async (prefix) => {
    const { app } = await stage();
    const url = `/v1/stopped-prefixes/${prefix}`;
    const { statusCode } = await app.inject({ method: 'PUT', url, headers: as('ops'), payload: { reason: 'fraud' } });
    expect(statusCode).toBe(200);
  });

  test.each(['+0', 'all', '+14155550123', '+1%20900', '+'])('refuses %s and does not repeat it', async (prefix) => {
    const { app, log } = await stage();
    const url = `/v1/stopped-prefixes/${prefix}`;
    const { statusCode, body } = await app.inject({
      ...{ method: 'PUT', url, headers: as('ops') },
      payload: { reason: 'fraud' },
    });
    expect([statusCode, body]).toEqual([400, expect.stringContaining('a plus sign and 1 to 7 digits')]);
    expect(body + log()).not.toContain('14155550123');
  });

  test('needs a reason, and the scope enrollments:manage', async () => {
    const { app } = await stage();
    const url = '/v1/stopped-prefixes/+882';
    for (const method of ['PUT', 'DELETE'] as const) {
      const unreasoned = await app.inject({ method, url, headers: as('ops') });
      expect(unreasoned.json()).toMatchObject({ status: 400, code: 'reason_needed' });
      const forbidden = await app.inject({ method, url, headers: as('onboarding'), payload: { reason: 'fraud' } });
      expect(forbidden.json()).toMatchObject({ status: 403, code: 'forbidden' });
    }
  });

  test('answers 503 while Temporal has no worker that answers', async () => {
    const gone = () => Promise.reject(Object.assign(new Error('deadline'), { code: 4, details: '', metadata: {} }));
    const { app } = await testApp({}, { stoppedPrefixes: { list: gone, stop: gone, resume: gone } });
    const { statusCode } = await app.inject({ url: '/v1/stopped-prefixes', headers: as('ops') });
    expect(statusCode).toBe(503);
  });
});

describe('PHONE_COUNTRIES', () => {
  test.each([
    ['POST', '/v1/enrollments', 'onboarding', { userId, phoneNumber: '+4915123456789' }],
    ['PUT', `/v1/enrollments/${id}/phone-number`, 'support', { phoneNumber: '+4915123456789', reason: 'asked' }],
  ] as const)(
    '%s %s refuses a number of another country, and does not repeat it',
    async (method, url, role, payload) => {
      const { app, log } = await testApp({}, { phoneCountries: ['FR', 'US'] });
      const { statusCode, body } = await app.inject({ method, url, headers: as(role), payload });
      expect(statusCode).toBe(400);
      expect(JSON.parse(body)).toMatchObject({
        code: 'invalid_request',
        errors: [{ field: 'phoneNumber', expected: 'a number of one of these countries: FR, US' }],
      });
      expect(body + log()).not.toContain('15123456789');
    },
  );

  test('takes a number of one of them', async () => {
    const changePhoneNumber = () => Promise.resolve(awaitingCode);
    const { app } = await testApp({ changePhoneNumber }, { phoneCountries: ['US'] });
    const url = `/v1/enrollments/${id}/phone-number`;
    const payload = { phoneNumber: '+14155550123', reason: 'asked' };
    expect((await app.inject({ method: 'PUT', url, headers: as('support'), payload })).statusCode).toBe(200);
  });
});
