import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createAuthenticate } from '../../src/api/access';
import { openCampaign, summaryOf } from '../../src/enrollment/campaign';
import { as, awaitingCode, id, inState, testApp, tokenOf, userId } from './support';

const code = { code: '123456' };
const number = { phoneNumber: '+14155550123' };
type Route = [
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload: object | undefined,
  allowed: readonly string[],
];
const webhookId = 'whk_8nT2kQ4vB7xZ1mC5wR9yLg';
const campaignId = 'cmp_0fTq2nWcUO3VtTQBm2v1Bw';
const routes: Route[] = [
  ['POST', '/v1/enrollments', { userId: 'auth0|1' }, ['onboarding']],
  ['GET', '/v1/enrollments', undefined, ['onboarding', 'support', 'ops']],
  ['GET', `/v1/enrollments/${id}`, undefined, ['onboarding', 'support', 'ops']],
  ['POST', '/v1/enrollments/find', { userId: 'auth0|1' }, ['onboarding', 'support', 'ops']],
  ['GET', `/v1/enrollments/${id}/timeline`, undefined, ['onboarding', 'support', 'ops']],
  ['POST', `/v1/enrollments/${id}/recovery-code/acknowledge`, undefined, ['onboarding']],
  ['GET', `/v1/enrollments/${id}/challenge`, undefined, ['onboarding']],
  ['POST', `/v1/enrollments/${id}/binding-code`, code, ['onboarding', 'support']],
  ['POST', `/v1/enrollments/${id}/otp`, code, ['onboarding', 'support']],
  ['POST', `/v1/enrollments/${id}/resend`, { reason: 'asked' }, ['support', 'ops']],
  ['PUT', `/v1/enrollments/${id}/phone-number`, { ...number, reason: 'asked' }, ['support', 'ops']],
  ['POST', `/v1/enrollments/${id}/cancel`, { reason: 'asked' }, ['support', 'ops']],
  ['PUT', `/v1/enrollments/${id}/token`, { accessToken: tokenOf(userId) }, ['onboarding']],
  ['POST', `/v1/enrollments/${id}/links`, undefined, ['onboarding', 'support', 'ops']],
  ['GET', `/v1/enrollments/${id}/events`, undefined, ['onboarding', 'support', 'ops']],
  ['GET', '/v1/stopped-prefixes', undefined, ['onboarding', 'support', 'ops']],
  ['PUT', '/v1/stopped-prefixes/+88213', { reason: 'toll fraud' }, ['support', 'ops']],
  ['DELETE', '/v1/stopped-prefixes/+88213', { reason: 'over' }, ['support', 'ops']],
  ['GET', '/v1/webhooks', undefined, ['ops']],
  ['POST', '/v1/webhooks', { url: 'https://hooks.example.com/' }, ['ops']],
  ['DELETE', `/v1/webhooks/${webhookId}`, undefined, ['ops']],
  ['POST', `/v1/webhooks/${webhookId}/secret`, undefined, ['ops']],
  ['GET', `/v1/webhooks/${webhookId}/deliveries`, undefined, ['ops']],
  ['POST', `/v1/webhooks/${webhookId}/redeliver`, undefined, ['ops']],
  ['GET', '/v1/campaigns', undefined, ['ops']],
  ['POST', '/v1/campaigns', {}, ['ops']],
  ['GET', `/v1/campaigns/${campaignId}`, undefined, ['ops']],
  ['GET', `/v1/campaigns/${campaignId}/report`, undefined, ['ops']],
  ['POST', `/v1/campaigns/${campaignId}/users`, { users: [{ userId: 'auth0|1' }] }, ['ops']],
  ...(['start', 'pause', 'resume', 'cancel'] as const).map((action): Route => [
    'POST',
    `/v1/campaigns/${campaignId}/${action}`,
    undefined,
    ['ops'],
  ]),
];
const roles = ['onboarding', 'support', 'ops'] as const;

