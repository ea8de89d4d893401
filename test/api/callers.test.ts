import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { createAuthenticate, type ApiKeyEntry } from '../../src/api/access';
import { rolesToScopes, type Scope } from '../../src/scopes';
import type { Enrollments } from '../../src/temporal/enrollments';
import { as, awaitingCode, id, ids, inState, testApp } from './support';

const address = '192.0.2.1';
const issuer = 'https://issuer.example.com/';
const audience = 'https://mfa-enrollment.example.com';
const entry = (key: string, more: Partial<ApiKeyEntry> = {}): ApiKeyEntry => ({
  name: 'desk',
  hash: `sha256:${createHash('sha256').update(key).digest('hex')}`,
  scopes: rolesToScopes.support,
  ...more,
});
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

async function jwtIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = jest.fn(async () => publicKey);
  const sign = (sub: string, scopes: readonly Scope[], claims: JWTPayload = {}) =>
    new SignJWT({ scope: scopes.join(' '), ...claims })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(sub)
      .setExpirationTime(claims.exp ?? '5m')
      .sign(privateKey);
  return { parts: { jwt: { issuer, audience }, jwks }, jwks, sign };
}

const cancels = { cancel: async () => inState('cancelled') };
const cancel = { method: 'POST', url: `/v1/enrollments/${id}/cancel`, payload: { reason: 'lost phone' } } as const;

