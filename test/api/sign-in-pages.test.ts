import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { freePorts } from '../../scripts/stack/ports';
import { launchChromium } from '../support/chromium';
import { leastContrast } from '../support/contrast';
import { signInAtEmulator } from './sign-in-tenant';
import { inState } from './support';

jest.setTimeout(60_000);
let site: Awaited<ReturnType<typeof signInAtEmulator>>;
let browser: Browser;
/** A person with one browser: what they sign in to stays in it. */
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
beforeEach(async () => {
  site = await signInAtEmulator((await freePorts()).api);
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await context.close();
  await site.close();
});
afterAll(() => browser.close());

async function logIn(email: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill('correct horse');
  await page.getByRole('button', { name: 'Continue' }).click();
}

const goOn = () => page.getByRole('button', { name: 'Continue to sign in' }).click();
const heading = () => page.getByRole('heading', { level: 1 }).textContent();

/** The browser signs in to the tenant for something else: it has a session from then on. */
async function signInElsewhere(): Promise<void> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: site.emulator.clientId,
    redirect_uri: `${site.emulator.publicUrl}/u/login`,
    scope: 'openid',
  });
  await page.goto(`${site.emulator.publicUrl}/authorize?${query.toString()}`);
  await logIn(site.email);
  await page.waitForURL(/code=/);
}

test('a user sees the number and who asks, goes on, signs in, and comes to the enrollment page', async () => {
  await page.goto(await site.newLink());
  expect(await heading()).toBe('Check this before you sign in');
  expect(await page.getByRole('list', { name: 'What will be set up' }).getByRole('listitem').allTextContents()).toEqual(
    [
      'Text message: codes to the phone number that ends in 23',
      'Authenticator app: codes from an app on your own device',
    ],
  );
  expect(await page.getByText('Onboarding of Example Corp').isVisible()).toBe(true);
  await photograph('consent');
  await goOn();
  await logIn(site.email);
  await page.waitForURL(/\/enroll$/);
  expect(site.held.spent.size).toBe(1);
});

test('a user with a session at the tenant is shown the number first, and is asked to sign in all the same', async () => {
  await signInElsewhere();
  await page.goto(await site.newLink());
  expect(await heading()).toBe('Check this before you sign in');
  expect(site.held.spent.size).toBe(0);
  await goOn();
  await page.getByLabel('Password').waitFor();
  expect(site.held.spent.size).toBe(0);
});

test('a session that the tenant lets pass silently brings no token', async () => {
  await signInElsewhere();
  await site.control('PUT', '/switches', { reauthentication: 'silent' });
  const realNow = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + 300_000); // five minutes later
  await page.goto(await site.newLink());
  await goOn();
  await page.waitForURL(/callback/);
  expect(await heading()).toBe('Please sign in again');
  expect(site.held.spent.size).toBe(0);
});

test('a tenant that gives no ID token brings no token', async () => {
  await site.control('PUT', '/switches', { idTokenWithMfaAudience: false });
  await page.goto(await site.newLink());
  await goOn();
  await logIn(site.email);
  await page.waitForURL(/callback/);
  expect(await heading()).toBe('You are not signed in');
  expect(site.held.spent.size).toBe(0);
});

test('somebody else who signs in with the link gets nowhere', async () => {
  const { email } = await site.newUser('eve@example.com');
  await page.goto(await site.newLink());
  await goOn();
  await logIn(email);
  await page.waitForURL(/callback/);
  expect(await heading()).toBe('This link is for somebody else');
  expect(site.held.spent.size).toBe(0);
});

test('another site that sends the form of itself gets the user to the page, and no further', async () => {
  const link = await site.newLink();
  await page.goto(link); // the browser has our cookie by then
  for (const path of ['', '/not-me']) {
    const evil = await serve(`<form method="post" action="${link}${path}"><input name="token" value="x"></form>
<script>document.forms[0].submit()</script>`);
    await page.goto(evil.address);
    await page.waitForURL(`${link}${path}`);
    expect(await heading()).toBe('Check this before you sign in');
    expect(await page.getByRole('alert').textContent()).toContain('Nothing has been done yet');
    await evil.close();
  }
  expect([site.held.spent.size, site.held.cancelledFor]).toEqual([0, undefined]);
  // A user who was led there like that and reads the page can still go on from it.
  await goOn();
  await page.getByLabel('Password').waitFor();
});

test('no other site can put the page into a frame', async () => {
  const link = await site.newLink();
  const evil = await serve(`<iframe src="${link}"></iframe>`);
  await page.goto(evil.address);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  expect(await frame?.getByRole('button').count()).toBe(0);
  await evil.close();
});

test('a number that is changed while the user signs in is shown before it is bound', async () => {
  await page.goto(await site.newLink());
  await goOn();
  await page.getByLabel('Password').waitFor();
  site.held.enrollment = { ...site.held.enrollment, phoneNumber: '••••••••••99', phoneNumberChanges: 1 };
  await logIn(site.email);
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('The phone number was changed');
  expect(await page.getByText('ends in 99').isVisible()).toBe(true);
  expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
  await photograph('changed');
  expect(site.held.spent.size).toBe(0);
  await goOn();
  await logIn(site.email);
  await page.waitForURL(/\/enroll$/);
  expect(site.held.spent.size).toBe(1);
});

test('"this is not me" stops the enrollment', async () => {
  await page.goto(await site.newLink());
  await page.getByRole('button', { name: 'This is not me' }).click();
  await page.getByRole('heading', { name: 'The set-up was stopped' }).waitFor();
  expect(site.held.cancelledFor).toBe('the user said it is not them');
  await photograph('declined');
});

test('the pages are shown in their style, fit 320 pixels, and can be used by keyboard with a focus that is seen', async () => {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of')) faults.push(message.text());
  });
  await page.setViewportSize({ width: 320, height: 640 });
  const link = await site.newLink();
  await page.goto(link);
  expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(243, 245, 248)');
  for (const name of ['Continue to sign in', 'This is not me']) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(name);
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    expect((await page.getByRole('button', { name }).boundingBox())?.height).toBeGreaterThanOrEqual(24);
  }
  const states = ['awaiting_token', 'completed', 'partial', 'expired', 'cancelled', 'failed'] as const;
  for (const state of states) {
    site.held.enrollment = { ...inState(state), id: site.held.enrollment.id };
    await page.goto(link);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
    await photograph(`${state}-320`);
  }
  expect(faults).toEqual([]);
});

/** Kept for whoever wants to look at the pages: `SCREENSHOTS=<folder>`. */
async function photograph(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** A page of another site. */
async function serve(html: string): Promise<{ address: string; close(): Promise<unknown> }> {
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
