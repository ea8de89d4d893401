import { createHash, createSecretKey } from 'node:crypto';
import { Registry } from 'prom-client';
import { createAuthenticate } from '../../src/api/access';
import { createApp, type AppParts } from '../../src/api/app';
import { createLinks } from '../../src/links';
import { createLogger } from '../../src/logger';
import { rolesToScopes, type Role } from '../../src/scopes';
import type { Admit, Enrollments } from '../../src/temporal/enrollments';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { enrollmentIds } from '../../src/temporal/ids';

export const idKey = createSecretKey(Buffer.alloc(32, 7));
export const ids = enrollmentIds(idKey);
export const userId = 'auth0|507f1f77bcf86cd799439020';
export const workflowId = ids.workflowId('tenant.eu.auth0.com', userId);
export const id = ids.enrollmentId(workflowId, '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa');

/** An unsigned JWT: all that the API reads of a user's token is whose it says it is, and for how long. */
export const tokenOf = (sub?: string, claims: object = {}): string =>
  [{ alg: 'RS256' }, { sub, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('c2ln')
    .join('.');

export const awaitingCode: EnrollmentView = {
  id,
  version: 1,
  state: 'awaiting_code',
  factor: 'sms',
  factors: [
    { factor: 'sms', state: 'challenged', active: false },
    { factor: 'otp', state: 'waiting', active: false },
  ],
  challenge: {
    challengeId: 'c-1',
    factor: 'sms',
    type: 'oob',
    issuedAt: '2026-11-24T09:00:00.000Z',
    expiresAt: '2026-11-24T09:05:00.000Z',
    phoneNumber: '••••••••••23',
  },
  attemptsLeft: 5,
  textsLeft: 9,
  deadlines: { enrollment: '2026-11-27T09:00:00.000Z', challenge: '2026-11-24T09:05:00.000Z' },
  phoneNumber: '••••••••••23',
  phoneNumberChanges: 0,
  notices: [],
  waitingFor: { who: 'user', what: 'binding_code' },
  nextAction: 'The user types the code.',
  startedAt: '2026-11-24T09:00:00.000Z',
};

export const inState = (state: EnrollmentView['state']): EnrollmentView => {
  const { challenge: _challenge, factor: _factor, ...rest } = awaitingCode;
  return { ...rest, state, waitingFor: waitingIn(state) };
};

const waitingIn = (state: EnrollmentView['state']): EnrollmentView['waitingFor'] =>
  state === 'awaiting_token' ? { who: 'user', what: 'sign_in' } : { who: 'nobody', what: 'nothing' };

const unexpected = (): never => {
  throw new Error('not expected to be called');
};

/** Cases that do what a test says; whatever it does not speak of must not be called. */
export const fakeEnrollments = (parts: Partial<Enrollments> = {}): Enrollments => {
  const fake: Enrollments = {
    start: unexpected,
    get: unexpected,
    ownerOf: async () => ids.owner('onboarding-desk'),
    askedBy: unexpected,
    list: unexpected,
    find: unexpected,
    timeline: unexpected,
    challenge: unexpected,
    confirmCode: unexpected,
    resend: unexpected,
    changePhoneNumber: unexpected,
    acknowledgeRecoveryCode: unexpected,
    renewToken: unexpected,
    spendLink: unexpected,
    cancel: unexpected,
    watch: unexpected,
    isUpdateKnown: unexpected,
    isOf: unexpected,
    ...parts,
  };
  const admitted = async (of: string, admit: Admit | undefined) => admit && admit(await fake.ownerOf(of));
  return {
    ...fake,
    get: async (of, admit) => (await admitted(of, admit), fake.get(of)),
    challenge: async (of, admit) => (await admitted(of, admit), fake.challenge(of)),
  };
};

export const keyOf = (role: Role): string => `test-key-of-${role}`;
export const as = (role: Role) => ({ authorization: `Bearer ${keyOf(role)}` });

const apiKeys = (Object.keys(rolesToScopes) as Role[]).map((role) => ({
  name: `${role}-desk`,
  hash: `sha256:${createHash('sha256').update(keyOf(role)).digest('hex')}`,
  scopes: rolesToScopes[role],
}));

/** The application at Auth0 that the app under test signs users in with. */
export const application = {
  domain: 'tenant.eu.auth0.com',
  baseUrl: 'https://tenant.eu.auth0.com',
  audience: 'https://tenant.eu.auth0.com/mfa/',
  clientId: 'the-client',
};

export const uncalledWebhooks = {
  ...{ list: unexpected, add: unexpected, remove: unexpected, rotate: unexpected },
  ...{ undelivered: unexpected, redeliver: unexpected },
};
export const uncalledCampaigns: AppParts['campaigns'] = {
  ...{ create: unexpected, addUsers: unexpected, act: unexpected },
  ...{ get: unexpected, list: unexpected, report: unexpected },
};

/** The app over fake cases, and every line that it logged. */
export async function testApp(enrollments: Partial<Enrollments> = {}, parts: Partial<AppParts> = {}) {
  const lines: string[] = [];
  const app = await createApp({
    enrollments: fakeEnrollments(enrollments),
    links: createLinks({ idKey, publicUrl: 'https://mfa.example.com' }),
    ids,
    stoppedPrefixes: { list: unexpected, stop: unexpected, resume: unexpected },
    webhooks: uncalledWebhooks,
    campaigns: uncalledCampaigns,
    receivers: { allowPrivate: false, allowHttp: false },
    opaqueTokens: 'refuse',
    authenticate: createAuthenticate({ keys: apiKeys }),
    signIn: {
      idKey,
      auth0: application,
      exchangeCode: () => Promise.reject(new Error('not expected to be called')),
      checkIdToken: () => Promise.reject(new Error('not expected to be called')),
    },
    personNeeded: false,
    brand: { name: 'Example Corp' },
    registry: new Registry(),
    logger: createLogger('mfa-api', 'debug', { write: (line: string) => void lines.push(line) }),
    publicUrl: 'https://mfa.example.com',
    ...parts,
  });
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { app, logged, log: () => lines.join('') };
}
