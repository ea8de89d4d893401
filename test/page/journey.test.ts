import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { agreeAndSignIn, connectApp, enterCode, heading, headings } from '../../scripts/page/person';
import { axeFindings } from '../support/axe';
import { launchChromium } from '../support/chromium';
import { openDesk, type Desk } from '../support/desk';

// Whole enrollments on the page, in a real browser, over a whole stack.

jest.setTimeout(240_000);
const password = 'correct horse';
let stack: Stack;
let desk: Desk;
let browser: Browser;
/** A person's phone. */
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchChromium()]);
  desk = openDesk(stack);
  await desk.control('/switches', { recoveryCodes: true }, 'PUT');
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US' });
  page = await context.newPage();
});
afterEach(() => context.close());

const number = '+14155550123';

async function newCase(phoneNumber: string | undefined = number) {
  const email = `user-${Math.random().toString(36).slice(2)}@example.com`;
  const { userId } = z.object({ userId: z.string() }).parse(await desk.control('/users', { email, password }));
  const { id, signInUrl = '' } = await desk.start({
    ...{ userId, factors: ['sms', 'otp'] },
    ...(phoneNumber === undefined || phoneNumber === '' ? {} : { phoneNumber }),
  });
  return { userId, email, id, link: signInUrl };
}

/** Opens the link, agrees and signs in. */
async function begin(one: { readonly link: string; readonly email: string }, on = page): Promise<void> {
  await on.goto(one.link);
  await agreeAndSignIn(on, one.email, password);
}

const otherThan = (code: string, by = 1): string => String((Number(code) + by) % 1_000_000).padStart(6, '0');

/** Presses keys until the element with this name has the focus; fails when it cannot be reached. */
async function tabTo(name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 15; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      'document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent',
    );
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  throw new Error(`${String(name)} cannot be reached by keyboard`);
}

/** Loads the page again, and it is what it was. */
async function reload(name: string): Promise<void> {
  await page.reload();
  await heading(page, name);
}

test('a person enrolls with the keyboard alone, loads every page again, and is done in under two minutes', async () => {
  const one = await newCase();
  const from = performance.now();
  await page.goto(one.link);
  await tabTo('Continue to sign in');
  await page.keyboard.press('Enter');
  await page.getByLabel('Email').focus();
  await page.keyboard.type(one.email);
  await tabTo(/^Password/);
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await heading(page, headings.code);
  await reload(headings.code);
  await tabTo('Six-digit code');
  const code = await desk.texted(one.userId);
  await page.keyboard.type(`${code.slice(0, 3)} ${code.slice(3)}`);
  await page.keyboard.press('Enter');
  await heading(page, headings.app);
  await reload(headings.app);
  const shown = await connectApp(page);
  await tabTo(/^Then enter the six digits/);
  await page.keyboard.type(shown);
  await page.keyboard.press('Enter');
  await heading(page, headings.recoveryCode);
  await reload(headings.recoveryCode);
  const recoveryCode = (await page.locator('#recovery-code').textContent()) ?? '';
  expect(recoveryCode).toMatch(/^[A-Z0-9]{24}$/);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save as a file' }).click();
  expect((await download).suggestedFilename()).toBe('recovery-code.txt');
  await tabTo('I have saved it');
  await page.keyboard.press('Enter');
  await heading(page, headings.done);
  expect(performance.now() - from).toBeLessThan(120_000);
  expect((await desk.status(one.id)).state).toBe('completed');
  await reload(headings.done);
  expect(await page.content()).not.toContain(recoveryCode);
});

test('wrong codes are told with the attempts that are left, until the person has to wait', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  const code = await desk.texted(one.userId);
  for (const left of [4, 3, 2, 1]) {
    await enterCode(page, otherThan(code, left));
    expect(await page.locator('#code-error').textContent()).toContain(`You have ${left} attempt`);
    expect(await page.evaluate('document.activeElement.id')).toBe('code');
  }
  await enterCode(page, otherThan(code, 5));
  await heading(page, 'Too many wrong codes');
  expect(await page.getByRole('timer').textContent()).toMatch(/^[456]:\d\d$/);
  expect(await axeFindings(page)).toEqual([]);
});

/** A person without a number gives one, takes another, and gets the code of the newest after the cool-down. */
async function givesNumbers(page: Page): Promise<void> {
  const one = await newCase('');
  await begin(one, page);
  await heading(page, 'Which phone do you want to use?');
  await page.getByLabel('Phone number').fill('12');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.locator('#number-error').waitFor();
  await page.getByLabel('Phone number').fill('(415) 555-0123');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await heading(page, headings.code);
  const first = await desk.texted(one.userId);
  await page.getByRole('link', { name: 'Use another number' }).click();
  await page.getByLabel('Phone number').fill('(415) 555-0188');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await heading(page, 'The next code goes out soon');
  await heading(page, headings.code);
  expect(await page.getByText('ends in 88').isVisible()).toBe(true);
  const second = await desk.texted(one.userId);
  expect(second).not.toBe(first);
  await enterCode(page, second);
  await heading(page, headings.app);
}

