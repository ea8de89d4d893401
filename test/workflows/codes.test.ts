import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { EnrollmentOptions } from '../../src/enrollment/commands';
import * as messages from '../../src/workflows/messages';
import { onStage, otherThan, refusal, type Case } from './support';

const stage = onStage('real');

const codesAsked = async (started: Case) => (await started.confirms()).map(({ body }) => body['binding_code']);
/** The user's own text, also while the enrollment has not heard of it yet. */
const firstText = async (started: Case): Promise<string> => {
  while ((await started.texts()).length === 0) await sleep(20); // the test's own time limit ends it
  return started.texted();
};
/** An enrollment whose first text is out, and whose answer with the challenge is not there yet. */
async function beforeTheAnswer(): Promise<Case> {
  const userId = await stage().tenant.newUser();
  await stage().tenant.fault({ userId, route: 'POST /mfa/associate', type: 'delay', ms: 2_000, when: 'after' });
  const started = await stage().begin({ userId });
  await firstText(started);
  return started;
}

describe('wrong codes', () => {
  test('five, and Auth0 is asked no more: not by update, which says when, not by signal, not for the right one', async () => {
    const started = await stage().start();
    const code = await started.texted();
    for (let left = 4; left >= 0; left -= 1) {
      expect(await started.confirm(otherThan(code, left + 1))).toMatchObject({
        result: 'rejected',
        attemptsLeft: left,
      });
    }
    const refused: unknown = await started.confirm(code).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      cause: {
        type: 'rate_limited',
        details: [{ attemptsLeft: 0, factor: 'sms', retryAfter: expect.any(Number) }],
      },
    });
    const { retryAfter } = (refused as { cause: { details: [{ retryAfter: number }] } }).cause.details[0]; // matched above
    expect([retryAfter > 0, retryAfter <= 360]).toEqual([true, true]);
    await started.handle.signal(messages.submitBindingCode, code);
    expect(await started.status()).toMatchObject({
      state: 'awaiting_code',
      nextAttemptAt: expect.any(String),
      lastProblem: { code: 'too_many_codes', retryAt: expect.any(String) },
      waitingFor: { who: 'nobody', what: 'attempts' },
    });
    expect(await codesAsked(started)).toHaveLength(5);
  });

  test('elsewhere, until Auth0 takes none of this user: the user is told to wait, and the code is not counted as wrong', async () => {
    const started = await stage().start();
    const { tenant } = stage();
    const token = await tenant.token(started.userId);
    for (let failed = 0; failed < 10; failed += 1) await tenant.confirmOtp(token, '000000');
    expect(await started.confirm(await started.texted())).toMatchObject({
      result: 'rate_limited',
      attemptsLeft: 0,
      retryAfter: expect.any(Number),
      status: { state: 'awaiting_code', lastProblem: { code: 'too_many_codes' } },
    });
  });
});

describe('codes at the wrong time', () => {
  test('a code by signal that is there before the answer with its challenge is kept, and works', async () => {
    const started = await beforeTheAnswer();
    const code = await started.texted();
    expect(await started.status()).toMatchObject({ state: 'associating' });
    await started.handle.signal(messages.submitBindingCode, code);
    await started.awaits('otp');
    expect(await codesAsked(started)).toEqual([code]);
  });

  test('so is one by update, which gets its answer', async () => {
    const started = await beforeTheAnswer();
    expect(await started.confirm(await started.texted())).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  });

  test('codes that come before any text was asked for are guesses, and cost nothing', async () => {
    await stage().stopWorker();
    const started = await stage().begin();
    await started.handle.signal(messages.submitBindingCode, '123456');
    await started.handle.signal(messages.submitOtp, '123456');
    await stage().restartWorker();
    expect(await started.awaits('sms')).toMatchObject({ attemptsLeft: 5 });
    expect(await codesAsked(started)).toEqual([]);
  });

  test('a code that comes while another is asked about waits its turn, and each gets its own answer', async () => {
    const started = await stage().start({ options: { localFirst: false } });
    const code = await started.texted();
    await started.fault({ route: 'POST /oauth/token', type: 'delay', ms: 500, when: 'before' });
    const wrong = started.confirm(otherThan(code));
    await started.until(({ state }) => state === 'confirming');
    expect(await started.confirm(code)).toMatchObject({ result: 'confirmed', attemptsLeft: 4 });
    expect(await wrong).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    expect(await codesAsked(started)).toHaveLength(2);
  });

  test('the same right code many times at once is asked about once, and every sender hears that it is done', async () => {
    const started = await stage().start({ factors: ['sms'], options: { localFirst: false } });
    const code = await started.texted();
    await started.fault({ route: 'POST /oauth/token', type: 'delay', ms: 500, when: 'before' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => started.confirm(code)));
    expect(answers.filter(({ result }) => result === 'confirmed')).toHaveLength(1);
    expect(answers.filter(({ result }) => result === 'already_confirmed')).toHaveLength(7);
    expect(await codesAsked(started)).toEqual([code]);
  });

  test('a code for a factor that is done hears so, though other codes are awaited, and costs nothing', async () => {
    const started = await stage().start();
    const code = await started.texted();
    await started.confirm(code);
    await started.awaits('otp');
    expect(await started.confirm(code)).toMatchObject({ result: 'already_confirmed', attemptsLeft: 5 });
    expect(await codesAsked(started)).toEqual([code]);
  });
});

