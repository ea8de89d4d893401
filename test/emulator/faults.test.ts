import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startTenant, type Tenant } from './tenant';

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

const associate = 'POST /mfa/associate';
const records = async (): Promise<number> => (await tenant.list(token)).length;
const faultList = async () => JSON.parse((await tenant.control('GET', '/faults')).text) as Record<string, unknown>[];

/** Milliseconds that an answer took. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

test.each([
  ['resetBefore', 0],
  ['resetAfter', 1],
])('%s cuts the connection and leaves %d records', async (type, left) => {
  await tenant.fault({ route: associate, type });
  await expect(tenant.associateSms(token)).rejects.toThrow('fetch failed');
  expect(await records()).toBe(left);
  expect(await tenant.inbox()).toHaveLength(left);
});

test.each([
  ['errorBefore', 500, 0],
  ['errorAfter', 502, 1],
])('%s answers %d and leaves %d records', async (type, status, left) => {
  await tenant.fault({ route: associate, type, status });
  expect((await tenant.associateSms(token)).status).toBe(status);
  expect(await records()).toBe(left);
});

test('malformedBody answers 200 with half a body, the effect done', async () => {
  await tenant.fault({ route: associate, type: 'malformedBody' });
  const answer = await tenant.associateSms(token);
  expect(answer.status).toBe(200);
  expect(() => JSON.parse(answer.text) as unknown).toThrow(SyntaxError);
  expect(answer.text).toMatch(/^\{"authenticator_type"/);
  expect(await records()).toBe(1);
});

test('slowBody sends the head at once and the body byte by byte, the effect done', async () => {
  await tenant.fault({ route: associate, type: 'slowBody', ms: 60_000 });
  const stop = new AbortController();
  const response = await fetch(`${tenant.publicUrl}/mfa/associate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...tenant.bearer(token) },
    body: JSON.stringify({ authenticator_types: ['otp'] }),
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{');
  expect(await records()).toBe(1);
  stop.abort();
});

test('slowBody loses nothing of the body', async () => {
  await tenant.fault({ route: 'GET /mfa/authenticators', type: 'slowBody', ms: 1 });
  await tenant.associateOtp(token);
  expect(await tenant.list(token)).toMatchObject([{ authenticator_type: 'otp' }]);
});

test('a delay before holds back the effect; one after holds back the answer alone', async () => {
  await tenant.fault({ route: associate, type: 'delay', ms: 500 });
  const slow = tenant.associateOtp(token);
  expect(await records()).toBe(0);
  expect((await slow).status).toBe(200);

  await tenant.fault({ route: associate, type: 'delay', ms: 1000, when: 'after' });
  let answered = false;
  const late = tenant.associateOtp(token).then(() => (answered = true));
  while ((await records()) === 1);
  expect(answered).toBe(false);
  await late;
});

test.each([
  [{ retryAfter: 7 }, '7', '0'],
  [{ retryAfter: null }, null, '0'],
  [{ reset: false }, null, null],
])('rateLimited %j has Retry-After %s and X-RateLimit-Remaining %s', async (more, retryAfter, remaining) => {
  await tenant.fault({ route: associate, type: 'rateLimited', ...more });
  const { status, headers } = await tenant.associateSms(token);
  expect(status).toBe(429);
  expect(headers.get('retry-after')).toBe(retryAfter);
  expect(headers.get('x-ratelimit-remaining')).toBe(remaining);
});

test('a fault hits as often as it was told, then no more', async () => {
  await tenant.fault({ route: associate, type: 'errorBefore', count: 2 });
  const statuses = [];
  for (let calls = 0; calls < 4; calls += 1) statuses.push((await tenant.associateOtp(token)).status);
  expect(statuses).toEqual([503, 503, 200, 200]);
  expect(await faultList()).toMatchObject([{ hits: 2, left: 0 }]);
});

test('count -1 hits until cleared', async () => {
  await tenant.fault({ route: associate, type: 'errorBefore', count: -1 });
  for (let calls = 0; calls < 3; calls += 1) expect((await tenant.associateOtp(token)).status).toBe(503);
  await tenant.control('DELETE', '/faults');
  expect((await tenant.associateOtp(token)).status).toBe(200);
});

test('a fault stays with its route, its method, its id pattern and its grant', async () => {
  await tenant.fault({ route: 'DELETE /mfa/authenticators/:id', type: 'errorBefore', count: -1 });
  await tenant.fault({ route: 'POST /oauth/token', grantType: 'mfa-otp', type: 'errorBefore', count: -1 });
  const { json } = await tenant.associateSms(token);
  const [sms] = await tenant.list(token);
  expect((await tenant.remove(token, sms?.id ?? '')).status).toBe(503);
  expect((await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode())).status).toBe(200);
  expect((await tenant.confirmOtp(token, '000000')).status).toBe(503);
});

test('a probability hits its share, and the same requests for the same seed', async () => {
  const run = async (): Promise<string> => {
    await tenant.control('DELETE', '/faults');
    await tenant.fault({ route: '*', type: 'errorBefore', count: -1, probability: 0.5, seed: 'dice' });
    let hits = '';
    for (let calls = 0; calls < 30; calls += 1) {
      hits += (await tenant.get('/mfa/authenticators', tenant.bearer(token))).status === 503 ? 'x' : '.';
    }
    return hits;
  };
  const first = await run();
  expect(await run()).toBe(first);
  expect(first.replaceAll('.', '').length).toBeGreaterThan(5);
  expect(first.replaceAll('x', '').length).toBeGreaterThan(5);
});

test('the request log names the faults that hit', async () => {
  await tenant.fault({ route: associate, type: 'resetBefore' });
  await tenant.associateOtp(token).catch(() => undefined);
  const requests = JSON.parse((await tenant.control('GET', '/requests')).text) as Record<string, unknown>[];
  expect(requests.at(-1)).toMatchObject({
    method: 'POST',
    path: '/mfa/associate',
    body: { authenticator_types: ['otp'] },
    faults: ['resetBefore'],
  });
  expect(requests.at(-1)).not.toHaveProperty('status');
});

test.each([
  [{ route: associate, type: 'explode' }, 'type'],
  [{ route: 'associate', type: 'resetBefore' }, 'METHOD /path'],
  [{ route: associate, type: 'resetBefore', count: 0 }, 'count 0'],
  [{ route: associate, type: 'delay' }, 'ms'],
  [{ route: associate, type: 'resetBefore', status: 500 }, 'status'],
])('the fault %j is refused with a word about %s', async (fault, word) => {
  const answer = await tenant.fault(fault);
  expect(answer.status).toBe(400);
  expect(answer.json['error']).toContain(word);
});

test('closing does not wait for a delayed answer', async () => {
  const other = await startTenant();
  await other.fault({ route: '*', type: 'delay', ms: 60_000 });
  const late = other.get('/.well-known/jwks.json').catch(() => undefined);
  const requests = async () => JSON.parse((await other.control('GET', '/requests')).text) as unknown[];
  while ((await requests()).length === 0);
  expect(await timed(() => other.close())).toBeLessThan(5_000);
  await late;
});
