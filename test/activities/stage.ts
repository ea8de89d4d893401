import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, type Activities } from '../../src/activities';
import { noSendingLimits, type SendingLimits } from '../../src/activities/sending-limits';
import { Auth0Error, type Auth0ErrorDetails } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';
import type { OpaqueTokens } from '../../src/enrollment/token-owner';

export const userId = 'auth0|own';

/** A JWT of this user. Its signature is a word that shows whether the token leaks. */
export const tokenOf = (subject: string): string =>
  [{ alg: 'RS256' }, { sub: subject }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('planted-access-token')
    .join('.');

/** Everything that a failure must not show. */
export const secrets = {
  accessToken: tokenOf(userId),
  refreshToken: 'planted-refresh-token',
  oobCode: 'planted-oob-code',
  bindingCode: '271828',
  otp: '314159',
  phoneNumber: '+14155550123',
};

/** One call of each activity as the workflow makes it, with this access token. */
export const calls = {
  listAuthenticators: (activities: Activities, accessToken = secrets.accessToken) =>
    activities.listAuthenticators({ userId, accessToken }),
  associate: (activities: Activities, accessToken = secrets.accessToken) =>
    activities.associate({
      userId,
      accessToken,
      factor: 'sms',
      phoneNumber: secrets.phoneNumber,
      knownIds: ['sms|dev_known'],
    }),
  confirm: (activities: Activities, accessToken = secrets.accessToken) =>
    activities.confirm({
      userId,
      accessToken,
      factor: 'sms',
      proof: { type: 'oob', oobCode: secrets.oobCode, bindingCode: secrets.bindingCode },
      activeIds: ['sms|dev_known'],
    }),
  deleteAuthenticator: (activities: Activities, accessToken = secrets.accessToken) =>
    activities.deleteAuthenticator({ userId, accessToken, id: 'sms|dev_1' }),
  refreshToken: (activities: Activities) => activities.refreshToken({ userId, refreshToken: secrets.refreshToken }),
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

export const activitiesOf = (
  mfa: MfaClient,
  opaqueTokens: OpaqueTokens = 'refuse',
  sendingLimits: SendingLimits = noSendingLimits,
): Activities => createActivities({ mfa, opaqueTokens, sendingLimits, cancelRun: () => Promise.resolve() });

export const environment = (attempt = 1) =>
  new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR', () => undefined) });

/** Runs a call as an activity; the environment's own `run` forgets the type of what comes back. */
export const runIn = <Outcome>(own: MockActivityEnvironment, call: () => Promise<Outcome>): Promise<Outcome> =>
  own.run<[], Outcome, () => Promise<Outcome>>(call);