describe('which person acts', () => {
  const trusted = entry('trusted', { namesPersons: true });
  const plain = entry('plain', { name: 'other desk' });

  async function call(headers: Record<string, string>, personNeeded: boolean) {
    const { parts, sign } = await jwtIssuer();
    const authenticate = createAuthenticate({ keys: [trusted, plain], ...parts });
    const tokens = {
      person: await sign('auth0|anna', rolesToScopes.support),
      application: await sign('client@clients', rolesToScopes.support, { gty: 'client-credentials' }),
      client: await sign('the-client', rolesToScopes.support, { client_id: 'the-client' }),
    };
    const { app, logged } = await testApp(cancels, { authenticate, personNeeded });
    const { credential = '', ...rest } = headers;
    const token = credential in tokens ? tokens[credential as keyof typeof tokens] : credential; // `in` has looked
    const answer = await app.inject({ ...cancel, headers: { ...bearer(token), ...rest } });
    return { answer, audited: logged().filter(({ audit }) => audit) };
  }

  test.each([
    ['the access token of a person', { credential: 'person' }, 'auth0|anna'],
    ['a key that names its persons', { credential: 'trusted', 'x-acting-person': 'Anna Muster' }, 'Anna Muster'],
  ])('%s manages in production, and the audit log names the person', async (_what, headers, person) => {
    const { answer, audited } = await call(headers, true);
    expect(answer.statusCode).toBe(200);
    expect(audited).toEqual([expect.objectContaining({ action: 'cancel', person, reason: 'lost phone' })]);
  });

  test.each([
    ['a key that names nobody', { credential: 'trusted' }],
    ['a key that may name nobody', { credential: 'plain' }],
    ['an access token of an application, as Auth0 makes it', { credential: 'application' }],
    ['an access token of an application, as RFC 9068 has it', { credential: 'client' }],
  ])('%s does not manage in production, and does in development', async (_what, headers) => {
    const { answer } = await call(headers, true);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'person_needed', detail: expect.stringContaining('X-Acting-Person') });
    expect((await call(headers, false)).answer.statusCode).toBe(200);
  });

  test.each([
    ['a key that is not trusted with it', { credential: 'plain', 'x-acting-person': 'Anna' }, /namesPersons/],
    ['an access token', { credential: 'person', 'x-acting-person': 'Berta' }, /says itself who acts/],
    ['a name of 101 characters', { credential: 'trusted', 'x-acting-person': 'a'.repeat(101) }, /1 to 100/],
    ['a name that is none', { credential: 'trusted', 'x-acting-person': ' ' }, /1 to 100/],
    ['a name with a tab', { credential: 'trusted', 'x-acting-person': 'a\tb' }, /1 to 100/],
  ])('X-Acting-Person from %s is turned down', async (_what, headers, sentence) => {
    for (const personNeeded of [true, false]) {
      const { answer } = await call(headers, personNeeded);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        code: 'invalid_request',
        detail: expect.stringMatching(sentence),
        errors: [{ field: 'x-acting-person' }],
      });
      expect(answer.body).not.toContain('Berta');
    }
  });

  test('a call that changes nothing needs no person', async () => {
    const authenticate = createAuthenticate({ keys: [plain] });
    const { app } = await testApp({ get: async () => awaitingCode }, { authenticate, personNeeded: true });
    const answer = await app.inject({ url: `/v1/enrollments/${id}`, headers: bearer('plain') });
    expect(answer.statusCode).toBe(200);
  });

  test('a desk that may change numbers says in production who sends a code, so that one person is not two', async () => {
    const { id: _id, ...status } = awaitingCode;
    const confirmCode = jest
      .fn<Enrollments['confirmCode']>()
      .mockResolvedValue({ result: 'confirmed', attemptsLeft: 5, status });
    const onboarding = entry('onboarding', { name: 'onboarding', scopes: rolesToScopes.onboarding });
    const authenticate = createAuthenticate({ keys: [trusted, plain, onboarding] });
    const { app } = await testApp({ confirmCode }, { authenticate, personNeeded: true });
    const send = async (headers: Record<string, string>) => {
      const url = `/v1/enrollments/${id}/otp`;
      return (await app.inject({ method: 'POST', url, headers, payload: { code: '123456' } })).statusCode;
    };
    expect(await send(bearer('plain'))).toBe(403);
    expect(await send(bearer('trusted'))).toBe(403);
    expect(confirmCode).not.toHaveBeenCalled();
    expect(await send({ ...bearer('trusted'), 'x-acting-person': 'anna' })).toBe(200);
    const started = { ownerOf: async () => ids.owner('onboarding') };
    const own = await testApp({ confirmCode, ...started }, { authenticate, personNeeded: true });
    const url = `/v1/enrollments/${id}/otp`;
    const payload = { code: '123456' };
    expect((await own.app.inject({ method: 'POST', url, headers: bearer('onboarding'), payload })).statusCode).toBe(
      200,
    );
  });

  test('the enrollment hears whose hand sets the number and whose sends the code, as keyed hashes', async () => {
    const { id: _id, ...status } = awaitingCode;
    const changePhoneNumber = jest.fn<Enrollments['changePhoneNumber']>().mockResolvedValue(awaitingCode);
    const confirmCode = jest
      .fn<Enrollments['confirmCode']>()
      .mockResolvedValue({ result: 'confirmed', attemptsLeft: 5, status });
    const authenticate = createAuthenticate({ keys: [trusted, plain] });
    const { app } = await testApp({ changePhoneNumber, confirmCode }, { authenticate, personNeeded: false });
    const one = `/v1/enrollments/${id}`;
    await app.inject({
      method: 'PUT',
      url: `${one}/phone-number`,
      headers: { ...bearer('trusted'), 'x-acting-person': 'anna' },
      payload: { phoneNumber: '+14155550123', reason: 'new phone' },
    });
    const code = { code: '123456' };
    await app.inject({ method: 'POST', url: `${one}/binding-code`, headers: bearer('plain'), payload: code });
    const by = { caller: ids.owner('desk'), person: ids.person('anna') };
    expect(changePhoneNumber).toHaveBeenCalledWith(id, '+14155550123', expect.any(String), by);
    const other = { caller: ids.owner('other desk') };
    expect(confirmCode).toHaveBeenCalledWith(id, expect.anything(), expect.any(String), other);
  });
});

