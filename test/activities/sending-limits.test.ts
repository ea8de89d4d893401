import { describe, expect, test } from '@jest/globals';
import type { Activities } from '../../src/activities';
import {
  noSendingLimits,
  type Sending,
  type SendingLimits,
  type SendingReserved,
} from '../../src/activities/sending-limits';
import type { Auth0Verdict } from '../../src/auth0/errors';
import { activitiesOf, auth0That, calls, environment, refusal, runIn, secrets, tokenOf, userId } from './stage';

/** Limits that answer so, and what they were asked and told. */
function limitsThat(answer: 'reserve' | Error | Extract<SendingReserved, { type: 'refused' }>) {
  const asked: Sending[] = [];
  let released = 0;
  const release = async () => void (released += 1);
  const limits: SendingLimits = {
    ...noSendingLimits,
    async reserve(sending) {
      asked.push(sending);
      if (answer instanceof Error) throw answer;
      return answer === 'reserve' ? { type: 'reserved', again: false, release } : answer;
    },
  };
  return { limits, asked, released: () => released };
}

const challenge = { type: 'oob', oobCode: 'o' } as const;
const willing = () => auth0That(refusal({ verdict: 'unexpected' }), { associate: () => Promise.resolve(challenge) });
const associate = (
  limits: SendingLimits,
  auth0 = willing(),
  call: (of: Activities) => Promise<unknown> = calls.associate,
) => runIn(environment(), () => call(activitiesOf(auth0.mfa, 'refuse', limits)));
const associateWith = (factor: 'otp' | 'email' | 'voice', limits: SendingLimits) =>
  associate(limits, willing(), (activities) =>
    activities.associate({
      ...{ userId, accessToken: tokenOf(userId), factor, knownIds: [], caller: 'the-caller' },
      ...(factor === 'voice' ? { phoneNumber: secrets.phoneNumber } : {}),
    }),
  );

describe('before a text is asked for', () => {
  test('it is counted under a name that tells nothing, with the number and the caller', async () => {
    const { limits, asked } = limitsThat('reserve');
    expect(await associateWith('voice', limits)).toMatchObject({ kind: 'associated' });
    expect(asked).toEqual([{ id: expect.any(String), phoneNumber: secrets.phoneNumber, caller: 'the-caller' }]);
    expect(asked[0]?.id).not.toMatch(/415|\|/);
  });

  test.each([
    { type: 'refused', why: 'number', retryAt: 5 },
    { type: 'refused', why: 'caller', retryAt: 5 },
    { type: 'refused', why: 'stopped' },
  ] as const)('a limit that says no is an outcome, and Auth0 is not asked: $why', async ({ type, ...why }) => {
    const auth0 = willing();
    expect(await associate(limitsThat({ type, ...why }).limits, auth0)).toEqual({ kind: 'not_sent', ...why });
    expect(auth0.asked).toEqual([]);
  });

  test('limits that cannot be asked let nothing be sent: Temporal tries again, and the failure holds no secret', async () => {
    const auth0 = willing();
    const failed = associate(limitsThat(new Error(`no answer about ${secrets.phoneNumber}`)).limits, auth0);
    await expect(failed).rejects.toMatchObject({ type: 'SendingLimitsUnreachable', nonRetryable: false });
    await expect(failed).rejects.not.toThrow(secrets.phoneNumber);
    expect(auth0.asked).toEqual([]);
  });

  test.each(['otp', 'email'] as const)('nothing is counted for %s', async (factor) => {
    const { limits, asked } = limitsThat('reserve');
    await associateWith(factor, limits);
    expect(asked).toEqual([]);
  });

  test('nothing is counted for the token of another user', async () => {
    const { limits, asked } = limitsThat('reserve');
    await associate(limits, willing(), (activities) => calls.associate(activities, tokenOf('auth0|other')));
    expect(asked).toEqual([]);
  });

  test('nothing is counted twice where an earlier attempt had its effect', async () => {
    const { limits, asked } = limitsThat('reserve');
    const made = { id: 'sms|dev_new', authenticatorType: 'oob', oobChannel: 'sms', active: false };
    const auth0 = auth0That(refusal({ verdict: 'unexpected' }), { listAuthenticators: () => Promise.resolve([made]) });
    const second = runIn(environment(2), () => calls.associate(activitiesOf(auth0.mfa, 'refuse', limits)));
    await expect(second).rejects.toMatchObject({ type: 'Auth0Ambiguous' });
    expect(asked).toEqual([]);
  });
});

describe('what was counted', () => {
  const notSent: readonly Auth0Verdict[] = [
    'unreachable',
    'throttled',
    'configuration',
    'malformed_request',
    'token_expired',
    'token_wrong_kind',
    'too_many_texts',
    'phone_number_invalid',
    'authenticator_limit',
  ];
  test.each(notSent)('is taken back when Auth0 surely sent nothing: %s', async (verdict) => {
    const { limits, released } = limitsThat('reserve');
    await associate(limits, auth0That(refusal({ verdict }))).catch(() => undefined);
    expect(released()).toBe(1);
  });

  test.each(['ambiguous', 'unexpected', 'denied'] as const)(
    'stays when a text may be under way: %s',
    async (verdict) => {
      const { limits, released } = limitsThat('reserve');
      await associate(limits, auth0That(refusal({ verdict }))).catch(() => undefined);
      expect(released()).toBe(0);
    },
  );

  test('stays when Auth0 sent it', async () => {
    const { limits, released } = limitsThat('reserve');
    await associate(limits);
    expect(released()).toBe(0);
  });
});
