import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { faultTypes } from '../../emulator/faults';
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

/** The user of an access token. */
const subjectOf = (accessToken: string): string => decodeJwt(accessToken).sub ?? '';

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
  [{ retryAfter: 60 }, '60', '0'],
  [{ retryAfter: null }, null, '0'],
  [{ reset: false }, null, null],
])('rateLimited %j has Retry-After %s and X-RateLimit-Remaining %s', async (more, retryAfter, remaining) => {
  await tenant.fault({ route: associate, type: 'rateLimited', ...more });
  const { status, headers } = await tenant.associateSms(token);
  expect(status).toBe(429);
  expect(headers.get('retry-after')).toBe(retryAfter);
  expect(headers.get('x-ratelimit-remaining')).toBe(remaining);
});

test.each([
  [{}, 403],
  [{ status: 404 }, 404],
  [{ status: 200 }, 200],
  [{ status: 502 }, 502],
])('proxyPage %j answers %d with an HTML page, and the request has no effect', async (more, status) => {
  await tenant.fault({ route: associate, type: 'proxyPage', ...more });
  const answer = await tenant.associateSms(token);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.text).toMatch(/^<!DOCTYPE html>/);
  expect(await records()).toBe(0);
  expect(await tenant.inbox()).toEqual([]);
});

test('proxyPage after an effect replaces the answer alone', async () => {
  const { json } = await tenant.associateSms(token);
  await tenant.fault({ route: 'POST /oauth/token', grantType: 'mfa-oob', type: 'proxyPage', when: 'after' });
  const answer = await tenant.confirmOob(token, json['oob_code'], await tenant.lastCode());
  expect(answer.status).toBe(403);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await tenant.list(token)).toMatchObject([{ active: true }]);
});

test('refused answers an OAuth error in the words of the fault, and the request has no effect', async () => {
  const { json } = await tenant.associateSms(token);
  const words = { status: 400, error: 'invalid_request', errorDescription: 'A text that nobody has seen before.' };
  await tenant.fault({ route: 'POST /oauth/token', grantType: 'mfa-oob', type: 'refused', ...words });
  const code = await tenant.lastCode();
  const answer = await tenant.confirmOob(token, json['oob_code'], code);
  expect(answer).toMatchObject({
    status: 400,
    text: '{"error":"invalid_request","error_description":"A text that nobody has seen before."}',
  });
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect((await tenant.confirmOob(token, json['oob_code'], code)).status).toBe(200);
});

test('refused without words of its own is a 403 with access_denied', async () => {
  await tenant.associateSms(token);
  await tenant.fault({ route: 'DELETE /mfa/authenticators/:id', type: 'refused' });
  const [sms] = await tenant.list(token);
  expect(await tenant.remove(token, sms?.id ?? '')).toMatchObject({
    status: 403,
    json: { error: 'access_denied', error_description: 'Access denied.' },
  });
  expect(await records()).toBe(1);
});

describe('a fault that is limited to one user', () => {
  const everyTime = { route: '*', type: 'errorBefore', count: -1 };
  let other: string;

  beforeEach(async () => {
    other = await tenant.token(await tenant.newUser());
  });

  test('hits the bearer of that user’s token and nobody else', async () => {
    await tenant.fault({ ...everyTime, userId: subjectOf(token) });
    expect((await tenant.associateOtp(token)).status).toBe(503);
    expect((await tenant.associateOtp(other)).status).toBe(200);
    expect((await tenant.get('/.well-known/jwks.json')).status).toBe(200);
    expect(await faultList()).toMatchObject([{ hits: 1 }]);
  });

  test('hits codes that are sent with that user’s token', async () => {
    const [mine, theirs] = [await tenant.associateOtp(token), await tenant.associateOtp(other)];
    await tenant.fault({ ...everyTime, userId: subjectOf(token) });
    const [code, otherCode] = [await tenant.otpCode(mine.json['secret']), await tenant.otpCode(theirs.json['secret'])];
    expect((await tenant.confirmOtp(token, code)).status).toBe(503);
    expect((await tenant.confirmOtp(other, otherCode)).status).toBe(200);
  });

  test('hits an opaque mfa_token, a refresh token, and a token that has expired', async () => {
    const userId = await tenant.newUser();
    const opaque = await tenant.token(userId, { kind: 'mfa_token' });
    const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'enroll offline_access', expiresIn: 1 });
    await tenant.advance(2);
    await tenant.fault({ ...everyTime, userId });
    expect((await tenant.associateOtp(opaque)).status).toBe(503);
    expect((await tenant.associateOtp(tenant.text(json['accessToken']))).status).toBe(503);
    expect((await refresh(json['refreshToken'])).status).toBe(503);
    expect((await refresh('v1.unknown')).json['error']).toBe('invalid_grant');
  });

  test('leaves its place to a fault for everybody, and counts its own requests only', async () => {
    await tenant.fault({ route: associate, type: 'errorBefore', userId: subjectOf(token), count: 1 });
    await tenant.fault({ route: associate, type: 'rateLimited', count: -1 });
    const statuses = [other, token, token].map((one) => () => tenant.associateOtp(one));
    const answers = [];
    for (const call of statuses) answers.push((await call()).status);
    expect(answers).toEqual([429, 503, 429]);
  });

  test('is cleared alone', async () => {
    const userId = subjectOf(token);
    await tenant.fault({ ...everyTime, userId });
    await tenant.fault({ ...everyTime, userId: subjectOf(other) });
    await tenant.control('DELETE', `/faults?${new URLSearchParams({ userId }).toString()}`);
    expect((await tenant.associateOtp(token)).status).toBe(200);
    expect((await tenant.associateOtp(other)).status).toBe(503);
  });

  test('is refused for a user who does not exist', async () => {
    const answer = await tenant.fault({ ...everyTime, userId: 'auth0|none' });
    expect(answer).toMatchObject({ status: 404, json: { error: 'No user auth0|none' } });
  });

  const refresh = (refreshToken: unknown) =>
    tenant.post('/oauth/token', { grant_type: 'refresh_token', ...tenant.client, refresh_token: refreshToken });
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
  [{ route: associate, type: 'proxyPage', status: 204 }, '200 or a status from 400 to 599'],
  [{ route: associate, type: 'refused', status: 200 }, 'status'],
  [{ route: associate, type: 'refused', error: '' }, 'error'],
])('the fault %j is refused with a word about %s', async (fault, word) => {
  const answer = await tenant.fault(fault);
  expect(answer.status).toBe(400);
  expect(answer.json['error']).toContain(word);
});

test('the README names every type of fault', () => {
  const readme = readFileSync(join(__dirname, '../../emulator/README.md'), 'utf8');
  for (const type of faultTypes) expect(readme).toMatch(new RegExp(`^\\| \`${type}\` +\\|`, 'm'));
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
