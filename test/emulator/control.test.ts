import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { startTenant, type Tenant } from './tenant';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

const parse = (text: string): Record<string, unknown>[] => JSON.parse(text) as Record<string, unknown>[];

test('a new user has an Auth0 id and full buckets', async () => {
  const answer = await tenant.control('POST', '/users', { email: 'ada@example.com', password: 'pw' });
  expect(answer).toMatchObject({
    status: 201,
    json: {
      userId: expect.stringMatching(/^auth0\|[0-9a-f]{24}$/),
      email: 'ada@example.com',
      textsLeft: 10,
      attemptsLeft: 10,
    },
  });
  expect(parse((await tenant.control('GET', '/users')).text)).toEqual([answer.json]);
});

test.each([
  ['POST', '/users', { email: 'no address' }, 400, 'email'],
  ['POST', '/users', { email: 'a@example.com', name: 'x' }, 400, 'name'],
  ['POST', '/tokens', {}, 400, 'userId'],
  ['POST', '/tokens', { userId: 'auth0|none' }, 404, 'auth0|none'],
  ['POST', '/clock', { advanceSeconds: -1 }, 400, 'advanceSeconds'],
  ['POST', '/clock', { advanceSeconds: '60' }, 400, 'advanceSeconds'],
  ['GET', '/users/auth0%7Cnone/authenticators', undefined, 404, 'auth0|none'],
  ['GET', '/users/auth0%7Cnone/otp', undefined, 404, 'auth0|none'],
  ['PATCH', '/clients/none', {}, 404, 'none'],
])('%s %s %j is refused with %d and a word about %s', async (method, path, body, status, word) => {
  const answer = await tenant.control(method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.json['error']).toContain(word);
});

test('an email is taken once', async () => {
  await tenant.newUser('ada@example.com');
  expect((await tenant.control('POST', '/users', { email: 'ada@example.com' })).status).toBe(409);
});

test('POST /tokens gives what /authorize gives, with the asked scope and life', async () => {
  const userId = await tenant.newUser();
  const usual = await tenant.control('POST', '/tokens', { userId });
  expect(usual.json).toEqual({
    accessToken: expect.stringMatching(/^eyJ/),
    expiresIn: 600,
    scope: 'enroll read:authenticators remove:authenticators',
    tokenType: 'Bearer',
  });
  const short = await tenant.control('POST', '/tokens', { userId, scope: 'enroll', expiresIn: 60 });
  expect(short.json).toMatchObject({ expiresIn: 60, scope: 'enroll' });
  await tenant.advance(61);
  expect((await tenant.associateOtp(tenant.text(short.json['accessToken']))).status).toBe(401);
});

test('POST /tokens with offline_access gives a refresh token that renews as the user it was asked for', async () => {
  const userId = await tenant.newUser();
  const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'enroll offline_access', expiresIn: 1 });
  const renewed = await tenant.post('/oauth/token', {
    grant_type: 'refresh_token',
    ...tenant.client,
    refresh_token: json['refreshToken'],
  });
  expect(renewed.json).toMatchObject({ expires_in: 600, scope: 'enroll offline_access' });
  expect(decodeJwt(tenant.text(renewed.json['access_token'])).sub).toBe(userId);
});

test('POST /tokens with the kind mfa_token gives an opaque token of that user', async () => {
  const userId = await tenant.newUser();
  const { json } = await tenant.control('POST', '/tokens', { userId, kind: 'mfa_token', expiresIn: 60 });
  expect(json).toMatchObject({ mfaToken: expect.stringMatching(/^Fe26\.2\*/), expiresIn: 60 });
  await tenant.associateSms(tenant.text(json['mfaToken']));
  expect(await tenant.inbox()).toMatchObject([{ userId }]);
});

describe('GET /users/{id}/otp', () => {
  const shown = async (userId: string) => tenant.control('GET', `/users/${encodeURIComponent(userId)}/otp`);

  test('shows the code that the tenant accepts now, and says when it has been used', async () => {
    const userId = await tenant.newUser();
    const token = await tenant.token(userId);
    await tenant.associateOtp(token);
    const { json } = await shown(userId);
    expect(json).toMatchObject({
      authenticatorId: (await tenant.list(token))[0]?.id,
      code: expect.stringMatching(/^\d{6}$/),
      secondsLeft: expect.any(Number),
      used: false,
    });
    expect((await tenant.confirmOtp(token, tenant.text(json['code']))).status).toBe(200);
    await tenant.advance(Number(json['secondsLeft']));
    const next = await shown(userId);
    expect(next.json).toMatchObject({ used: false });
    expect((await tenant.confirmOtp(token, tenant.text(next.json['code']))).status).toBe(200);
    expect((await shown(userId)).json).toMatchObject({ used: true });
  });

  test('shows the code of the newest setup key', async () => {
    const userId = await tenant.newUser();
    const token = await tenant.token(userId);
    await tenant.associateOtp(token);
    await tenant.associateOtp(token);
    const newest = (await tenant.list(token)).at(-1);
    expect((await shown(userId)).json).toMatchObject({ authenticatorId: newest?.id });
  });

  test('is refused for a user without an authenticator app', async () => {
    const userId = await tenant.newUser();
    await tenant.associateSms(await tenant.token(userId));
    expect(await shown(userId)).toMatchObject({
      status: 409,
      json: { error: `User ${userId} has no authenticator app set up` },
    });
  });
});

