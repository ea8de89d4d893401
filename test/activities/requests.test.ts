import { expect, jest, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Associated, TokenSet } from '../../src/enrollment/steps';
import type { Authenticator } from '../../src/factors';
import { activitiesOf, auth0That, environment, refusal, runIn, secrets, tokenOf, userId } from './stage';

const token: TokenSet = { accessToken: tokenOf(userId), expiresIn: 600, scope: ['enroll'] };
const texted: Associated = { type: 'oob', oobCode: 'oob' };
const listed: readonly Authenticator[] = [{ id: 'totp|dev_1', authenticatorType: 'otp', active: true }];

/** What the client's function was called with, less the signal; and what the activity made of its answer. */
async function asked<Name extends keyof MfaClient>(
  name: Name,
  answer: unknown,
  call: (activities: ReturnType<typeof createActivities>) => Promise<object>,
) {
  const input: unknown[] = [];
  const own = (...given: unknown[]) => {
    input.push(...given);
    return Promise.resolve(answer);
  };
  const { mfa } = auth0That(refusal({ verdict: 'pending' }), { [name]: own });
  const outcome = await runIn(environment(), () => call(activitiesOf(mfa)));
  expect(input.pop()).toBeInstanceOf(AbortSignal);
  return { input, outcome };
}

const { accessToken, phoneNumber, refreshToken } = secrets;

test('a reading passes on what Auth0 lists', async () => {
  const { input, outcome } = await asked('listAuthenticators', listed, (activities) =>
    activities.listAuthenticators({ userId, accessToken }),
  );
  expect(input).toEqual([accessToken]);
  expect(outcome).toEqual({ kind: 'listed', authenticators: listed });
});

test('a text is asked for by channel and number', async () => {
  const { input, outcome } = await asked('associate', texted, (activities) =>
    activities.associate({ userId, accessToken, factor: 'sms', phoneNumber, knownIds: [] }),
  );
  expect(input).toEqual([accessToken, { authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber }]);
  expect(outcome).toEqual({ kind: 'associated', challenge: texted });
});

test.each([
  ['a call', 'voice', { authenticatorTypes: ['oob'], oobChannels: ['voice'], phoneNumber }],
  ['an email', 'email', { authenticatorTypes: ['oob'], oobChannels: ['email'] }],
] as const)('%s is asked for by its channel', async (_what, factor, request) => {
  const { input } = await asked('associate', texted, (activities) =>
    activities.associate({ userId, accessToken, factor, phoneNumber, knownIds: [] }),
  );
  expect(input).toEqual([accessToken, request]);
});

test('an app is asked for without the number', async () => {
  const { input } = await asked('associate', texted, (activities) =>
    activities.associate({ userId, accessToken, factor: 'otp', phoneNumber, knownIds: [] }),
  );
  expect(input).toEqual([accessToken, { authenticatorTypes: ['otp'] }]);
});

test('a code goes with the token of its challenge, and the next token comes back', async () => {
  const proof = { type: 'otp', otp: secrets.otp } as const;
  const { input, outcome } = await asked('confirm', token, (activities) =>
    activities.confirm({ userId, accessToken, factor: 'otp', proof, activeIds: [] }),
  );
  expect(input).toEqual([accessToken, proof]);
  expect(outcome).toEqual({ kind: 'accepted', token });
});

test('an authenticator is deleted by its id', async () => {
  const { input, outcome } = await asked('deleteAuthenticator', undefined, (activities) =>
    activities.deleteAuthenticator({ userId, accessToken, id: 'sms|dev_1' }),
  );
  expect(input).toEqual([accessToken, 'sms|dev_1']);
  expect(outcome).toEqual({ kind: 'deleted' });
});

test('a refreshed token comes back whole', async () => {
  const { input, outcome } = await asked('refresh', token, (activities) =>
    activities.refreshToken({ userId, refreshToken }),
  );
  expect(input).toEqual([refreshToken]);
  expect(outcome).toEqual({ kind: 'refreshed', token });
});

test('a run has itself cancelled, and no other run of the same enrollment', async () => {
  const cancelRun = jest.fn(() => Promise.resolve());
  const { mfa } = auth0That(refusal({ verdict: 'pending' }));
  const own = new MockActivityEnvironment({ workflowExecution: { workflowId: 'the-enrollment', runId: 'this-run' } });
  await runIn(own, () =>
    createActivities({ mfa, opaqueTokens: 'refuse', sendingLimits: noSendingLimits, cancelRun }).cancelOwnRun(),
  );
  expect(cancelRun.mock.calls).toEqual([['the-enrollment', 'this-run']]);
});
