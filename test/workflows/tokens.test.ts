import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import * as messages from '../../src/workflows/messages';
import { startStage, type Case, type Stage } from './support';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('real');
});
afterEach(() => stage.tenant.control('PUT', '/switches', { confirmTokenForAssociate: true }));
afterAll(() => stage.close());

const anotherToken = ({ userId }: Case) => stage.tenant.token(userId);
/** Lets every token and code of the tenant die, which the case does not know of. */
const dies = () => stage.tenant.advance(601);

describe('a token that is over while the user is slow', () => {
  const bring = {
    'the signal provideToken': async (started: Case) =>
      started.handle.signal(messages.provideToken, { accessToken: await anotherToken(started) }),
    'the update renewToken': async (started: Case) =>
      expect(
        await started.handle.executeUpdate(messages.renewToken, {
          args: [{ accessToken: await anotherToken(started) }],
        }),
      ).toMatchObject({ state: 'awaiting_code' }),
  };

  test.each(Object.entries(bring))(
    'during the first factor: %s brings the case on at the same step',
    async (_name, go) => {
      const started = await stage.start();
      await dies();
      const answer = await started.confirm(await started.texted());
      expect(answer).toMatchObject({ result: 'token_needed', attemptsLeft: 5, status: { state: 'awaiting_token' } });
      await go(started);
      expect(await started.awaits('sms')).toMatchObject({ attemptsLeft: 5 });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect([(await started.texts()).length, await started.records()]).toEqual([2, ['sms active', 'totp active']]);
    },
  );

  test.each(Object.entries(bring))(
    'during the second: %s brings the case on there, and no text is sent',
    async (_name, go) => {
      const started = await stage.start();
      await started.confirm(await started.texted());
      await started.awaits('otp');
      await dies();
      expect(await started.confirm(await started.shown(), 'otp')).toMatchObject({ result: 'token_needed' });
      await go(started);
      await started.awaits('otp');
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect([(await started.texts()).length, await started.records()]).toEqual([1, ['sms active', 'totp active']]);
    },
  );

  test('a code that comes while the case waits for a token is answered, and is no attempt', async () => {
    const started = await stage.start();
    await dies();
    await started.confirm(await started.texted());
    expect(await started.confirm('123456')).toMatchObject({ result: 'token_needed', attemptsLeft: 5 });
    expect(await started.confirms()).toHaveLength(1);
  });

  test('a refresh token that was given is used, once, and the answer holds the next challenge', async () => {
    const userId = await stage.tenant.newUser();
    const scope = 'enroll read:authenticators remove:authenticators offline_access';
    const { json } = await stage.tenant.control('POST', '/tokens', { userId, scope });
    const { accessToken, refreshToken } = json as { accessToken: string; refreshToken: string };
    const started = await stage.start({ userId, token: { accessToken, refreshToken } });
    const { challenge: first } = await started.status();
    await dies();
    const answer = await started.confirm(await started.texted());
    expect(answer).toMatchObject({ result: 'expired', attemptsLeft: 5, status: { state: 'awaiting_code' } });
    expect(answer.status.challenge?.challengeId).not.toBe(first?.challengeId);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.texts()).toHaveLength(2);
    const { text } = await stage.tenant.control('GET', '/requests');
    expect(text.split(refreshToken)).toHaveLength(2);
  });
});

describe('the token of the second factor', () => {
  const tokens = async (started: Case) => (await started.associates()).map(({ token }) => token);

  test('is the one that the first confirm returned', async () => {
    const started = await stage.start();
    await started.finish();
    const [first, second, ...more] = await tokens(started);
    expect([first === second, more]).toEqual([false, []]);
  });

  test('is the first one again where Auth0 does not take that one', async () => {
    await stage.tenant.switches({ confirmTokenForAssociate: false });
    const started = await stage.start();
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    const [first, second, third] = await tokens(started);
    expect([first === second, first === third]).toEqual([false, true]);
    expect(await started.texts()).toHaveLength(1);
  });
});

describe('an opaque mfa_token', () => {
  test('takes a user without a factor through both', async () => {
    const userId = await stage.tenant.newUser();
    const started = await stage.start({
      userId,
      token: { accessToken: await stage.tenant.token(userId, { kind: 'mfa_token' }) },
    });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('of a user with an active factor is named, with what is needed instead; that goes on', async () => {
    const userId = await stage.tenant.newUser();
    await stage.tenant.withOtp(userId);
    const accessToken = await stage.tenant.token(userId, { kind: 'mfa_token' });
    const started = await stage.start({ userId, token: { accessToken } });
    expect(await started.status()).toMatchObject({
      state: 'awaiting_token',
      textsLeft: 10,
      lastProblem: { code: 'token_wrong_kind', message: expect.stringContaining('/authorize with the MFA audience') },
    });
    await started.handle.signal(messages.provideToken, { accessToken: await anotherToken(started) });
    expect(await started.finish()).toMatchObject({
      state: 'completed',
      factors: [{ factor: 'sms' }, { alreadyActive: true }],
    });
    expect(await started.records()).toEqual(['totp active', 'sms active']);
  });
});