test('the true state of a user holds what no client is told', async () => {
  const userId = await tenant.newUser();
  const secret = await tenant.withOtp(userId);
  await tenant.associateSms(await tenant.token(userId));
  const truth = parse((await tenant.control('GET', `/users/${encodeURIComponent(userId)}/authenticators`)).text);
  expect(truth).toMatchObject([
    { kind: 'otp', active: true, secret },
    { kind: 'oob', channel: 'sms', active: false, destination: '+155512349167' },
  ]);
});

test('the clock moves what expires, the Date header and the inbox', async () => {
  const before = await tenant.now();
  const { json } = await tenant.advance(3600);
  expect(json).toMatchObject({ aheadSeconds: 3600 });
  const after = before + 3_600_000;
  const answer = await tenant.associateSms(await tenant.token(await tenant.newUser()));
  expect(Math.abs(Date.parse(answer.headers.get('date') ?? '') - after)).toBeLessThan(10_000);
  const [message] = await tenant.inbox();
  expect(Math.abs(Date.parse(message?.at ?? '') - after)).toBeLessThan(10_000);
});

test('the inbox can be narrowed to one user or one number', async () => {
  const [ada, bob] = [await tenant.newUser(), await tenant.newUser()];
  await tenant.associateSms(await tenant.token(ada), '+12025550101');
  await tenant.associateSms(await tenant.token(bob), '+12025550102');
  const inbox = async (query: Record<string, string>) =>
    parse((await tenant.control('GET', `/inbox?${new URLSearchParams(query).toString()}`)).text);
  expect(await inbox({ userId: ada })).toMatchObject([{ to: '+12025550101' }]);
  expect(await inbox({ to: '+12025550102' })).toMatchObject([{ userId: bob }]);
  expect(await inbox({})).toHaveLength(2);
});

test('requests are kept as they came, oldest first', async () => {
  const token = await tenant.token(await tenant.newUser());
  await tenant.associateOtp(token);
  await tenant.form('/oauth/token', { grant_type: 'nonsense', client_id: 'x' });
  expect(parse((await tenant.control('GET', '/requests')).text)).toMatchObject([
    {
      method: 'POST',
      path: '/mfa/associate',
      status: 200,
      body: { authenticator_types: ['otp'] },
      headers: { authorization: `Bearer ${token}` },
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    },
    { path: '/oauth/token', status: 401, body: { grant_type: 'nonsense', client_id: 'x' } },
  ]);
});

test('requests tell whose token they carried, and can be narrowed to one user', async () => {
  const [ada, bob] = [await tenant.newUser(), await tenant.newUser()];
  for (const userId of [ada, bob]) {
    const token = await tenant.token(userId);
    await tenant.confirmOtp(token, '000000');
    await tenant.list(token);
  }
  await tenant.get('/.well-known/jwks.json');
  const requests = async (query: string) => parse((await tenant.control('GET', `/requests${query}`)).text);
  expect((await requests('')).map(({ userId }) => userId)).toEqual([ada, ada, bob, bob, undefined]);
  expect(await requests(`?${new URLSearchParams({ userId: bob }).toString()}`)).toMatchObject([
    { path: '/oauth/token', userId: bob },
    { path: '/mfa/authenticators', userId: bob },
  ]);
});

test('reset forgets everything but the application and its secret', async () => {
  const token = await tenant.token(await tenant.newUser());
  await tenant.associateSms(token);
  await tenant.advance(1000);
  await tenant.fault({ route: '*', type: 'errorBefore', count: -1 });
  await tenant.control('POST', '/clients', {});
  await tenant.control('POST', '/reset');
  for (const path of ['/users', '/inbox', '/faults', '/requests', '/logs']) {
    expect([path, (await tenant.control('GET', path)).text]).toEqual([path, '[]']);
  }
  expect((await tenant.control('GET', '/clock')).json).toMatchObject({ aheadSeconds: 0 });
  expect(parse((await tenant.control('GET', '/clients')).text)).toMatchObject([
    { clientId: tenant.clientId, clientSecret: tenant.clientSecret },
  ]);
  expect((await tenant.associateOtp(token)).status).toBe(401);
});

test('a seed repeats ids, codes and secrets from start to start and from reset to reset', async () => {
  const run = async (one: Tenant) => {
    const userId = await one.newUser('ada@example.com');
    const token = await one.token(userId);
    await one.associateSms(token);
    const secret = (await one.associateOtp(token)).json['secret'];
    const ids = (await one.list(token)).map(({ id }) => id);
    return { clientId: one.clientId, clientSecret: one.clientSecret, userId, code: await one.lastCode(), secret, ids };
  };
  const [first, second, other] = await Promise.all(['a', 'a', 'b'].map((seed) => startTenant({ seed })));
  if (first === undefined || second === undefined || other === undefined) throw new Error('three tenants were started');
  try {
    const made = await run(first);
    expect(await run(second)).toEqual(made);
    await first.control('POST', '/reset');
    expect(await run(first)).toEqual(made);
    const different = await run(other);
    expect(different.userId).not.toBe(made.userId);
    expect(different.code).not.toBe(made.code);
  } finally {
    await Promise.all([first, second, other].map((one) => one.close()));
  }
});
