import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as messages from '../../src/workflows/messages';
import { otherThan, startStage, type Case, type Stage } from './support';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('real');
});
afterAll(() => stage.close());

const codesAsked = async (started: Case) => (await started.confirms()).map(({ body }) => body['binding_code']);
/** The user's own text, also while the case has not heard of it yet. */
const firstText = async (started: Case): Promise<string> => {
  while ((await started.texts()).length === 0) await sleep(20); // the test's own time limit ends it
  return started.texted();
};

describe('wrong codes', () => {
  test('five wrong codes, and Auth0 is asked no more: not by update, not by signal, not for the right one', async () => {
    const started = await stage.start();
    const code = await started.texted();
    for (let left = 4; left >= 0; left -= 1) {
      expect(await started.confirm(otherThan(code, left + 1))).toMatchObject({
        result: 'rejected',
        attemptsLeft: left,
      });
    }
    const refused = await started.confirm(code).catch((error: unknown) => error);
    expect(refused).toMatchObject({ cause: { type: 'rate_limited', details: [{ attemptsLeft: 0, factor: 'sms' }] } });
    const { retryAfter } = (refused as { cause: { details: [{ retryAfter: number }] } }).cause.details[0];
    expect([retryAfter > 0, retryAfter <= 360]).toEqual([true, true]);
    await started.handle.signal(messages.submitBindingCode, code);
    expect(await started.status()).toMatchObject({ state: 'awaiting_code', nextAttemptAt: expect.any(String) });
    expect(await codesAsked(started)).toHaveLength(5);
  });

  test('a user whose attempts are used up at Auth0 is told to wait, and the code is not counted as wrong', async () => {
    const started = await stage.start();
    const { tenant } = stage;
    const token = await tenant.token(started.userId);
    for (let failed = 0; failed < 10; failed += 1) await tenant.confirmOtp(token, '000000');
    const answer = await started.confirm(await started.texted());
    expect(answer).toMatchObject({
      result: 'rate_limited',
      attemptsLeft: 0,
      retryAfter: expect.any(Number),
      status: { state: 'awaiting_code', lastProblem: { code: 'too_many_codes' } },
    });
  });
});

describe('codes at the wrong time', () => {
  test('a code that is there before the answer with its challenge is kept, and works', async () => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'delay', ms: 3_000, when: 'after' });
    const started = await stage.begin();
    const code = await firstText(started);
    expect(await started.status()).toMatchObject({ state: 'associating' });
    await started.handle.signal(messages.submitBindingCode, code);
    await started.awaits('otp');
    expect(await codesAsked(started)).toEqual([code]);
  });

  test('so is one that wants an answer', async () => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'delay', ms: 3_000, when: 'after' });
    const started = await stage.begin();
    expect(await started.confirm(await firstText(started))).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  });

  test('a code for a text whose challenge got lost is not spent on the next one', async () => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'delay', ms: 6_000, when: 'after' });
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'resetAfter' });
    const started = await stage.begin();
    await started.handle.signal(messages.submitBindingCode, await firstText(started));
    expect(await started.awaits('sms')).toMatchObject({ attemptsLeft: 5, textsLeft: 8 });
    expect(await codesAsked(started)).toEqual([]);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('codes that come before any text was asked for are guesses, and cost nothing', async () => {
    await stage.stopWorker();
    const started = await stage.begin();
    await started.handle.signal(messages.submitBindingCode, '123456');
    await started.handle.signal(messages.submitOtp, '123456');
    await stage.restartWorker();
    expect(await started.awaits('sms')).toMatchObject({ attemptsLeft: 5 });
    expect(await codesAsked(started)).toEqual([]);
  });

  test('a code for a factor that is done learns that it worked, and costs nothing', async () => {
    const started = await stage.start();
    const code = await started.texted();
    await started.confirm(code);
    await started.awaits('otp');
    expect(await started.confirm(code)).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
    expect(await codesAsked(started)).toEqual([code]);
  });
});

describe('messages of every shape', () => {
  const shapes = [undefined, null, true, -1, 1.5, '', 'text', '12345', '١٢٣٤٥٦', [], ['123456'], {}];
  const members = ['code', 'accessToken', 'challengeId'];
  const nested = members.flatMap((name) => shapes.map((value) => ({ [name]: value })));
  const tokens = [-1, 0, 1e-9, Number.MAX_VALUE, '600', null].map((expiresIn) => ({
    accessToken: 'not-a-token',
    expiresIn,
    refreshToken: 7,
  }));
  const signals = ['submitBindingCode', 'submitOtp', 'provideToken', 'resendCode', 'nobodyKnowsThis'];

  test.each(signals)('%s with any payload leaves the case working', async (signal) => {
    const started = await stage.start();
    const { handle } = started;
    await Promise.all([...shapes, ...nested, ...tokens].map((payload) => handle.signal(signal, payload)));
    await handle.signal(signal);
    await handle.signal(signal, '123 45', 'and', 'more');
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
  });

  test.each([-1, Number.MAX_VALUE, '600'])('a token said to live %p s does not stop the case', async (expiresIn) => {
    const userId = await stage.tenant.newUser();
    const started = await stage.begin({ userId, factors: ['otp'], token: { accessToken: 'refused' } });
    await started.until(({ state }) => state === 'awaiting_token');
    await started.handle.signal('provideToken', { accessToken: await stage.tenant.token(userId), expiresIn });
    await started.handle.signal('provideToken', { accessToken: await stage.tenant.token(userId) });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('cancelEnrollment with any payload cancels', async () => {
    const ends = [...shapes, { reason: 7 }, { reason: null }, { reason: 'x'.repeat(5_000) }].map(async (payload) => {
      const started = await stage.start();
      await started.handle.signal('cancelEnrollment', payload);
      await expect(started.handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      return (await started.status()).state;
    });
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['cancelled']));
  });

  test('updates of any payload are refused, known or not, and leave no event', async () => {
    const started = await stage.start();
    const { historyLength } = await started.handle.describe();
    for (const update of ['confirmCode', 'changePhoneNumber', 'renewToken', 'nobodyKnowsThis']) {
      for (const payload of [...shapes, { factor: 'sms' }, { factor: 'fax', code: '123456' }]) {
        await expect(started.handle.executeUpdate(update, { args: [payload] })).rejects.toThrow();
      }
    }
    expect((await started.handle.describe()).historyLength).toBe(historyLength);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test.each([
    ['a life that is no number', { lifetimeSeconds: 'long' }],
    ['a life that is no time', { lifetimeSeconds: -5 }],
    ['a life beyond all dates', { lifetimeSeconds: Number.MAX_VALUE }],
    ['a policy nobody knows', { partialPolicy: 'burn' }],
  ])('a case started with %s fails at once and says what it wanted', async (_name, options) => {
    const started = await stage.begin({ options: options as messages.MfaEnrollmentOptions });
    await expect(started.handle.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining('lifetimeSeconds') },
    });
  });
});
