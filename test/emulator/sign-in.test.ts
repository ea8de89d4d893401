import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { openBrowser, redirectUri } from './browser';
import { startTenant, type Tenant } from './tenant';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
beforeEach(() => tenant.control('POST', '/reset'));
afterAll(() => tenant.close());

test('the login page shows the hint and escapes it', async () => {
  const browser = openBrowser(tenant);
  const step = await browser.authorize({ login_hint: '"><script>alert(1)</script>' });
  const { text, headers } = await browser.open(step);
  expect(headers.get('content-type')).toContain('text/html');
  expect(text).not.toContain('<script>');
  expect(text).toContain('value="&quot;&gt;&lt;script&gt;');
});

test('a wrong password shows the page again, and the right one still works', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  const step = await browser.authorize();
  expect(await browser.login(step, 'ada@example.com', 'wrong')).toMatch(/^400 .*Wrong email or password\./s);
  expect(await browser.login(step, 'ada@example.com')).toContain('code=');
});

test.each([
  ['response_type=token', { response_type: 'token' }, 'unsupported_response_type'],
  ['an unknown response_mode', { response_mode: 'fragment' }, 'invalid_request'],
  ['PKCE plain', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['an unknown audience', { audience: 'https://other.example.com/' }, 'access_denied'],
  ['prompt=none without a session', { prompt: 'none' }, 'login_required'],
])('%s goes back to the application as an error with the state', async (_name, more, error) => {
  const callback = new URL(await openBrowser(tenant).authorize(more));
  expect(callback.origin).toBe(new URL(redirectUri).origin);
  expect(callback.searchParams.get('error')).toBe(error);
  expect(callback.searchParams.get('state')).toBe('state-1');
});

test.each([
  ['an unknown client', { client_id: 'unknown' }, 'Unknown client'],
  ['a callback that is not listed', { redirect_uri: 'https://evil.example.com/' }, 'Callback URL mismatch'],
])('%s is shown and never redirected', async (_name, more, words) => {
  await tenant.control('PATCH', `/clients/${tenant.clientId}`, { callbacks: [redirectUri] });
  expect(await openBrowser(tenant).authorize(more)).toMatch(new RegExp(`^403 .*${words}`));
});

test('a session skips the password, prompt=login asks again, logout ends it', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  await browser.login(await browser.authorize(), 'ada@example.com');
  expect(await browser.authorize()).toContain('code=');
  expect(await browser.authorize({ prompt: 'login' })).toMatch(/^\/u\/login/);
  await browser.open('/v2/logout');
  expect(await browser.authorize()).toMatch(/^\/u\/login/);
});

test('max_age asks again when the sign-in is older, and 0 always does', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  await browser.login(await browser.authorize(), 'ada@example.com');
  expect(await browser.authorize({ max_age: '60' })).toContain('code=');
  expect(await browser.authorize({ max_age: '0' })).toMatch(/^\/u\/login/);
  await tenant.advance(61);
  expect(await browser.authorize({ max_age: '60' })).toMatch(/^\/u\/login/);
  expect(await browser.authorize({ max_age: '60', prompt: 'none' })).toContain('error=login_required');
  expect(await browser.authorize({ max_age: 'soon' })).toContain('error=invalid_request');
});

test.each([[{ prompt: 'login' }], [{ max_age: '0' }], [{ max_age: '600' }]])(
  'with %j the id_token says when the user signed in, for which request, and for whom',
  async (more) => {
    const userId = await tenant.newUser('ada@example.com');
    const browser = openBrowser(tenant);
    const asked = { scope: 'openid enroll', nonce: 'nonce-1', ...more };
    const callback = await browser.login(await browser.authorize(asked), 'ada@example.com');
    const signedInAt = Math.floor((await tenant.now()) / 1000);
    await tenant.advance(30);
    const idToken = decodeJwt(tenant.text((await browser.exchange(callback)).json['id_token']));
    expect(idToken).toMatchObject({
      ...{ iss: `${tenant.publicUrl}/`, aud: tenant.clientId, sub: userId, nonce: 'nonce-1' },
      auth_time: expect.any(Number),
    });
    expect(Math.abs(Number(idToken['auth_time']) - signedInAt)).toBeLessThanOrEqual(2);
  },
);

test('an application that asks for no fresh sign-in is not told when it was', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  const callback = await browser.login(await browser.authorize({ scope: 'openid enroll' }), 'ada@example.com');
  expect(decodeJwt(tenant.text((await browser.exchange(callback)).json['id_token']))).not.toHaveProperty('auth_time');
});

