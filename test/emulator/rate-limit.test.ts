import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startTenant, type Answer, type Tenant } from './tenant';

let tenant: Tenant;
let token: string;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  token = await tenant.token(await tenant.newUser());
});
afterAll(() => tenant.close());

const list = (): Promise<Answer> => tenant.get('/mfa/authenticators', tenant.bearer(token));
/** A rate so low that none comes back while the test runs, unless it moves the clock. */
const slow = { requestsPerSecond: 0.01, requestsBurst: 3 };
const statuses = async (count: number, act: () => Promise<Answer>): Promise<number[]> => {
  const seen: number[] = [];
  while (seen.length < count) seen.push((await act()).status);
  return seen;
};

test('a tenant takes its burst, then answers 429 in the words of Auth0, whoever asks', async () => {
  await tenant.switches(slow);
  expect(await statuses(3, list)).toEqual([200, 200, 200]);
  const other = await tenant.token(await tenant.newUser());
  const refused = await tenant.associateSms(other);
  expect(refused).toMatchObject({ status: 429, json: { error: 'too_many_requests' } });
  expect((await tenant.post('/oauth/token', { grant_type: 'refresh_token' })).status).toBe(429);
});

test('a call that is refused has no effect', async () => {
  await tenant.switches(slow);
  await statuses(3, list);
  expect((await tenant.associateSms(token)).status).toBe(429);
  expect(await tenant.inbox()).toEqual([]);
});

test('the headers tell the limit, what is left, and in epoch seconds when to come again', async () => {
  await tenant.switches(slow);
  const headers = async () => {
    const answer = await list();
    return ['limit', 'remaining', 'reset'].map((name) => Number(answer.headers.get(`x-ratelimit-${name}`)));
  };
  expect((await headers()).slice(0, 2)).toEqual([3, 2]);
  await statuses(2, list);
  const [limit, remaining, reset = 0] = await headers();
  expect([limit, remaining]).toEqual([3, 0]);
  const seconds = reset - (await tenant.now()) / 1000;
  expect(seconds).toBeGreaterThan(0);
  await tenant.advance(Math.ceil(seconds));
  expect((await list()).status).toBe(200);
});

test('so many a second come back, and no more than the burst', async () => {
  await tenant.switches(slow);
  await statuses(3, list);
  await tenant.advance(101);
  expect(await statuses(2, list)).toEqual([200, 429]);
  await tenant.advance(450);
  expect(await statuses(4, list)).toEqual([200, 200, 200, 429]);
});

test('pages and the Management API are not counted, and without the switch nothing is', async () => {
  await tenant.switches(slow);
  await statuses(3, list);
  expect((await tenant.get('/.well-known/jwks.json')).status).toBe(200);
  await tenant.switches({ requestsPerSecond: 0 });
  expect(await statuses(20, list)).toEqual(Array.from({ length: 20 }, () => 200));
  expect((await list()).headers.get('x-ratelimit-limit')).toBeNull();
});

test('a reset brings the burst back', async () => {
  await tenant.switches(slow);
  await statuses(4, list);
  await tenant.control('POST', '/reset');
  token = await tenant.token(await tenant.newUser());
  await tenant.switches(slow);
  expect((await list()).status).toBe(200);
});
