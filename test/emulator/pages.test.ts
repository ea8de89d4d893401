import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium';
import { leastContrast } from '../support/contrast';
import { openBrowser } from './browser';
import { startTenant, type Tenant } from './tenant';

let tenant: Tenant;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [tenant, browser] = await Promise.all([startTenant(), launchChromium()]);
});
beforeEach(async () => {
  await tenant.control('POST', '/reset');
  page = await browser.newPage();
});
afterEach(() => page.close());
afterAll(async () => {
  await browser.close();
  await tenant.close();
});

/** The description that a screen reader reads with the field. */
async function described(label: string): Promise<string | null> {
  const id = await page.getByLabel(label).getAttribute('aria-describedby');
  return page.locator(`[id="${id}"]`).textContent();
}

const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.id');

async function openLogin(more: Record<string, string> = {}): Promise<void> {
  await page.goto(tenant.publicUrl + (await openBrowser(tenant).authorize(more)));
}

async function logIn(password: string): Promise<void> {
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('the login page begins in its first empty field', async () => {
  await openLogin();
  expect(await focused()).toBe('username');
  await openLogin({ login_hint: 'ada@example.com' });
  expect(await focused()).toBe('password');
});

test('a wrong password is said in the title and at the fields, and the email stays', async () => {
  await tenant.newUser('ada@example.com');
  await openLogin();
  await logIn('wrong');
  expect(await page.title()).toBe('Error: Log in');
  expect(await page.getByRole('alert').textContent()).toBe('Wrong email or password.');
  expect(await described('Password')).toBe('Wrong email or password.');
  expect(await page.getByLabel('Email').inputValue()).toBe('ada@example.com');
  expect(await focused()).toBe('password');
  expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
});

test('a wrong code is said at its field, which has the focus, and other methods are offered by name', async () => {
  const userId = await tenant.newUser('ada@example.com');
  await tenant.withSms(userId);
  await tenant.withOtp(userId);
  await openLogin();
  await logIn('correct horse');
  await page.getByLabel('Code').waitFor();
  expect(await focused()).toBe('code');
  await page.getByLabel('Code').fill('000000');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').waitFor();
  expect(await described('Code')).toBe('Invalid binding_code.');
  expect(await focused()).toBe('code');
  const others = page.getByRole('list', { name: 'Use another method:' });
  expect(await others.getByRole('link').allTextContents()).toEqual(['authenticator app']);
  expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
});

test('every field of the control page has a label, and its text has contrast', async () => {
  await tenant.withSms(await tenant.newUser('ada@example.com'));
  await page.goto(tenant.controlUrl);
  await page.getByText('ada@example.com').first().waitFor();
  const nameless = await page.evaluate<string[]>(
    `[...document.querySelectorAll('input, select, textarea')].filter((field) => field.labels.length === 0 && !field.ariaLabel && !field.getAttribute('aria-labelledby')).map((field) => field.outerHTML)`,
  );
  expect(nameless).toEqual([]);
  expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
});