test.each([
  ['/v2/logout', 'returnTo'],
  ['/oidc/logout', 'post_logout_redirect_uri'],
])('%s goes to no address but an application’s', async (path, parameter) => {
  await tenant.control('PATCH', `/clients/${tenant.clientId}`, { callbacks: [redirectUri] });
  const open = (address: string) => tenant.get(`${path}?${new URLSearchParams({ [parameter]: address }).toString()}`);
  expect((await open('https://app.example.com/bye')).headers.get('location')).toBe('https://app.example.com/bye');
  expect(await open('https://evil.example.com/')).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
});

test('a first-party application is not asked for consent: one form, then the code', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  const callback = await browser.login(await browser.authorize({ prompt: 'consent' }), 'ada@example.com');
  expect(callback).toContain('code=');
});

test('a message to another window cannot end the script that carries it', async () => {
  const state = '</script><script>alert(1)</script>';
  const query = { response_mode: 'web_message', prompt: 'none', state };
  const answer = await openBrowser(tenant).authorize(query);
  expect(answer).toMatch(/^200 .*postMessage\(/s);
  expect(answer.match(/<script/g)).toHaveLength(1);
});

test('a code is no good a minute later', async () => {
  await tenant.newUser('ada@example.com');
  const browser = openBrowser(tenant);
  const callback = await browser.login(await browser.authorize(), 'ada@example.com');
  await tenant.advance(61);
  expect((await browser.exchange(callback)).json['error']).toBe('invalid_grant');
});

test('showing the challenge page twice sends one text', async () => {
  const userId = await tenant.newUser('ada@example.com');
  await tenant.withSms(userId);
  const browser = openBrowser(tenant);
  const step = await browser.login(await browser.authorize(), 'ada@example.com');
  await browser.open(step);
  await browser.open(step);
  expect(await tenant.inbox()).toHaveLength(2);
});

test('with two factors the page offers the other one', async () => {
  const userId = await tenant.newUser('ada@example.com');
  await tenant.withSms(userId);
  const secret = await tenant.withOtp(userId);
  const browser = openBrowser(tenant);
  const step = await browser.login(await browser.authorize(), 'ada@example.com');
  const { text } = await browser.open(step);
  const [, link] = /<a href="([^"]+)">authenticator app/.exec(text) ?? [];
  const other = (link ?? '').replaceAll('&amp;', '&');
  expect((await browser.open(other)).text).toContain('Code from: authenticator app');
  await tenant.advance(30);
  const answer = await tenant.form('/u/mfa-challenge', {
    ...Object.fromEntries(new URL(other, tenant.publicUrl).searchParams),
    code: await tenant.otpCode(secret),
  });
  expect(answer.headers.get('location')).toContain('code=');
});

test('a push is approved on the device, then the page goes on', async () => {
  const userId = await tenant.newUser('ada@example.com');
  const token = await tenant.token(userId);
  const { json } = await tenant.associate(token, { authenticator_types: ['oob'], oob_channels: ['auth0'] });
  const approve = () => tenant.control('POST', `/users/${userId}/push`, { answer: 'approve' });
  await approve();
  await tenant.confirmOob(token, json['oob_code']);
  const browser = openBrowser(tenant);
  const step = await browser.login(await browser.authorize(), 'ada@example.com');
  await browser.open(step);
  expect(await browser.answerChallenge(step, '')).toContain('Authorization pending');
  await approve();
  expect(await browser.answerChallenge(step, '')).toContain('code=');
});

test('userinfo answers a token with openid; a revoked refresh token is dead', async () => {
  const userId = await tenant.newUser('ada@example.com');
  const { json } = await tenant.control('POST', '/tokens', { userId, scope: 'openid enroll offline_access' });
  const info = await tenant.get('/userinfo', tenant.bearer(tenant.text(json['accessToken'])));
  expect(info.json).toMatchObject({ sub: userId, email: 'ada@example.com' });
  expect((await tenant.get('/userinfo', tenant.bearer(await tenant.token(userId)))).status).toBe(401);
  await tenant.post('/oauth/revoke', { ...tenant.client, token: json['refreshToken'] });
  const again = { grant_type: 'refresh_token', ...tenant.client, refresh_token: json['refreshToken'] };
  expect((await tenant.post('/oauth/token', again)).json['error']).toBe('invalid_grant');
});