const everything = {
  start: async () => ({ created: true, enrollment: awaitingCode }),
  get: async () => awaitingCode,
  list: async () => ({ enrollments: [] }),
  find: async () => ({ enrollments: [] }),
  timeline: async () => ({ entries: [] }),
  acknowledgeRecoveryCode: async () => awaitingCode,
  challenge: async () => ({ type: 'none' }) as const,
  confirmCode: async () => ({ result: 'confirmed', attemptsLeft: 5, status: awaitingCode }) as const,
  resend: async () => awaitingCode,
  changePhoneNumber: async () => awaitingCode,
  renewToken: async () => awaitingCode,
  cancel: async () => inState('cancelled'),
  isOf: () => true,
  watch: async function* () {
    yield awaitingCode;
  },
};

const endpoint = {
  ...{ id: webhookId, url: 'https://hooks.example.com/', events: ['enrollment.link_created' as const], createdAt: 0 },
  secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
};
const webhooks = {
  list: async () => [endpoint],
  add: async () => endpoint,
  remove: async () => true,
  rotate: async () => endpoint,
  undelivered: async () => [],
  redeliver: async () => 0,
};
const campaign = {
  ...summaryOf(
    openCampaign(
      {
        ...{ factors: ['sms', 'otp'], perMinute: 60, maxOpen: 100_000, remindAfterSeconds: [86_400] },
        ...{ finishWithinSeconds: 604_800, linkSeconds: 86_400, checkEverySeconds: 300 },
      },
      0,
    ),
  ),
  id: campaignId,
};
const campaigns = {
  create: async () => campaign,
  addUsers: async () => campaign,
  act: async () => campaign,
  get: async () => campaign,
  list: async () => ({ campaigns: [campaign] }),
  report: async () => [],
};
const stoppedPrefixes = { list: async () => [], stop: async () => [], resume: async () => [] };

test('every route of the API is in the table', async () => {
  const { app } = await testApp();
  const operations = Object.entries((await app.inject('/openapi.json')).json<{ paths: object }>().paths).flatMap(
    ([path, methods]) => Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual(
    routes
      .map(
        ([method, url]) =>
          `${method} ${url.replace(id, '{id}').replace('+88213', '{prefix}').replace(webhookId, '{webhookId}').replace(campaignId, '{campaignId}')}`,
      )
      .sort(),
  );
});

test.each(routes)('%s %s answers nobody without a credential', async (method, url, payload) => {
  const { app } = await testApp();
  const answer = await app.inject({ method, url, ...(payload && { payload }) });
  expect(answer.statusCode).toBe(401);
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="mfa-enrollment"');
  expect(answer.json()).toMatchObject({ code: 'unauthorized', status: 401 });
});

test.each([
  'Bearer not-a-key',
  'Bearer a.b.c',
  'Bearer',
  'Basic dGVzdC1rZXktb2Ytb3BzOg==',
  'Bearer test-key-of-ops extra',
  'bearer',
])('"%s" is nobody', async (authorization) => {
  for (const [method, url, payload] of routes) {
    const { app } = await testApp(); // each with an address that has not failed too often yet
    const answer = await app.inject({ method, url, headers: { authorization }, ...(payload && { payload }) });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  }
});

test.each(routes.flatMap((route) => roles.map((role) => [route[0], route[1], role, route] as const)))(
  '%s %s answers %s as its scopes say',
  async (method, url, role, [, , payload, allowed]) => {
    const { app } = await testApp(everything, { stoppedPrefixes, webhooks, campaigns });
    const answer = await app.inject({ method, url, headers: as(role), ...(payload && { payload }) });
    if (allowed.includes(role)) return expect(answer.statusCode).toBeLessThan(300);
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['www-authenticate']).toMatch(
      /error="insufficient_scope", scope="(?:enrollments|webhooks|campaigns):\w+"/,
    );
    return expect(answer.json()).toMatchObject({ code: 'forbidden' });
  },
);

