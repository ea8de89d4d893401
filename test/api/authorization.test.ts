import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createAuthenticate } from '../../src/api/access';
import { as, awaitingCode, id, inState, testApp, tokenOf, userId } from './support';

const other = id.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
const number = { phoneNumber: '+14155550123' };

/** What each role is refused: of its table, everything that is not in it. */
const refusedTo = {
  support: [
    ['POST', '', { userId: 'auth0|1' }],
    ['GET', '/challenge', undefined],
    ['POST', '/recovery-code/acknowledge', undefined],
    ['PUT', '/token', { accessToken: tokenOf(userId) }],
  ],
  ops: [
    ['POST', '', { userId: 'auth0|1' }],
    ['GET', '/challenge', undefined],
    ['POST', '/recovery-code/acknowledge', undefined],
    ['POST', '/binding-code', { code: '123456' }],
    ['POST', '/otp', { code: '123456' }],
    ['PUT', '/token', { accessToken: tokenOf(userId) }],
  ],
  onboarding: [
    ['POST', '/resend', {}],
    ['PUT', '/phone-number', number],
    ['POST', '/cancel', {}],
  ],
} as const;

const rows = Object.entries(refusedTo).flatMap(([role, routes]) =>
  // Object.entries forgets the key type; the object is closed
  routes.map(([method, path, payload]) => [role as keyof typeof refusedTo, method, path, payload] as const),
);

test.each(rows)('%s is refused %s …%s before anybody looks whether the case exists', async (...row) => {
  const [role, method, path, payload] = row;
  const { app } = await testApp(); // whose cases must not be asked for anything
  const ask = async (of: string) => {
    const url = path === '' ? '/v1/enrollments' : `/v1/enrollments/${of}${path}`;
    const answer = await app.inject({ method, url, headers: as(role), ...(payload && { payload }) });
    return [answer.statusCode, answer.json<{ instance: string }>()] as const;
  };
  const [[status, body], [otherStatus, otherBody]] = [await ask(id), await ask(other)];
  expect([status, otherStatus]).toEqual([403, 403]);
  expect({ ...body, instance: '' }).toEqual({ ...otherBody, instance: '' });
});

const address = '192.0.2.1';
const issuer = 'https://issuer.example.com/';
const audience = 'https://mfa-enrollment.example.com';
const claims = { iss: issuer, aud: audience, sub: 'x', exp: 9_999_999_999, scope: 'enrollments:read' };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  ['the PEM of the public key', (pem: string) => pem],
  ['the PEM without its last line break', (pem: string) => pem.trimEnd()],
  ['nothing', () => ''],
])('an HS256 token signed with %s is nobody', async (_what, secretOf) => {
  const { publicKey } = await generateKeyPair('RS256', { extractable: true });
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = createHmac('sha256', secretOf(await exportSPKI(publicKey)))
    .update(signed)
    .digest('base64url');
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey });
  expect(await authenticate(`Bearer ${signed}.${signature}`, address)).toBeUndefined();
});

test.each(['RS384', 'PS512', 'ES384', 'EdDSA'])('an algorithm that is not ours, %s, is nobody', async (alg) => {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const token = await new SignJWT(claims).setProtectedHeader({ alg }).sign(privateKey);
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey });
  expect(await authenticate(`Bearer ${token}`, address)).toBeUndefined();
});

test('a token brings no key of its own', async () => {
  const [trusted, own] = [await generateKeyPair('RS256'), await generateKeyPair('RS256', { extractable: true })];
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', jku: 'https://evil.example.com/keys', x5u: 'https://evil.example.com/x' })
    .sign(own.privateKey);
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => trusted.publicKey });
  expect(await authenticate(`Bearer ${token}`, address)).toBeUndefined();
});

test('a token that names no key where the issuer has several is nobody, and no outage of the issuer', async () => {
  const pairs = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const keys = await Promise.all(
    pairs.map(async ({ publicKey }, n) => ({ ...(await exportJWK(publicKey)), kid: `${n}` })),
  );
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(pairs[0]?.privateKey as CryptoKey);
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: createLocalJWKSet({ keys }) });
  expect(await authenticate(`Bearer ${token}`, address)).toBeUndefined();
});

test('a token whose subject is the name of an API key is another caller', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const name = 'support-desk';
  const token = await new SignJWT({ ...claims, sub: name }).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
  const authenticate = createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey });
  expect((await authenticate(`Bearer ${token}`, address))?.name).not.toBe(name);
});

test('a good token without scopes is known and may do nothing', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({ ...claims, scope: 'enrollments enrollments:everything' })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  const { app } = await testApp(
    {},
    { authenticate: createAuthenticate({ keys: [], jwt: { issuer, audience }, jwks: async () => publicKey }) },
  );
  const headers = { authorization: `Bearer ${token}` };
  expect((await app.inject({ url: `/v1/enrollments/${id}`, headers })).statusCode).toBe(403);
});

test.each([
  ['POST', 'resend', {}, 'resend'],
  ['PUT', 'phone-number', number, 'change_phone_number'],
  ['POST', 'cancel', {}, 'cancel'],
] as const)('%s …/%s leaves one audit line with caller, case and reason', async (method, path, body, action) => {
  const { app, logged } = await testApp({
    resend: async () => awaitingCode,
    changePhoneNumber: async () => awaitingCode,
    cancel: async () => inState('cancelled'),
  });
  const url = `/v1/enrollments/${id}/${path}`;
  await app.inject({ method, url, headers: as('support'), payload: { ...body, reason: 'asked on the phone' } });
  expect(logged().filter(({ audit }) => audit)).toEqual([
    expect.objectContaining({
      caller: 'support-desk',
      action,
      enrollment: id,
      reason: 'asked on the phone',
      status: 200,
    }),
  ]);
});

test.each([
  ['a secret', 'onboarding', `/v1/enrollments/${id}/challenge`, 200],
  ['a status', 'ops', `/v1/enrollments/${id}`, 200],
  ['a refusal', 'ops', `/v1/enrollments/${id}/challenge`, 403],
  ['a problem', 'ops', '/v1/enrollments/enr_unknown!', 404],
] as const)('%s is kept by no cache', async (_what, role, url, status) => {
  const { app } = await testApp({
    get: async () => awaitingCode,
    challenge: async () => ({ type: 'none', recoveryCode: 'ABCDEFGHIJKLMNOPQRSTUVWX' }),
  });
  const answer = await app.inject({ url, headers: as(role) });
  expect([answer.statusCode, answer.headers['cache-control']]).toEqual([status, 'no-store']);
});
