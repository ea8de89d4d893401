import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startStage, type Case, type Stage } from './support';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('real');
});
afterEach(() => stage.tenant.control('DELETE', '/faults'));
afterAll(() => stage.close());

const afterEffect = ['resetAfter', 'errorAfter', 'malformedBody'];
const beforeEffect = ['resetBefore', 'errorBefore'];
const both = [...afterEffect, ...beforeEffect];
const factor = { 'mfa-oob': 'sms', 'mfa-otp': 'otp' } as const;
const grants = Object.keys(factor) as (keyof typeof factor)[]; // the object is closed
const table = (types: readonly string[]) => grants.flatMap((grantType) => types.map((type) => ({ grantType, type })));

/** A case that waits for a code of this factor, and that code. */
async function waitingFor(name: 'sms' | 'otp'): Promise<{ started: Case; code: string }> {
  const started = await stage.start();
  if (name === 'sms') return { started, code: await started.texted() };
  await started.confirm(await started.texted());
  await started.awaits('otp');
  return { started, code: await started.shown() };
}
const timesAsked = async (started: Case, code: string) =>
  (await started.confirms()).filter(({ body }) => body['binding_code'] === code || body['otp'] === code).length;

describe('a confirm without a usable answer', () => {
  test.each(table(afterEffect))(
    '$grantType, $type: it had worked, and the code is not asked about again',
    async (row) => {
      const { started, code } = await waitingFor(factor[row.grantType]);
      await stage.tenant.fault({ route: 'POST /oauth/token', ...row });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({
        result: 'confirmed',
        attemptsLeft: 5,
      });
      expect(await timesAsked(started, code)).toBe(1);
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect(await timesAsked(started, code)).toBe(1);
    },
  );

  test.each(table(beforeEffect))(
    '$grantType, $type: it had not, which is said, and the code works after',
    async (row) => {
      const { started, code } = await waitingFor(factor[row.grantType]);
      await stage.tenant.fault({ route: 'POST /oauth/token', ...row });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({
        result: 'unavailable',
        attemptsLeft: 5,
        status: { state: 'awaiting_code', lastProblem: { code: 'answer_lost' } },
      });
      expect(await started.confirm(code, factor[row.grantType])).toMatchObject({ result: 'confirmed' });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
    },
  );

  test('is settled by a list that answers late, and not by asking again', async () => {
    const { started, code } = await waitingFor('sms');
    await stage.tenant.fault({ route: 'POST /oauth/token', type: 'resetAfter' });
    await stage.tenant.fault({ route: 'GET /mfa/authenticators', type: 'errorBefore', count: 2 });
    expect(await started.confirm(code)).toMatchObject({ result: 'confirmed' });
    expect(await timesAsked(started, code)).toBe(1);
  });
});

describe('an associate without a usable answer', () => {
  test.each(both)('%s at the text: one more text at most, and one record in the end', async (type) => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type });
    const started = await stage.start();
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.texts()).toHaveLength(afterEffect.includes(type) ? 2 : 1);
    expect(await started.associates()).toHaveLength(3);
    expect(await started.records()).toEqual(['sms active', 'totp active']);
  });

  test.each(['resetAfter', 'errorBefore'])(
    '%s at the setup key: one more associate, and one record in the end',
    async (type) => {
      const started = await stage.start();
      await stage.tenant.fault({ route: 'POST /mfa/associate', type });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect([(await started.associates()).length, (await started.texts()).length]).toEqual([3, 1]);
      expect(await started.records()).toEqual(['sms active', 'totp active']);
    },
  );

  test('again and again: after three texts the case waits for a person, and takes up from there', async () => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'resetAfter', count: -1 });
    const started = await stage.start();
    expect(await started.status()).toMatchObject({
      state: 'associating',
      textsLeft: 7,
      lastProblem: { code: 'answer_lost' },
      nextAction: expect.stringContaining('resendCode'),
    });
    expect(await started.texts()).toHaveLength(3);
    await stage.tenant.control('DELETE', '/faults');
    await started.handle.signal('resendCode');
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
  });
});

test('a 429 is waited out, and costs neither a text nor an attempt', async () => {
  await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'rateLimited', retryAfter: 1 });
  await stage.tenant.fault({ route: 'POST /oauth/token', type: 'rateLimited', retryAfter: 1 });
  const started = await stage.start();
  expect(await started.confirm(await started.texted())).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  expect(await started.texts()).toHaveLength(1);
});
