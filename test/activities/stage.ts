import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, type Activities } from '../../src/activities';
import { Auth0Error, type Auth0ErrorDetails } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';

/** Everything that a failure must not show. */
export const secrets = {
  accessToken: 'planted-access-token',
  refreshToken: 'planted-refresh-token',
  oobCode: 'planted-oob-code',
  bindingCode: '271828',
  otp: '314159',
  phoneNumber: '+14155550123',
};

/** One call of each activity as the workflow makes it. */
export const calls = {
  listAuthenticators: (activities: Activities) => activities.listAuthenticators(secrets),
  associate: (activities: Activities) =>
    activities.associate({ ...secrets, factor: 'sms', knownIds: ['sms|dev_known'] }),
  confirm: (activities: Activities) =>
    activities.confirm({
      accessToken: secrets.accessToken,
      factor: 'sms',
      proof: { type: 'oob', oobCode: secrets.oobCode, bindingCode: secrets.bindingCode },
      activeIds: ['sms|dev_known'],
    }),
  deleteAuthenticator: (activities: Activities) => activities.deleteAuthenticator({ ...secrets, id: 'sms|dev_1' }),
  refreshToken: (activities: Activities) => activities.refreshToken(secrets),
} as const;
export type ActivityName = keyof typeof calls;

export const activityNames = Object.keys(calls) as ActivityName[]; // Object.keys forgets the key type; the object is closed

export const refusal = (details: Partial<Auth0ErrorDetails> & Pick<Auth0ErrorDetails, 'verdict'>) =>
  new Auth0Error({ endpoint: 'POST /of/the/test', ...details });

/** An Auth0 whose calls all refuse alike, but for the ones given; and the names of the calls it got. */
export function auth0That(refuses: Auth0Error, but: Partial<MfaClient> = {}) {
  const asked: (keyof MfaClient)[] = [];
  const noted = <Name extends keyof MfaClient>(name: Name): MfaClient[Name] => {
    const answer = (...input: unknown[]): unknown => {
      asked.push(name);
      const own = but[name] as ((...input: unknown[]) => unknown) | undefined; // called with what the client's own function gets
      return own === undefined ? Promise.reject(refuses) : own(...input);
    };
    return answer as MfaClient[Name]; // a function of any shape that only passes its input on
  };
  const mfa: MfaClient = {
    associate: noted('associate'),
    confirm: noted('confirm'),
    listAuthenticators: noted('listAuthenticators'),
    deleteAuthenticator: noted('deleteAuthenticator'),
    refresh: noted('refresh'),
    exchangeCode: noted('exchangeCode'),
  };
  return { mfa, asked };
}

export const activitiesOf = (mfa: MfaClient): Activities =>
  createActivities({ mfa, cancelRun: () => Promise.resolve() });

export const environment = (attempt = 1) =>
  new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR', () => undefined) });

/** Runs a call as an activity; the environment's own `run` forgets the type of what comes back. */
export const runIn = <Outcome>(own: MockActivityEnvironment, call: () => Promise<Outcome>): Promise<Outcome> =>
  own.run<[], Outcome, () => Promise<Outcome>>(call);