test.each(
  ['resend', 'cancel', 'phone-number'].flatMap((action) => [[action, 'support'] as const, [action, 'ops'] as const]),
)('%s needs a reason from %s', async (action, role) => {
  const { app } = await testApp(everything);
  const method = action === 'phone-number' ? 'PUT' : 'POST';
  const call = (headers: Record<string, string>, reason?: string) =>
    app.inject({
      method,
      url: `/v1/enrollments/${id}/${action}`,
      headers,
      payload: { ...(method === 'PUT' ? number : {}), ...(reason === undefined ? {} : { reason }) },
    });
  const refused = await call(as(role));
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toMatchObject({ code: 'reason_needed', errors: [{ field: 'reason' }] });
  expect((await call(as(role), ' ')).statusCode).toBe(400);
  expect((await call(as(role), 'x'.repeat(201))).statusCode).toBe(400);
  expect((await call(as(role), 'the user called')).statusCode).toBe(200);
  expect((await call({ ...as(role), 'x-reason': 'the user called' })).statusCode).toBe(200);
});

const address = '192.0.2.1';
const issuer = 'https://issuer.example.com/';
const audience = 'https://mfa-enrollment.example.com';
const claims = { scope: 'enrollments:read openid enrollments:code', permissions: ['enrollments:manage', 7] };

async function jwtCaller(sign: (token: SignJWT) => SignJWT, more: { alg?: string; key?: CryptoKey } = {}) {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey });
  const good = new SignJWT(claims)
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('client@clients')
    .setExpirationTime('5m');
  const text = await sign(good)
    .setProtectedHeader({ alg: more.alg ?? 'RS256' })
    .sign(more.key ?? privateKey);
  return authenticate(`Bearer ${text}`, address);
}

test('a good token names its caller and the scopes that mean something here', async () => {
  expect(await jwtCaller((token) => token)).toEqual({
    name: 'jwt:client@clients',
    kind: 'jwt',
    namesPersons: false,
    expiresAt: expect.any(Number),
    scopes: ['enrollments:read', 'enrollments:code', 'enrollments:manage'],
  });
});

test.each<[string, (token: SignJWT) => SignJWT]>([
  ['another issuer', (token) => token.setIssuer('https://evil.example.com/')],
  ['another audience', (token) => token.setAudience('https://other.example.com')],
  ['an end in the past', (token) => token.setExpirationTime('-1m')],
  ['a beginning in the future', (token) => token.setNotBefore('5m')],
])('a token with %s is nobody', async (_name, change) => {
  expect(await jwtCaller(change)).toBeUndefined();
});

test('a token without an end is nobody', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const token = new SignJWT(claims).setIssuer(issuer).setAudience(audience).setSubject('x');
  const text = await token.setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey });
  expect(await authenticate(`Bearer ${text}`, address)).toBeUndefined();
});

test('a token signed by another key, or without any, is nobody', async () => {
  const { privateKey } = await generateKeyPair('RS256');
  expect(await jwtCaller((token) => token, { key: privateKey })).toBeUndefined();
  const [header, body] = [{ alg: 'none' }, { iss: issuer, aud: audience, sub: 'x', exp: 9_999_999_999 }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => privateKey });
  expect(await authenticate(`Bearer ${header}.${body}.`, address)).toBeUndefined();
});

test('keys are found through the discovery document, and an issuer that is down is no fault of the caller', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' };
  let down = true;
  const server = createServer((request, response) => {
    const { port } = server.address() as { port: number };
    const origin = `http://127.0.0.1:${port}`;
    if (down) return response.writeHead(503).end();
    response.setHeader('content-type', 'application/json');
    const answer = request.url === '/keys' ? { keys: [jwk] } : { issuer: origin, jwks_uri: `${origin}/keys` };
    return response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const token = await new SignJWT({ scope: 'enrollments:read' })
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setIssuer(own)
    .setAudience(audience)
    .setSubject('svc')
    .setExpirationTime('5m')
    .sign(privateKey);
  const { app } = await testApp(everything, {
    authenticate: createAuthenticate({ keys: [], jwt: { issuer: own, audience } }),
  });
  const get = () => app.inject({ url: `/v1/enrollments/${id}`, headers: { authorization: `Bearer ${token}` } });

  const unavailable = await get();
  expect(unavailable.statusCode).toBe(503);
  expect(unavailable.headers['retry-after']).toBe('5');
  down = false;
  const until = Date.now() + 30_000;
  let answer = await get();
  for (; answer.statusCode === 503 && Date.now() < until; answer = await get()) await sleep(50);
  expect(answer.statusCode).toBe(200);
  server.close();
});
