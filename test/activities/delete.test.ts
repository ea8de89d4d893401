import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from '@jest/globals';
import { createActivities } from '../../src/activities';
import { Auth0Error, type Auth0Verdict } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';

const activitiesWhere = (verdict: Auth0Verdict) => {
  const refuse = () => Promise.reject(new Auth0Error({ verdict, endpoint: 'of the test' }));
  const mfa: MfaClient = {
    associate: refuse,
    confirm: refuse,
    listAuthenticators: refuse,
    deleteAuthenticator: refuse,
    refresh: refuse,
    exchangeCode: refuse,
  };
  return createActivities({ mfa, cancelRun: () => Promise.resolve() });
};

test('a deletion whose answer is lost is made again: the second one does no harm', async () => {
  const activities = activitiesWhere('ambiguous');
  const call = new MockActivityEnvironment().run(() =>
    activities.deleteAuthenticator({ accessToken: 'token', id: 'sms|dev_1' }),
  );
  await expect(call).rejects.toMatchObject({ type: 'Auth0Ambiguous', nonRetryable: false });
});

test('a code whose answer is lost is not sent again', async () => {
  const activities = activitiesWhere('ambiguous');
  const proof = { type: 'otp', otp: '123456' } as const;
  const call = new MockActivityEnvironment().run(() =>
    activities.confirm({ accessToken: 'token', factor: 'otp', proof, activeIds: [] }),
  );
  await expect(call).rejects.toMatchObject({ type: 'Auth0Ambiguous', nonRetryable: true });
});