describe('texts', () => {
  test('a second one too soon is refused with the time of the next; by signal the last problem says so; nothing is sent', async () => {
    const started = await stage().start();
    const refused: unknown = await started.resend().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      cause: {
        type: 'resend_too_soon',
        details: [{ attemptsLeft: 5, factor: 'sms', retryAfter: expect.any(Number) }],
      },
    });
    const { retryAfter } = (refused as { cause: { details: [{ retryAfter: number }] } }).cause.details[0]; // matched above
    expect([retryAfter > 0, retryAfter <= 30]).toEqual([true, true]);
    await started.handle.signal(messages.resendCode);
    const { lastProblem, nextTextAt } = await started.until((now) => now.lastProblem !== undefined);
    expect(lastProblem).toMatchObject({ code: 'resend_too_soon', retryAt: nextTextAt });
    expect(await started.texts()).toHaveLength(1);
  });

  test('to a number that cannot be reached cost none of the ten, and another number may follow at once', async () => {
    const userId = await stage().tenant.newUser();
    const started = await stage().start({ userId, phoneNumber: '+123456' });
    expect(await started.status()).toMatchObject({
      state: 'associating',
      textsLeft: 10,
      lastProblem: { code: 'phone_number_invalid' },
      waitingFor: { who: 'user', what: 'phone_number' },
    });
    expect(await started.changeNumber()).toMatchObject({ state: 'awaiting_code', textsLeft: 9 });
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

  test.each(signals)('%s with any payload leaves the enrollment working', async (signal) => {
    const started = await stage().start();
    const { handle } = started;
    await Promise.all([...shapes, ...nested, ...tokens].map((payload) => handle.signal(signal, payload)));
    await handle.signal(signal);
    await handle.signal(signal, '123 45', 'and', 'more');
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
  });

  test.each([-1, Number.MAX_VALUE, '600'])(
    'a token said to live %p s lives as long as it says itself',
    async (life) => {
      const { tenant } = stage();
      const userId = await tenant.newUser();
      const started = await stage().start({ userId, factors: ['otp'], token: { accessToken: 'of-nobody' } });
      expect(await started.status()).toMatchObject({
        state: 'awaiting_token',
        lastProblem: { code: 'token_unreadable' },
      });
      await started.handle.signal('provideToken', { accessToken: await tenant.token(userId), expiresIn: life });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
    },
  );

  test('cancelEnrollment with any payload cancels', async () => {
    const ends = [
      undefined,
      null,
      -1,
      'text',
      [],
      {},
      { reason: 7 },
      { reason: null },
      { reason: 'x'.repeat(5_000) },
    ].map(async (payload) => {
      const started = await stage().start();
      await started.handle.signal('cancelEnrollment', payload);
      await expect(started.handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      return (await started.status()).state;
    });
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['cancelled']));
  });

  test('updates of any payload are refused, known or not, and leave no event', async () => {
    const started = await stage().start();
    const { historyLength } = await started.handle.describe();
    for (const update of ['confirmCode', 'changePhoneNumber', 'renewToken', 'nobodyKnowsThis']) {
      for (const payload of [...shapes, { factor: 'sms' }, { factor: 'fax', code: '123456' }]) {
        await expect(started.handle.executeUpdate(update, { args: [payload] })).rejects.toThrow();
      }
    }
    expect((await started.handle.describe()).historyLength).toBe(historyLength);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('an update that is refused says by its type why', async () => {
    const started = await stage().start();
    const { challenge } = await started.status();
    const refusals = {
      malformed: () => started.confirm('12'),
      wrong_step: () => started.confirm('123456', 'otp'),
      stale_challenge: () => started.confirm('123456', 'sms', 'another-challenge'),
      resend_too_soon: () => started.resend(),
    };
    for (const [type, refused] of Object.entries(refusals)) {
      await expect(refused()).rejects.toMatchObject(refusal(type));
    }
    expect(await started.confirm(await started.texted(), 'sms', challenge?.challengeId)).toMatchObject({
      result: 'confirmed',
    });
    await started.awaits('otp');
    await expect(started.resend()).rejects.toMatchObject(refusal('not_resendable'));
    await expect(started.changeNumber()).rejects.toMatchObject(refusal('wrong_step'));
  });

  test.each([
    ['a life that is no number', { lifetimeSeconds: 'long' }],
    ['a life that is no time', { lifetimeSeconds: -5 }],
    ['a life beyond all dates', { lifetimeSeconds: Number.MAX_VALUE }],
    ['a policy nobody knows', { partialPolicy: 'burn' }],
  ])('an enrollment started with %s fails at once and says what it wanted', async (_name, options) => {
    const started = await stage().begin({ options: options as EnrollmentOptions }); // by hand, anything goes
    await expect(started.handle.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining('lifetimeSeconds') },
    });
  });
});