describe('API keys', () => {
  test('an expired key is nobody from that moment on', async () => {
    let now = Date.parse('2027-01-01T00:00:00Z');
    const expiresAt = now + 1;
    const authenticate = createAuthenticate({ keys: [entry('old', { expiresAt })], now: () => now });
    expect(await authenticate('Bearer old', address)).toMatchObject({ name: 'desk', expiresAt });
    now = expiresAt;
    expect(await authenticate('Bearer old', address)).toBeUndefined();
  });

  test('the old and the new key of one name are the same caller', async () => {
    const authenticate = createAuthenticate({ keys: [entry('old'), entry('new')] });
    const callers = [await authenticate('Bearer old', address), await authenticate('Bearer new', address)];
    expect(callers[0]).toEqual(callers[1]);
    expect(callers[0]).toMatchObject({ name: 'desk', kind: 'api_key' });
  });
});

describe('failed authentication', () => {
  test('an address that failed too often is answered 429 and verified no more, until a minute is over', async () => {
    let now = Date.parse('2027-01-01T00:00:00Z');
    const { parts, jwks, sign } = await jwtIssuer();
    const other = await jwtIssuer();
    const forged = await other.sign('auth0|anna', ['enrollments:read']);
    const authenticate = createAuthenticate({ keys: [], ...parts, failuresPerMinute: 3, now: () => now });
    const { app } = await testApp({ get: async () => awaitingCode }, { authenticate });
    const get = (token: string, remoteAddress: string) =>
      app.inject({ url: `/v1/enrollments/${id}`, headers: bearer(token), remoteAddress });
    const good = await sign('auth0|anna', ['enrollments:read']);

    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await get(forged, '2001:db8::1')).statusCode);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(jwks).toHaveBeenCalledTimes(3);
    const stopped = await get(forged, '2001:db8::2:1'); // another address of the same /64
    expect([stopped.statusCode, stopped.headers['retry-after']]).toEqual([429, '60']);
    expect(stopped.json()).toMatchObject({ code: 'too_many_requests' });
    expect((await get(good, '2001:db8:0:1::1')).statusCode).toBe(200);
    now += 60_000;
    expect((await get(good, '2001:db8::1')).statusCode).toBe(200);
  });

  test('a known key is let in beside a neighbour that keeps failing', async () => {
    const authenticate = createAuthenticate({ keys: [entry('good')], failuresPerMinute: 1 });
    expect(await authenticate('Bearer wrong', address)).toBeUndefined();
    await expect(authenticate('Bearer wrong', address)).rejects.toMatchObject({ code: 'too_many_requests' });
    expect(await authenticate('Bearer good', address)).toMatchObject({ name: 'desk' });
  });

  test('an issuer that cannot be read is not asked again for every call', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
    const authenticate = createAuthenticate({ keys: [], jwt: { issuer: own, audience } });
    const { sign } = await jwtIssuer();
    const token = await sign('auth0|anna', []);
    for (let n = 0; n < 20; n += 1) {
      await expect(authenticate(`Bearer ${token}`, address)).rejects.toThrow('cannot be read');
    }
    expect(asked).toBe(1);
    server.close();
  });
});

