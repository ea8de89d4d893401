import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createMfaClient } from '../../src/auth0/mfa-client';
import type { AssociateInput } from '../../src/enrollment/steps';
import { startTenant, type Tenant } from '../emulator/tenant';
import { activitiesOf, environment, runIn } from './stage';

let tenant: Tenant;
let mfa: ReturnType<typeof createMfaClient>;
let userId: string;
let token: string;
const phoneNumber = '+14155550123';
const associateInput = (): AssociateInput => ({
  userId,
  accessToken: token,
  factor: 'sms',
  phoneNumber,
  knownIds: [],
});

beforeAll(async () => {
  tenant = await startTenant();
  const { publicUrl, clientId, clientSecret } = tenant;
  mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
});
beforeEach(async () => {
  userId = await tenant.newUser();
  token = await tenant.token(userId);
});
afterEach(() => tenant.control('DELETE', '/faults'));
afterAll(async () => {
  await mfa.close();
  await tenant.close();
});

const associated = async () => {
  const outcome = await runIn(environment(), () => activitiesOf(mfa).associate(associateInput()));
  if (outcome.kind !== 'associated' || outcome.challenge.type !== 'oob') throw new Error('expected a text');
  return outcome.challenge;
};

const arrived = async (route: string): Promise<number> => {
  const requests = JSON.parse((await tenant.control('GET', '/requests')).text) as { method: string; path: string }[];
  return requests.filter(({ method, path }) => `${method} ${path}` === route).length;
};

describe('a worker that dies between the answer of Auth0 and its own', () => {
  test('a second attempt sends no second text', async () => {
    const before = (await tenant.inbox()).length;
    await associated();
    await expect(runIn(environment(2), () => activitiesOf(mfa).associate(associateInput()))).rejects.toMatchObject({
      type: 'Auth0Ambiguous',
      nonRetryable: true,
    });
    expect((await tenant.inbox()).length - before).toBe(1);
  });

  test('a second attempt spends no code again', async () => {
    const { oobCode } = await associated();
    const bindingCode = await tenant.lastCode();
    const confirm = (attempt: number) =>
      runIn(environment(attempt), () =>
        activitiesOf(mfa).confirm({
          userId,
          accessToken: token,
          factor: 'sms',
          proof: { type: 'oob', oobCode, bindingCode },
          activeIds: [],
        }),
      );
    const before = await arrived('POST /oauth/token');
    expect(await confirm(1)).toMatchObject({ kind: 'accepted', token: expect.any(Object) });
    expect(await confirm(2)).toEqual({ kind: 'accepted' });
    expect((await arrived('POST /oauth/token')) - before).toBe(1);
  });
});

describe('a token of another user', () => {
  const arrivedInAll = async () => (JSON.parse((await tenant.control('GET', '/requests')).text) as unknown[]).length;

  test.each(['access_token', 'mfa_token'] as const)('(%s) reaches Auth0 in no call', async (kind) => {
    const accessToken = await tenant.token(await tenant.newUser(), { kind });
    const activities = activitiesOf(mfa);
    const before = await arrivedInAll();
    const owned = { userId, accessToken };
    const outcomes = await Promise.all([
      runIn<object>(environment(), () => activities.listAuthenticators(owned)),
      runIn<object>(environment(2), () => activities.associate({ ...associateInput(), ...owned })),
      runIn<object>(environment(2), () =>
        activities.confirm({ ...owned, factor: 'otp', proof: { type: 'otp', otp: '123456' }, activeIds: [] }),
      ),
      runIn<object>(environment(), () => activities.deleteAuthenticator({ ...owned, id: 'sms|dev_1' })),
    ]);
    const problem = kind === 'mfa_token' ? 'token_unreadable' : 'token_of_another_user';
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => ({ kind: 'token_refused', problem })));
    expect(await arrivedInAll()).toBe(before);
  });

  test('that a refresh token gave is not handed on', async () => {
    const other = await tenant.newUser();
    const { json } = await tenant.control('POST', '/tokens', { userId: other, scope: 'enroll offline_access' });
    const refreshToken = tenant.text(json['refreshToken']);
    const outcome = await runIn(environment(), () => activitiesOf(mfa).refreshToken({ userId, refreshToken }));
    expect(outcome).toEqual({ kind: 'foreign', problem: 'token_of_another_user' });
  });
});

describe('a worker that is told to stop while Auth0 is asked', () => {
  /** Cancels when the request has arrived; Auth0 keeps its answer longer than the test takes. */
  async function stopped(route: string, call: () => Promise<object>) {
    await tenant.fault({ route, type: 'delay', ms: 5_000, when: 'after' });
    const stopping = environment();
    const before = await arrived(route);
    const outcome = runIn(stopping, call).catch((error: unknown) => error);
    let early: unknown;
    void outcome.then((came) => (early = came));
    while ((await arrived(route)) === before) {
      if (early !== undefined) throw new Error(`an outcome before a request: ${JSON.stringify(early)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    stopping.cancel('WORKER_SHUTDOWN');
    return outcome;
  }

  test('associate says at once that it may have had its effect', async () => {
    const outcome = await stopped('POST /mfa/associate', () => activitiesOf(mfa).associate(associateInput()));
    expect(outcome).toMatchObject({ type: 'Auth0Ambiguous', nonRetryable: true });
  });

  test('a reading is simply made again', async () => {
    const outcome = await stopped('GET /mfa/authenticators', () =>
      activitiesOf(mfa).listAuthenticators({ userId, accessToken: token }),
    );
    expect(outcome).toMatchObject({ type: 'Auth0Unreachable', nonRetryable: false });
  });

  test('a call not yet made is not made any more', async () => {
    const stopping = environment();
    stopping.cancel('WORKER_SHUTDOWN');
    const before = await arrived('POST /mfa/associate');
    const outcome = runIn(stopping, () => activitiesOf(mfa).associate(associateInput()));
    await expect(outcome).rejects.toMatchObject({ type: 'Auth0Unreachable', nonRetryable: false });
    expect(await arrived('POST /mfa/associate')).toBe(before);
  });
});

test('no activity heartbeats, so an enrollment that is cancelled never cuts a call under way', async () => {
  const beats: unknown[] = [];
  const listening = environment(2);
  listening.on('heartbeat', (details) => beats.push(details));
  const activities = activitiesOf(mfa);
  await runIn(listening, () => activities.associate(associateInput()));
  await runIn(listening, () => activities.listAuthenticators({ userId, accessToken: token }));
  expect(beats).toEqual([]);
});
