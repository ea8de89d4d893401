import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
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

describe('the control page', () => {
  const open = async (size = { width: 1280, height: 900 }) => {
    await page.setViewportSize(size);
    await page.goto(tenant.controlUrl);
    await page.getByText('ada@example.com').first().waitFor();
  };
  const article = () => page.getByRole('article', { name: 'ada@example.com' });
  const switches = () => page.locator('#switches tr');

  test.each([
    ['a desktop', { width: 1280, height: 900 }],
    ['a phone', { width: 320, height: 640 }],
  ])(
    'on %s: every field has a label, its text has contrast, and nothing is wider than the screen',
    async (_on, size) => {
      await tenant.withSms(await tenant.newUser('ada@example.com'));
      await open(size);
      await page.evaluate(`for (const part of document.querySelectorAll('details')) part.open = true`);
      const nameless = await page.evaluate<string[]>(
        `[...document.querySelectorAll('input, select, textarea')].filter((field) => field.labels.length === 0 && !field.ariaLabel && !field.getAttribute('aria-labelledby')).map((field) => field.outerHTML)`,
      );
      expect(nameless).toEqual([]);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await leastContrast(page)).toBeGreaterThanOrEqual(4.5);
      }
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(size.width);
    },
  );

  test('shows what a day needs, and folds the rest', async () => {
    await tenant.newUser('ada@example.com');
    await open();
    for (const name of ['Inbox', 'Users']) expect(await page.getByRole('heading', { name }).isVisible()).toBe(true);
    for (const hidden of ['#switches-part table', '#new-fault', '#requests', '#reset']) {
      expect([hidden, await page.locator(hidden).isVisible()]).toEqual([hidden, false]);
    }
  });

  test('shows the code that the authenticator app of a user shows, and until when', async () => {
    const userId = await tenant.newUser('ada@example.com');
    await tenant.associateOtp(await tenant.token(userId));
    await open();
    await article().getByText('App shows').waitFor();
    const current = async () =>
      tenant.text((await tenant.control('GET', `/users/${encodeURIComponent(userId)}/otp`)).json['code']);
    const shows = async () => ((await article().textContent()) ?? '').includes(await current());
    expect(await eventually(shows, true)).toBe(true);
    expect(
      await article()
        .getByText(/^\d+ s$/)
        .count(),
    ).toBe(1);
    const first = await current();
    await tenant.advance(30);
    expect(await current()).not.toBe(first);
    expect(await eventually(shows, true)).toBe(true);
  });

  test('shows each text with its code and its user', async () => {
    await tenant.associateSms(await tenant.token(await tenant.newUser('ada@example.com')));
    await open();
    const message = page.getByRole('listitem').filter({ hasText: 'Text to +155512349167' });
    expect(await message.textContent()).toContain(await tenant.lastCode());
    expect(await message.textContent()).toContain('ada@example.com');
  });

  test('gives an MFA token of a user', async () => {
    await tenant.newUser('ada@example.com');
    await open();
    await article().getByRole('button', { name: 'Copy MFA token' }).click();
    await article().getByText(/^eyJ/).waitFor();
    const token = await article().getByText(/^eyJ/).textContent();
    expect(await tenant.list(token ?? '')).toEqual([]);
  });

  test('opens the sign-in of a user, and tells what an application would get', async () => {
    await tenant.newUser('ada@example.com');
    await open();
    const [signIn] = await Promise.all([
      page.waitForEvent('popup'),
      article().getByRole('link', { name: 'Open sign-in' }).click(),
    ]);
    await signIn.getByLabel('Password').fill('correct horse');
    expect(await signIn.getByLabel('Email').inputValue()).toBe('ada@example.com');
    await signIn.getByRole('button', { name: 'Continue' }).click();
    await signIn.getByText('An application would exchange this code').waitFor();
    expect(signIn.url()).toBe(`${tenant.controlUrl}/`); // the code stays out of the history
    await signIn.close();
  });

  test('finds a switch by a word, changes it, and shows the changed ones alone', async () => {
    await tenant.newUser('ada@example.com');
    await open();
    await page.getByText('Switches', { exact: true }).click();
    const all = await switches().count();
    await page.getByLabel('Filter').fill('recovery-code factor');
    expect(await eventually(() => switches().count(), 1)).toBe(1);
    await page.getByLabel('recoveryCodes').check();
    await page.getByText(`${all}, 1 changed`).waitFor();
    expect((await tenant.control('GET', '/switches')).json).toMatchObject({ recoveryCodes: true });
    await page.getByLabel('Filter').fill('');
    await page.getByLabel('Changed ones only').check();
    expect(await eventually(() => switches().count(), 1)).toBe(1);
  });

  test('says what the tenant refuses', async () => {
    await tenant.newUser('ada@example.com');
    await open();
    await page.getByRole('textbox', { name: 'Email' }).fill('ada@example.com');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('There is a user ada@example.com already').waitFor();
  });

  test('has the addresses that its environment names', async () => {
    const other = await startTenant({ links: { 'API docs': 'http://127.0.0.1:8080/docs' } });
    try {
      await page.goto(other.controlUrl);
      await page.getByRole('link', { name: 'API docs' }).waitFor();
      expect(await page.getByRole('link', { name: 'API docs' }).getAttribute('href')).toBe(
        'http://127.0.0.1:8080/docs',
      );
    } finally {
      await other.close();
    }
  });
});

/** Asks until the answer is `wanted`, for 10 seconds at most. */
async function eventually<T>(ask: () => Promise<T>, wanted: T): Promise<T> {
  let answer = await ask();
  for (let tries = 0; tries < 200 && answer !== wanted; tries += 1) {
    await sleep(50);
    answer = await ask();
  }
  return answer;
}
