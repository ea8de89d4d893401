import { afterEach, describe, expect, test } from '@jest/globals';
import type { GivenToken } from '../../src/enrollment/tokens';
import * as messages from '../../src/workflows/messages';
import { onStage, recordsOf, refusal, requestsOf, type Case } from './support';

// On the time-skipping server: between two texts lies a cool-down.
const stage = onStage('timeSkipping', { opaqueTokens: 'accept' });
afterEach(() => stage().tenant.control('PUT', '/switches', { confirmTokenForAssociate: true }));

const anotherToken = ({ userId }: Case) => stage().tenant.token(userId);
/** With the refresh token that comes along. */
async function fullToken(userId: string, expiresIn = 600): Promise<GivenToken & { refreshToken: string }> {
  const scope = 'enroll read:authenticators remove:authenticators offline_access';
  const { json } = await stage().tenant.control('POST', '/tokens', { userId, scope, expiresIn });
  const { text } = stage().tenant;
  return { accessToken: text(json['accessToken']), refreshToken: text(json['refreshToken']) };
}
const bySignal = async ({ handle }: Case, token: GivenToken) => handle.signal(messages.provideToken, token);
const byUpdate = async ({ handle }: Case, token: GivenToken) =>
  void (await handle.executeUpdate(messages.renewToken, { args: [token] }));

describe('a token of another user', () => {
  /** Somebody with a factor, and with one that waits to be confirmed. */
  async function stranger() {
    const { tenant } = stage();
    const userId = await tenant.newUser();
    await tenant.withSms(userId);
    await tenant.associateOtp(await tenant.token(userId));
    const used = () => Promise.all(['/mfa/associate', '/oauth/token'].map((path) => requestsOf(tenant, userId, path)));
    const before = await used();
    return {
      userId,
      async expectUntouched(): Promise<void> {
        expect(await recordsOf(tenant, userId)).toEqual(['sms active', 'totp inactive']);
        expect(await used()).toEqual(before);
      },
    };
  }
  const foreign = {
    'a JWT': { token: (userId: string) => fullToken(userId), problem: 'token_of_another_user' },
    'an opaque mfa_token': {
      token: async (userId: string) => ({ accessToken: await stage().tenant.token(userId, { kind: 'mfa_token' }) }),
      problem: 'token_unreadable',
    },
  } as const;

  test.each(Object.entries(foreign))(
    '%s, by signal, changes nothing but the last problem, and the enrollment completes with its own',
    async (_name, { token, problem }) => {
      const [started, other] = [await stage().start(), await stranger()];
      const { lastProblem: none, ...before } = await started.status();
      expect(none).toBeUndefined();
      await bySignal(started, await token(other.userId));
      const { lastProblem, ...after } = await started.until((now) => now.lastProblem !== undefined);
      expect(lastProblem).toMatchObject({ code: problem });
      expect(after).toEqual(before);
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect(await started.records()).toEqual(['sms active', 'totp active']);
      await other.expectUntouched();
    },
  );

  test.each(Object.entries(foreign))('%s, by update, is refused by name and changes nothing', async (_name, row) => {
    const [started, other] = [await stage().start(), await stranger()];
    const before = await started.status();
    await expect(byUpdate(started, await row.token(other.userId))).rejects.toMatchObject(refusal(row.problem));
    expect(await started.status()).toEqual(before);
    await other.expectUntouched();
  });

  test.each(Object.entries(foreign))(
    '%s, while no token is at hand, leaves the enrollment waiting for its own, and says so',
    async (_name, { token, problem }) => {
      const other = await stranger();
      const started = await stage().start({ token: await token(other.userId) });
      const waits = {
        state: 'awaiting_token',
        lastProblem: { code: problem },
        waitingFor: { who: 'onboarding', what: 'token' },
      };
      expect(await started.status()).toMatchObject(waits);
      await bySignal(started, await token(other.userId));
      expect(await started.until(({ lastProblem }) => lastProblem !== undefined)).toMatchObject(waits);
      await byUpdate(started, { accessToken: await anotherToken(started) });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect(await started.records()).toEqual(['sms active', 'totp active']);
      await other.expectUntouched();
    },
  );

  test.each(Object.entries({ signal: bySignal, update: byUpdate }))(
    'as the refresh token beside a good one, by %s, gives no token to go on with, and touches nobody',
    async (_name, bring) => {
      const [started, other] = [await stage().start(), await stranger()];
      const { refreshToken } = await fullToken(other.userId);
      await bring(started, { accessToken: await anotherToken(started), refreshToken });
      await started.confirm(await started.texted());
      await started.awaits('otp');
      await stage().later(601);
      await started.until(({ lastProblem }) => lastProblem?.code === 'code_expired');
      expect(await started.resend()).toMatchObject({
        state: 'awaiting_token',
        lastProblem: { code: 'token_of_another_user' },
        waitingFor: { who: 'onboarding', what: 'token' },
      });
      expect(await recordsOf(stage().tenant, other.userId)).toEqual(['sms active', 'totp inactive']);
      await bySignal(started, { accessToken: await anotherToken(started) });
      expect(await started.finish()).toMatchObject({ state: 'completed' });
      expect(await started.records()).toEqual(['sms active', 'totp active']);
      expect(await recordsOf(stage().tenant, other.userId)).toEqual(['sms active', 'totp inactive']);
    },
  );

  test('that nobody could read, where such tokens are accepted, is found out by the first code, which counts for nothing', async () => {
    const { tenant } = stage();
    const other = await tenant.newUser();
    const token = { accessToken: await tenant.token(other, { kind: 'mfa_token' }) };
    const started = await stage().start({ token, factors: ['otp'], options: { opaqueTokens: 'accept' } });
    expect(await started.confirm(await started.appCode(), 'otp')).toMatchObject({
      result: 'token_needed',
      status: { state: 'awaiting_token', lastProblem: { code: 'token_of_another_user' } },
    });
    await bySignal(started, { accessToken: await anotherToken(started) });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['totp active']);
  });
});

