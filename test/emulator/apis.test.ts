import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { emulatorOptions, optionsFromEnvironment } from '../../emulator/options';
import { openBrowser } from './browser';
import { startTenant, type Tenant } from './tenant';

const audience = 'https://enrollments.example.com';
const permissions = ['enrollments:read', 'enrollments:code', 'enrollments:manage'];
const setup = {
  apis: [{ identifier: audience, permissions }],
  roles: [
    { name: 'support', permissions: permissions.map((permission) => ({ api: audience, permission })) },
    { name: 'reader', permissions: [{ api: audience, permission: 'enrollments:read' }] },
    { name: 'elsewhere', permissions: [{ api: 'https://other.example.com', permission: 'enrollments:code' }] },
  ],
  clients: [{ clientId: 'desk', clientSecret: 'desk-secret', callbacks: ['https://app.example.com/callback'] }],
  users: [{ email: 'sam@example.com', password: 'correct horse', roles: ['support'] }],
};

let tenant: Tenant;
beforeAll(async () => {
  tenant = await startTenant({ setup });
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

const desk = { client_id: 'desk', client_secret: 'desk-secret' };

/** Signs a user in for the API through the pages, as the desk's own application. */
async function signIn(email: string, scope: string, of = audience) {
  const browser = openBrowser(tenant);
  const login = await browser.authorize({ client_id: 'desk', audience: of, scope });
  const { json } = await browser.exchange(await browser.login(login, email), desk);
  const token = tenant.text(json['access_token']);
  return { json, claims: decodeJwt<{ scope: string; permissions?: string[] }>(token) };
}

test('an application signs staff in for an API: the token says whose it is, for which API, and what the role allows', async () => {
  const { json, claims } = await signIn('sam@example.com', `openid email ${permissions.join(' ')}`);
  expect(json).toMatchObject({ expires_in: 86_400, token_type: 'Bearer', id_token: expect.any(String) });
  expect(claims).toMatchObject({
    iss: `${tenant.publicUrl}/`,
    sub: expect.stringMatching(/^auth0\|/),
    aud: [audience, `${tenant.publicUrl}/userinfo`],
    azp: 'desk',
    scope: `openid email ${permissions.join(' ')}`,
    permissions,
  });
});

test('what the role does not allow is in no token, whatever is asked for', async () => {
  await tenant.control('POST', '/users', { email: 'rita@example.com', roles: ['reader'] });
  const { claims } = await signIn('rita@example.com', `openid ${permissions.join(' ')}`);
  expect(claims).toMatchObject({ scope: 'openid enrollments:read', permissions: ['enrollments:read'] });
});

test('a user without a role of this API gets a token that allows nothing', async () => {
  await tenant.control('POST', '/users', { email: 'eve@example.com', roles: ['elsewhere', 'unknown'] });
  const { claims } = await signIn('eve@example.com', permissions.join(' '));
  expect(claims).toMatchObject({ scope: '', permissions: [] });
});

test('without role-based access control whatever the API has is granted when it is asked for', async () => {
  const identifier = 'https://open.example.com';
  await tenant.control('POST', '/apis', {
    ...{ identifier, permissions: ['a', 'b'], enforcePolicies: false, tokenDialect: 'access_token' },
    tokenLifeSeconds: 60,
  });
  const { json, claims } = await signIn('sam@example.com', 'a c', identifier);
  expect(json['expires_in']).toBe(60);
  expect(claims.scope).toBe('a');
  expect(claims).not.toHaveProperty('permissions');
});

test('what is changed on an API holds from the next token on', async () => {
  const path = `/apis/${encodeURIComponent(audience)}`;
  expect((await tenant.control('PATCH', path, { tokenLifeSeconds: 5 })).json).toMatchObject({
    permissions,
    tokenLifeSeconds: 5,
  });
  expect((await signIn('sam@example.com', 'enrollments:read')).json['expires_in']).toBe(5);
  expect((await tenant.control('PATCH', '/apis/none', {})).status).toBe(404);
});

test('roles that a user is given hold from the next token on', async () => {
  const userId = await tenant.newUser('kim@example.com');
  expect(
    (await tenant.control('PUT', `/users/${encodeURIComponent(userId)}/roles`, { roles: ['reader'] })).json,
  ).toMatchObject({ email: 'kim@example.com', roles: ['reader'] });
  const { claims } = await signIn('kim@example.com', 'enrollments:read');
  expect(claims).toMatchObject({ permissions: ['enrollments:read'] });
});

test('POST /tokens with an audience gives the token of that API, as its roles allow', async () => {
  const userId = tenant.text(
    (await tenant.control('POST', '/users', { email: 'r@example.com', roles: ['reader'] })).json['userId'],
  );
  const answer = await tenant.control('POST', '/tokens', { userId, audience, expiresIn: 90 });
  expect(answer.json).toMatchObject({ expiresIn: 90, scope: 'enrollments:read' });
  expect(decodeJwt(tenant.text(answer.json['accessToken']))).toMatchObject({
    aud: audience,
    permissions: ['enrollments:read'],
  });
});

test.each([
  ['/apis', { identifier: audience }, 409, audience],
  ['/apis', { identifier: '' }, 400, 'identifier'],
  ['/roles', { name: 'support' }, 409, 'support'],
  ['/roles', { name: 'x', permissions: ['enrollments:read'] }, 400, 'permissions'],
  ['/tokens', { userId: 'auth0|none', audience: 'https://none.example.com' }, 404, 'auth0|none'],
])('POST %s %j is refused with %d and a word about %s', async (path, body, status, word) => {
  const answer = await tenant.control('POST', path, body);
  expect(answer.status).toBe(status);
  expect(answer.json['error']).toContain(word);
});

test('an audience that is no API of the tenant is unknown to it', async () => {
  const userId = await tenant.newUser();
  expect(await tenant.control('POST', '/tokens', { userId, audience: 'https://none.example.com' })).toMatchObject({
    status: 404,
  });
  const location = await openBrowser(tenant).authorize({ audience: 'https://none.example.com' });
  expect(new URL(location).searchParams.get('error_description')).toBe('Service not found: https://none.example.com');
});

test('what a tenant is set up with is there again after a reset, and nothing that came later', async () => {
  await tenant.control('POST', '/apis', { identifier: 'https://later.example.com' });
  await tenant.control('POST', '/roles', { name: 'later' });
  await tenant.newUser('later@example.com');
  await tenant.control('POST', '/reset');
  const names = async (path: string, member: string) =>
    (JSON.parse((await tenant.control('GET', path)).text) as Record<string, unknown>[]).map((one) => one[member]);
  expect(await names('/apis', 'identifier')).toEqual([audience]);
  expect(await names('/roles', 'name')).toEqual(['support', 'reader', 'elsewhere']);
  expect(await names('/users', 'email')).toEqual(['sam@example.com']);
  expect(await names('/clients', 'clientId')).toEqual([tenant.clientId, 'desk']);
});

test('EMULATOR_SETUP is the same as JSON, and what is no set-up is refused by name', () => {
  const { setup: read } = optionsFromEnvironment({ EMULATOR_SETUP: JSON.stringify(setup) });
  expect(read).toEqual(emulatorOptions.parse({ setup }).setup);
  for (const wrong of ['{', '{"users":[{"name":"x"}]}']) {
    expect(() => optionsFromEnvironment({ EMULATOR_SETUP: wrong })).toThrow(/EMULATOR_SETUP/);
  }
});
