import { describe, expect, test } from '@jest/globals';
import { attemptMs } from '../../src/activities/attempt';
import { onStage, type Case } from './support';

const stage = onStage('real');

const factor = { 'mfa-oob': 'sms', 'mfa-otp': 'otp' } as const;
const grants = Object.keys(factor) as (keyof typeof factor)[]; // the object is closed
const table = (types: readonly string[]) => grants.flatMap((grantType) => types.map((type) => ({ grantType, type })));

/** An enrollment that waits for a code of this factor, and that code. */
async function waitingFor(name: 'sms' | 'otp'): Promise<{ started: Case; code: string }> {
  const started = await stage().start();
  if (name === 'otp') {
    await started.confirm(await started.texted());
    await started.awaits('otp');
  }
  return { started, code: await started.rightCode(name) };
}
const timesAsked = async (started: Case, code: string) =>
  (await started.confirms()).filter(({ body }) => body['binding_code'] === code || body['otp'] === code).length;

describe('a confirm without a usable answer', () => {
  test.each(table(['resetAfter', 'errorAfter', 'malformedBody']))(
    '$grantType, $type: it had worked, and the code is not asked about again',
    async (row) => {
      const { started, code } = await waitingFor(factor[row.grantType]);
      await started.fault({ route: 'POST /oauth/token', ...row });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({
        result: 'confirmed',
        attemptsLeft: 5,
      });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect(await timesAsked(started, code)).toBe(1);
    },
  );

  test.each(table(['resetBefore', 'errorBefore']))(
    '$grantType, $type: it had not, which is said, and the code works after',
    async (row) => {
      const { started, code } = await waitingFor(factor[row.grantType]);
      await started.fault({ route: 'POST /oauth/token', ...row });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({
        result: 'unavailable',
        attemptsLeft: 5,
        status: { state: 'awaiting_code', lastProblem: { code: 'answer_lost' } },
      });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({ result: 'confirmed' });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
    },
  );

  test('is read back by a list that answers late, and not by asking again', async () => {
    const { started, code } = await waitingFor('sms');
    await started.fault({ route: 'POST /oauth/token', type: 'resetAfter' });
    await started.fault({ route: 'GET /mfa/authenticators', type: 'errorBefore', count: 2 });
    expect(await started.confirm(code)).toMatchObject({ result: 'confirmed' });
    expect(await timesAsked(started, code)).toBe(1);
  });
});

test('a setup key whose answer is lost is made again at once, and one authenticator stays in the end', async () => {
  const started = await stage().start();
  await started.fault({ route: 'POST /mfa/associate', type: 'resetAfter' });
  expect(await started.finish()).toMatchObject({ state: 'completed' });
  expect([(await started.associates()).length, (await started.texts()).length]).toEqual([3, 1]);
  expect(await started.records()).toEqual(['sms active', 'totp active']);
});

test('a 429 is waited out, and costs neither a text nor an attempt', async () => {
  const userId = await stage().tenant.newUser();
  const busy = { userId, type: 'rateLimited', retryAfter: 1 };
  await stage().tenant.fault({ ...busy, route: 'POST /mfa/associate' });
  await stage().tenant.fault({ ...busy, route: 'POST /oauth/token' });
  const started = await stage().start({ userId });
  expect(await started.confirm(await started.texted())).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  expect(await started.texts()).toHaveLength(1);
});

test("a firewall's page ends no enrollment: an operator is waited for, and the question is asked again", async () => {
  const userId = await stage().tenant.newUser();
  await stage().tenant.fault({ userId, route: 'GET /mfa/authenticators', type: 'proxyPage', status: 403 });
  const started = await stage().start({ userId });
  expect(await started.status()).toMatchObject({
    state: 'associating',
    lastProblem: { code: 'unexpected_answer', retryAt: expect.any(String) },
    waitingFor: { who: 'operator', what: 'unexpected_answer' },
  });
  expect((await started.shown()).attributes).toMatchObject({ MfaState: 'associating', MfaWaitingFor: 'operator' });
  await started.handle.terminate();
});

test('the steps of a run leave an attempt less time than Temporal gives it', async () => {
  const started = await stage().start({ factors: ['sms'], options: { localFirst: false } });
  await started.finish();
  const { events } = await started.handle.fetchHistory();
  const steps = events?.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []) ?? [];
  expect(steps.length).toBeGreaterThan(2);
  for (const { startToCloseTimeout, scheduleToCloseTimeout } of steps) {
    expect(Number(startToCloseTimeout?.seconds) * 1000).toBeGreaterThan(attemptMs);
    expect(Number(scheduleToCloseTimeout?.seconds)).toBe(60);
  }
});