describe('a token that is over while the user is slow', () => {
  test('during the first factor: the signal provideToken brings the enrollment on at the same step', async () => {
    const started = await stage().start();
    await stage().tenant.advance(601); // which the enrollment does not know of
    expect(await started.confirm(await started.texted())).toMatchObject({
      result: 'token_needed',
      attemptsLeft: 5,
      status: { state: 'awaiting_token', waitingFor: { who: 'user', what: 'sign_in' } },
    });
    expect(await started.confirm('123456')).toMatchObject({ result: 'token_needed', attemptsLeft: 5 });
    expect(await started.confirms()).toHaveLength(1);
    await bySignal(started, { accessToken: await anotherToken(started) });
    expect(await started.finish()).toMatchObject({ state: 'completed', attemptsLeft: 5 });
    expect([(await started.texts()).length, await started.records()]).toEqual([2, ['sms active', 'totp active']]);
  });

  test('during the second: the update renewToken brings it on there, and no text is sent', async () => {
    const started = await stage().start();
    await started.confirm(await started.texted());
    await started.awaits('otp');
    await stage().later(601);
    await started.until(({ state }) => state === 'awaiting_token');
    expect(await started.confirm('123456', 'otp')).toMatchObject({ result: 'token_needed' });
    await byUpdate(started, { accessToken: await anotherToken(started) });
    expect(await started.awaits('otp')).toMatchObject({ attemptsLeft: 5 });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect([(await started.texts()).length, await started.records()]).toEqual([1, ['sms active', 'totp active']]);
  });

  test('a refresh token that was given is used, once, and the answer holds the next challenge', async () => {
    const userId = await stage().tenant.newUser();
    const token = await fullToken(userId);
    const started = await stage().start({ userId, token, factors: ['otp'] });
    const { challenge: first } = await started.status();
    const code = await started.appCode();
    await stage().tenant.advance(601);
    const answer = await started.confirm(code, 'otp');
    expect(answer).toMatchObject({ result: 'expired', attemptsLeft: 5, status: { state: 'awaiting_code' } });
    expect(answer.status.challenge?.challengeId).not.toBe(first?.challengeId);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    const { text } = await stage().tenant.control('GET', '/requests');
    expect(text.split(token.refreshToken)).toHaveLength(2);
  });
});