describe('the audit log', () => {
  test.each([
    ['read', `/v1/enrollments/${id}`, { enrollment: id }],
    ['list', '/v1/enrollments?limit=5', {}],
    ['watch', `/v1/enrollments/${id}/events`, { enrollment: id }],
    ['read_challenge', `/v1/enrollments/${id}/challenge`, { enrollment: id }],
  ])('has one line for %s: who, by which credential, from where', async (action, url, more) => {
    const { app, logged } = await testApp({
      get: async () => awaitingCode,
      list: async () => ({ enrollments: [] }),
      challenge: async () => ({ type: 'none' }),
      watch: async function* () {
        yield inState('completed');
      },
    });
    await app.inject({ url, headers: as('onboarding'), remoteAddress: '198.51.100.7' });
    const line = { caller: 'onboarding-desk', kind: 'api_key', ip: '198.51.100.7', action, status: 200, ...more };
    expect(logged().filter(({ audit }) => audit)).toEqual([expect.objectContaining(line)]);
  });

  test('names the person and the kind of a JWT', async () => {
    const { parts, sign } = await jwtIssuer();
    const { app, logged } = await testApp(
      { get: async () => awaitingCode },
      { authenticate: createAuthenticate({ keys: [], ...parts }) },
    );
    const sub = 'auth0|507f1f77bcf86cd799439099';
    const token = await sign(sub, ['enrollments:read']);
    await app.inject({ url: `/v1/enrollments/${id}`, headers: bearer(token) });
    expect(logged().filter(({ audit }) => audit)).toEqual([
      expect.objectContaining({ caller: `jwt:${sub}`, kind: 'jwt', person: sub }),
    ]);
  });

  test.each(['+14155550123', '+1 415 555 0123', 'Anna +14155550123', '415555012399'])(
    'shows no person whose name is a phone number or a code: %s',
    async (person) => {
      const authenticate = createAuthenticate({ keys: [entry('key', { namesPersons: true })] });
      const { app, log } = await testApp(cancels, { authenticate });
      const answer = await app.inject({ ...cancel, headers: { ...bearer('key'), 'x-acting-person': person } });
      expect(answer.statusCode).toBe(200);
      expect(log()).not.toContain(person);
    },
  );

  test.each([
    ['no credential', {}, null, 401, 'unauthorized'],
    ['a wrong one', bearer('wrong'), null, 401, 'unauthorized'],
    ['one without the scope', as('onboarding'), 'onboarding-desk', 403, 'forbidden'],
    ['no reason', as('support'), 'support-desk', 400, 'reason_needed'],
  ])('has a line for a call with %s', async (_what, headers, caller, status, result) => {
    const { app, logged } = await testApp();
    await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/cancel`, headers, remoteAddress: '198.51.100.7' });
    const line = { caller, action: 'cancel', enrollment: id, ip: '198.51.100.7', status, result };
    expect(logged().filter(({ audit }) => audit)).toEqual([expect.objectContaining(line)]);
  });
});

describe('behind proxies', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  const ipOf = async (trustedProxies: readonly string[], remoteAddress: string) => {
    const { app, logged } = await testApp({ get: async () => awaitingCode }, { trustedProxies });
    await app.inject({ url: `/v1/enrollments/${id}`, headers: { ...as('ops'), ...forwarded }, remoteAddress });
    return logged().find(({ audit }) => audit)?.['ip'];
  };

  test('a proxy that is trusted says where a call comes from, and nobody else does', async () => {
    expect(await ipOf(['10.0.0.0/24'], '10.0.0.5')).toBe('198.51.100.7');
    expect(await ipOf(['10.0.0.0/24'], '10.0.1.5')).toBe('10.0.1.5');
    expect(await ipOf([], '127.0.0.1')).toBe('127.0.0.1');
  });

  test('users behind one proxy have buckets of their own', async () => {
    const { app } = await testApp({}, { trustedProxies: ['10.0.0.5'], callsPerMinute: 2 });
    const open = async (user: string) =>
      (
        await app.inject({
          url: '/sign-in/x',
          headers: { 'x-forwarded-for': user },
          remoteAddress: '10.0.0.5',
        })
      ).statusCode;
    expect([await open('203.0.113.1'), await open('203.0.113.1')]).not.toContain(429);
    expect(await open('203.0.113.1')).toBe(429);
    expect(await open('203.0.113.2')).not.toBe(429);
  });

  test('a flood of other calls from the same address keeps no user from a link or from the way back', async () => {
    const { app } = await testApp({}, { callsPerMinute: 2 });
    const statusOf = async (url: string) => (await app.inject({ url })).statusCode;
    for (let n = 0; n < 3; n += 1) await statusOf(`/v1/enrollments/${id}`);
    expect(await statusOf(`/v1/enrollments/${id}`)).toBe(429);
    expect(await statusOf('/sign-in/x')).not.toBe(429);
    for (let n = 0; n < 3; n += 1) await statusOf('/sign-in/x');
    expect(await statusOf('/sign-in/x')).toBe(429);
    expect(await statusOf('/sign-in/callback')).not.toBe(429);
  });
});
