import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../../support/chromium';
import { startTenant, type Tenant } from '../tenant';
import { publicKeyPin, startSinglePageApplication } from './single-page-application';

let tenant: Tenant;
let application: Awaited<ReturnType<typeof startSinglePageApplication>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let userId: string;
let options: Record<string, unknown>;

beforeAll(async () => {
  tenant = await startTenant({ https: true });
  application = await startSinglePageApplication();
  const pin = await publicKeyPin(tenant.publicUrl, readFileSync(tenant.caFile ?? '', 'utf8'));
  browser = await launchChromium([`--ignore-certificate-errors-spki-list=${pin}`]);
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  userId = await tenant.newUser('ada@example.com');
  const callbacks = [application.origin];
  const { json } = await tenant.control('POST', '/clients', { tokenEndpointAuthMethod: 'none', callbacks });
  options = {
    domain: tenant.domain,
    clientId: json['clientId'],
    authorizationParams: { redirect_uri: application.origin, scope: 'openid profile email' },
  };
  context = await browser.newContext();
  page = await context.newPage();
  await load();
});
afterEach(() => context.close());
afterAll(async () => {
  await browser.close();
  await application.close();
  await tenant.close();
});

/** Runs JavaScript in the application's page. */
const run = <T>(expression: string): Promise<T> => page.evaluate<T>(expression);

/** A load of the page forgets all tokens: the SDK keeps them in memory. */
async function load(): Promise<void> {
  await page.goto(application.origin);
  await run(`start(${JSON.stringify(options)})`);
}

async function fillIn(login: Page): Promise<void> {
  await login.getByLabel('Email').fill('ada@example.com');
  await login.getByLabel('Password').fill('correct horse');
  await login.getByRole('button', { name: 'Continue' }).click();
}

async function signIn(): Promise<void> {
  await run('void client.loginWithRedirect()');
  await fillIn(page);
  await page.waitForURL(`${application.origin}/?code=*`);
  await run(`start(${JSON.stringify(options)})`);
}

test('Chromium trusts the emulator’s key alone', async () => {
  const other = await startTenant({ https: true });
  try {
    await expect(page.goto(`${other.publicUrl}/.well-known/jwks.json`)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
  } finally {
    await other.close();
  }
});

test('loginWithRedirect: the login page, back with a code, and the SDK knows the user', async () => {
  await signIn();
  expect(await run('client.getUser()')).toMatchObject({ sub: userId, email: 'ada@example.com' });
});

test('loginWithPopup: the answer comes as a message and the window closes', async () => {
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    run('void (globalThis.popup = client.loginWithPopup())'),
  ]);
  const closed = popup.waitForEvent('close');
  await fillIn(popup);
  await run('popup');
  await closed;
  expect(await run('client.getUser()')).toMatchObject({ sub: userId });
});

test('getTokenSilently: a hidden frame gets a token while the session lives', async () => {
  await signIn();
  await load();
  const token = await run<string>('client.getTokenSilently()');
  expect((await tenant.get('/userinfo', tenant.bearer(token))).json).toMatchObject({ sub: userId });
});

test('getTokenSilently without a session is login_required', async () => {
  expect(await run('refusal(client.getTokenSilently())')).toMatchObject({ error: 'login_required' });
});

test('getTokenSilently for the MFA API says that a factor is due, and the popup asks for it', async () => {
  await tenant.withSms(userId);
  await signIn();
  const audience = `${tenant.publicUrl}/mfa/`;
  const params = JSON.stringify({ authorizationParams: { audience, scope: 'openid read:authenticators' } });
  expect(await run(`refusal(client.getTokenSilently(${params}))`)).toMatchObject({
    error: 'login_required',
    error_description: 'Multifactor authentication required',
  });
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    run(`void (globalThis.popup = client.getTokenWithPopup(${params}))`),
  ]);
  await popup.getByLabel('Code').waitFor();
  await popup.getByLabel('Code').fill(await tenant.lastCode());
  await popup.getByRole('button', { name: 'Continue' }).click();
  expect(await tenant.list(await run<string>('popup'))).toMatchObject([{ active: true }]);
});

test('with refresh tokens a new access token comes without a frame', async () => {
  options = { ...options, useRefreshTokens: true };
  await load();
  await signIn();
  const [first, second] = await run<string[]>(
    `Promise.all([client.getTokenSilently(), client.getTokenSilently({ cacheMode: 'off' })])`,
  );
  expect(second).not.toBe(first);
  const requests = JSON.parse((await tenant.control('GET', '/requests')).text) as { method: string; path: string }[];
  const paths = requests.filter(({ method }) => method !== 'OPTIONS').map(({ path }) => path.split('?')[0]);
  expect(paths.filter((path) => path === '/authorize')).toHaveLength(1);
  expect(paths.filter((path) => path === '/oauth/token')).toHaveLength(2);
});

test('its mfa client enrols an SMS when a refresh wants MFA, and answers a challenge the next time', async () => {
  options = { ...options, useRefreshTokens: true };
  await load();
  await signIn();
  await tenant.switches({ refreshWantsMfa: true, mfaPolicy: 'always', mfaRequirements: true, flexibleFactors: true });
  const mfaToken = async (): Promise<string> => {
    const refused = await run<{ error: string; mfa_token: string }>(
      `refusal(client.getTokenSilently({ cacheMode: 'off' }))`,
    );
    expect(refused.error).toBe('mfa_required');
    return JSON.stringify(refused.mfa_token);
  };
  const verify = async (token: string, oobCode: string) =>
    run<{ access_token: string }>(
      `client.mfa.verify({ mfaToken: ${token}, oobCode: '${oobCode}', bindingCode: '${await tenant.lastCode()}' })`,
    );

  const first = await mfaToken();
  expect(await run(`client.mfa.getEnrollmentFactors(${first})`)).toContainEqual({ type: 'phone' });
  const enrolled = await run<{ oobCode: string }>(
    `client.mfa.enroll({ mfaToken: ${first}, factorType: 'sms', phoneNumber: '+12025550123' })`,
  );
  expect(await verify(first, enrolled.oobCode)).toMatchObject({ access_token: expect.stringMatching(/^eyJ/) });

  const second = await mfaToken();
  const [authenticator] = await run<{ id: string }[]>(`client.mfa.getAuthenticators(${second})`);
  expect(authenticator).toMatchObject({ active: true, type: 'phone' });
  const challenge = await run<{ oobCode: string }>(
    `client.mfa.challenge({ mfaToken: ${second}, challengeType: 'oob', authenticatorId: '${authenticator?.id}' })`,
  );
  expect(await verify(second, challenge.oobCode)).toMatchObject({ access_token: expect.stringMatching(/^eyJ/) });
});

test('logout ends the session at the tenant and comes back', async () => {
  await signIn();
  await run(`void client.logout({ logoutParams: { returnTo: location.origin + '/bye' } })`);
  await page.waitForURL(`${application.origin}/bye`);
  await load();
  expect(await run('refusal(client.getTokenSilently())')).toMatchObject({ error: 'login_required' });
});