describe('a token with what its user was shown', () => {
  test('is their consent, until the number is changed; one for the number before is refused and not accepted as an update', async () => {
    const { tenant } = stage();
    const userId = await tenant.newUser();
    const started = await stage().start({ userId, factors: ['sms'], token: { accessToken: 'of-nobody' } });
    const consented = async (phoneNumberChanges: number, claim = 'one-page') =>
      started.handle.executeUpdate(messages.renewToken, {
        args: [{ ...(await fullToken(userId)), claim, shown: { phoneNumberChanges } }],
      });
    expect(await consented(0)).toMatchObject({ claim: 'one-page', consentedAt: expect.any(String) });
    await started.changeNumber();
    expect(await started.status()).not.toHaveProperty('consentedAt');
    const accepted = async () =>
      ((await started.handle.fetchHistory()).events ?? []).filter(
        (event) => event.workflowExecutionUpdateAcceptedEventAttributes,
      ).length;
    const before = await accepted();
    await expect(consented(0)).rejects.toMatchObject(refusal('number_changed'));
    expect(await accepted()).toBe(before);
    expect(await consented(1)).toMatchObject({ phoneNumberChanges: 1, consentedAt: expect.any(String) });
  });

  test('is no consent without a claim, nor is a claim alone', async () => {
    const userId = await stage().tenant.newUser();
    const started = await stage().start({ userId, factors: ['sms'] });
    for (const more of [{ shown: { phoneNumberChanges: 0 } }, { claim: 'one-page' }]) {
      const answer = await started.handle.executeUpdate(messages.renewToken, {
        args: [{ ...(await fullToken(userId)), ...more }],
      });
      expect(answer).not.toHaveProperty('consentedAt');
    }
  });
});

describe('the token of the second factor', () => {
  const tokens = async (started: Case) => (await started.associates()).map(({ token }) => token);

  test('is the one that the first confirm returned', async () => {
    const started = await stage().start();
    await started.finish();
    const [first, second, ...more] = await tokens(started);
    expect([first === second, more]).toEqual([false, []]);
  });

  test('is the first one again where Auth0 does not take that one', async () => {
    await stage().tenant.switches({ confirmTokenForAssociate: false });
    const started = await stage().start();
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    const [first, second, third] = await tokens(started);
    expect([first === second, first === third]).toEqual([false, true]);
    expect(await started.texts()).toHaveLength(1);
  });
});

describe('an opaque mfa_token, where such tokens are accepted', () => {
  const options = { opaqueTokens: 'accept' } as const;
  const opaque = (userId: string) => stage().tenant.token(userId, { kind: 'mfa_token' });

  test('takes a user without a factor through both', async () => {
    const userId = await stage().tenant.newUser();
    const started = await stage().start({ userId, options, token: { accessToken: await opaque(userId) } });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('of a user with an active factor is named, with what is needed instead; that goes on', async () => {
    const userId = await stage().tenant.newUser();
    await stage().tenant.withOtp(userId);
    const started = await stage().start({ userId, options, token: { accessToken: await opaque(userId) } });
    expect(await started.status()).toMatchObject({
      state: 'awaiting_token',
      textsLeft: 10,
      lastProblem: { code: 'token_wrong_kind', message: expect.stringContaining('/authorize with the MFA audience') },
    });
    await bySignal(started, { accessToken: await anotherToken(started) });
    expect(await started.finish()).toMatchObject({
      state: 'completed',
      factors: [{ factor: 'sms' }, { alreadyActive: true }],
    });
    expect(await started.records()).toEqual(['totp active', 'sms active']);
  });
});