/** Another code can be asked for when the page says so, and the newest one works. */
async function asksAgain(page: Page): Promise<void> {
  const one = await newCase();
  await begin(one, page);
  await heading(page, headings.code);
  const first = await desk.texted(one.userId);
  await page.getByRole('button', { name: 'Send another code' }).click({ timeout: 45_000 });
  await page.getByText('You can ask for another one in').waitFor();
  const second = await desk.texted(one.userId);
  expect(second).not.toBe(first);
  await enterCode(page, second);
  await heading(page, headings.app);
}

/** A number that support sets is nothing to the page until the person has agreed to it; then its code comes. */
async function agreesToNumber(page: Page): Promise<void> {
  const one = await newCase();
  await begin(one, page);
  await heading(page, headings.code);
  const reason = { reason: 'the user called' };
  const changed = await desk.ask('support', 'PUT', `/v1/enrollments/${one.id}/phone-number`, {
    ...{ phoneNumber: '+14155550199', ...reason },
  });
  expect(changed.status).toBe(200);
  await heading(page, 'Is this your phone number?');
  expect(await page.getByText('ends in 99').isVisible()).toBe(true);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Yes, sign in and go on' }).click();
  await agreeAndSignIn(page, one.email, password);
  await heading(page, headings.code);
  expect(await page.getByText('ends in 99').isVisible()).toBe(true);
}

/** The answers of Auth0 are lost: the page says so, and the person does that step again. */
async function repeatsLostStep(page: Page): Promise<void> {
  const one = await newCase();
  await begin(one, page);
  await heading(page, headings.code);
  const fault = { type: 'errorBefore', route: 'POST /mfa/associate', userId: one.userId, count: -1 };
  await desk.control('/faults', fault);
  await enterCode(page, await desk.texted(one.userId));
  await heading(page, 'You need a new setup key');
  await page.getByText('The last step got lost on its way').waitFor();
  await desk.control(`/faults?userId=${encodeURIComponent(one.userId)}`, undefined, 'DELETE');
  await page.getByRole('button', { name: 'Make a new setup key' }).click();
  await heading(page, headings.app);
}

test('four people at once, most of whom wait for 30 seconds: one gives a number and then another, one asks for another code, one agrees to a number that support has set, and for one the answers of Auth0 are lost', async () => {
  await Promise.all(
    [givesNumbers, asksAgain, agreesToNumber, repeatsLostStep].map(async (does) => {
      const own = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US' });
      await does(await own.newPage());
      await own.close();
    }),
  );
});

test('two tabs and a second device go along, and a link that was used leads its own browser back', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  const tab = await context.newPage();
  await tab.goto(one.link); // it is spent
  await heading(tab, headings.code);
  expect(tab.url()).toBe(`${stack.api}/enroll`);

  const laptop = await browser.newContext({ locale: 'en-US' });
  const other = await laptop.newPage();
  await other.goto(one.link);
  await heading(other, 'This link no longer works');
  const made = await desk.ask('onboarding', 'POST', `/v1/enrollments/${one.id}/links`, {}, true);
  await begin({ ...one, link: z.object({ url: z.string() }).parse(JSON.parse(made.text)).url }, other);
  await heading(other, headings.code);

  await enterCode(page, await desk.texted(one.userId));
  for (const each of [page, tab, other]) await heading(each, headings.app);
  await laptop.close();
});

test('a code is not lost when the worker is killed while it is checked', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  const code = await desk.texted(one.userId);
  await stack.services.worker.kill();
  await enterCode(page, code);
  await heading(page, 'Your code is being checked');
  await reload('Your code is being checked');
  await stack.services.worker.start();
  await heading(page, headings.app);
});

test('the page goes on by itself when the API was away', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  await stack.services.api.kill();
  await stack.services.api.start();
  await desk.ask('support', 'POST', `/v1/enrollments/${one.id}/cancel`, { reason: 'the user called' });
  await heading(page, 'This set-up was cancelled');
});

test('a person stops the set-up, after a question', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  await page.getByRole('link', { name: 'Stop the set-up' }).click();
  await page.getByRole('button', { name: 'Yes, stop it' }).click();
  await heading(page, 'This set-up was cancelled');
  expect((await desk.status(one.id)).state).toBe('cancelled');
});

// The last one: the emulated tenant's clock goes on for all that follow.
test('a sign-in that has run out is asked for again, and the person goes on from there', async () => {
  const one = await newCase();
  await begin(one);
  await heading(page, headings.code);
  await desk.control('/clock', { advanceSeconds: 700 });
  await enterCode(page, await desk.texted(one.userId));
  await heading(page, 'Please sign in again');
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await agreeAndSignIn(page, one.email, password);
  await heading(page, headings.code);
  await enterCode(page, await desk.texted(one.userId));
  await heading(page, headings.app);
});
