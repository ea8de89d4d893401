import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startStack, type Stack } from '../../scripts/stack';
import { launchChromium } from '../support/chromium';
import { openDesk } from '../support/desk';
import { apiAudience } from '../../scripts/stack/desk';
import { expectAccessible, openBrowserOf, shoot, signIn, signInAs } from './support';

let stack: Stack;
let browser: Browser;
let people: ReturnType<typeof openDesk>;
beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchChromium()]);
  people = openDesk(stack);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
}, 60_000);
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

let numbers = 100;
const newNumber = (): string => `+1415555${String((numbers += 1)).padStart(4, '0')}`;

/** A user of their own, with a code on the phone. */
async function started(more: { phoneNumber?: string; token?: boolean; factors?: string[] } = {}) {
  const { userId, email } = await people.newUser();
  const { accessToken } = await people.token(userId);
  const { phoneNumber = newNumber(), token = true, factors = ['sms', 'otp'] } = more;
  const { id } = await people.start({ userId, phoneNumber, factors, ...(token ? { token: { accessToken } } : {}) });
  return { id, userId, email, phoneNumber, path: `${stack.desk}/cases/${id}` };
}

/** A member of staff who has signed in and looks at this address. */
async function staff(role: 'support' | 'ops', address = stack.desk, options = {}): Promise<Page> {
  const page = await openBrowserOf(browser, options);
  await page.goto(address);
  await signIn(page, stack, role);
  await page.waitForURL(address);
  return page;
}

/** Another person of support, with a login of their own. */
async function colleague(address: string): Promise<Page> {
  const email = `colleague-${Math.random().toString(36).slice(2)}@example.com`;
  await people.control('/users', { email, roles: ['support'] });
  const page = await openBrowserOf(browser);
  await page.goto(address);
  await signInAs(page, email, 'correct horse');
  await page.waitForURL(address);
  return page;
}

const enterCode = async (page: Page, code: string) => {
  await page.getByLabel('Code that the user reads out').fill(code);
  await page.getByRole('button', { name: 'Check' }).click();
};

/** Opens an act, gives its reason and sends it. */
async function act(page: Page, title: string, button: string, fill: Readonly<Record<string, string>> = {}) {
  const form = page.locator('details', { has: page.locator('summary', { hasText: title }) });
  if ((await form.getAttribute('open')) === null) await form.locator('summary').click();
  for (const [label, value] of Object.entries({ Reason: 'asked on the phone', ...fill })) {
    await form.getByLabel(label).fill(value);
  }
  await form.getByRole('button', { name: button, exact: true }).click();
}

const status = (page: Page) => page.getByRole('status').filter({ hasText: /./ });

describe('the way in', () => {
  test('leads through the issuer and back to the page that was asked for', async () => {
    const { path } = await started();
    const page = await openBrowserOf(browser);
    expect((await page.goto(path))?.status()).toBe(401);
    await shoot(page, 'sign-in');
    await expectAccessible(page);
    await signIn(page, stack, 'support');
    await page.waitForURL(path);
    await page.getByRole('heading', { name: 'Waiting for a code' }).waitFor();
    await page.getByText('support@example.com').waitFor();
  });

  test('is not needed again by whoever follows a link to the desk from another site', async () => {
    const { path } = await started();
    const page = await staff('support');
    // Another site than 127.0.0.1, so that the browser holds the session's cookie back at first.
    await page.goto(stack.emulator.replace('127.0.0.1', 'localhost') + '/.well-known/jwks.json');
    await page.evaluate((address) => location.assign(address), path);
    await page.getByRole('heading', { name: 'Waiting for a code' }).waitFor();
  });

  test('lets nobody in without a role of the desk', async () => {
    await people.control('/users', { email: 'nobody@example.com' });
    const page = await openBrowserOf(browser);
    await page.goto(stack.desk);
    await signInAs(page, 'nobody@example.com', 'correct horse');
    await page.getByRole('heading', { name: 'Your account may not use the desk' }).waitFor();
    await shoot(page, 'no-role');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  });

  test('ends with the token: the page says so by itself, and the sign-in leads back to it', async () => {
    const { path } = await started();
    const api = `/apis/${encodeURIComponent(apiAudience)}`;
    await people.control(api, { tokenLifeSeconds: 8 }, 'PATCH');
    const page = await staff('support', path).finally(() => people.control(api, { tokenLifeSeconds: 86_400 }, 'PATCH'));
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await shoot(page, 'session-ended');
    await expectAccessible(page);
    expect((await page.reload())?.status()).toBe(401);
    await page.getByRole('link', { name: 'Sign in' }).click(); // the issuer still knows this person
    await page.waitForURL(path);
    await page.getByRole('heading', { name: 'Waiting for a code' }).waitFor();
  });

  test('is closed by signing out, and the next sign-in asks for the password', async () => {
    const page = await staff('support');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await shoot(page, 'signed-out');
    const other = await page.context().newPage();
    expect((await other.goto(stack.desk))?.status()).toBe(401);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Password').waitFor();
  });
});

describe('finding an enrollment', () => {
  const find = async (page: Page, who: string) => {
    await page.getByRole('search').getByRole('textbox').fill(who);
    await page.getByRole('search').getByRole('button', { name: 'Find' }).click();
  };
  /** Temporal's list lags a moment behind. */
  const findUntil = async (page: Page, who: string, reached: () => Promise<boolean>) => {
    do await find(page, who);
    while (!(await reached()));
  };

  test('by the user id leads to the enrollment, by the number to all of its enrollments, and neither stands in an address', async () => {
    const phoneNumber = newNumber();
    const one = await started({ phoneNumber });
    await started({ phoneNumber });
    const page = await staff('support');
    const addresses: string[] = [];
    page.on('request', (request) => void addresses.push(request.url()));
    await findUntil(page, one.userId, async () => page.url() === one.path);
    await findUntil(page, phoneNumber, async () => (await page.locator('tbody tr').count()) === 2);
    await shoot(page, 'found');
    await expectAccessible(page);
    await page.getByRole('link', { name: one.id.slice(0, 12) }).click();
    await page.waitForURL(one.path);
    expect(addresses.filter((address) => /auth0|4155/.test(decodeURIComponent(address)))).toEqual([]);
  });

  test.each([
    ['auth0|nobody', 'No enrollment'],
    ['+14155559999', 'No enrollment'],
    ['0151 23456', 'E.164'],
  ])('%s: %s', async (who, words) => {
    const page = await staff('support');
    await find(page, who);
    await page.getByText(words).waitFor();
    await expectAccessible(page);
  });

  test('by who has to act and by state', async () => {
    const { id } = await started({ token: false });
    const page = await staff('ops');
    await page.getByLabel('State').selectOption('Waiting for the sign-in');
    do await page.getByRole('button', { name: 'Show' }).click();
    while ((await page.getByRole('link', { name: id.slice(0, 12) }).count()) === 0);
    expect(await page.getByRole('cell', { name: 'Waiting for a code' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Auth0', exact: true }).click();
    expect(await page.getByRole('link', { name: id.slice(0, 12) }).count()).toBe(0);
    await page.getByRole('link', { name: 'The user', exact: true }).click();
    await page.getByRole('link', { name: id.slice(0, 12) }).waitFor();
    await shoot(page, 'list');
    await expectAccessible(page);
  });
});

describe('an enrollment', () => {
  test('is helped along with the code that the user reads out, and the page of a colleague follows by itself', async () => {
    const { path, userId } = await started();
    const page = await staff('support', path);
    await shoot(page, 'case');
    await expectAccessible(page);
    const other = await colleague(path);
    await other.getByText('Change the phone number').click();
    const typed = other.locator('#act-phone-number').getByLabel('Reason');
    await typed.fill('half a rea');

    await enterCode(page, '000 000');
    await page.getByText('Wrong code. Ask the user for the newest one.').waitFor();
    await shoot(page, 'wrong-code');
    await expectAccessible(page);
    await other.getByText('4 attempts left').waitFor();

    await enterCode(page, await people.texted(userId));
    await page.getByText('The code is right.').waitFor();
    await page.getByLabel("Code of the user's app").waitFor();
    await expectAccessible(page);
    await shoot(page, 'right-code');
    await other.getByLabel("Code of the user's app").waitFor();
    expect(await typed.inputValue()).toBe('half a rea'); // what a person is in the middle of stays
    await typed.fill('half a reason');
    await page.getByText('The code is right.').waitFor(); // it has not gone with the change
  });

  test('gets another text after the pause, and before it the desk says why not', async () => {
    const { path, id, userId } = await started();
    const page = await staff('support', path);
    await act(page, 'Send another text message', 'Send it');
    await page.getByRole('alert').getByText('resend_too_soon').waitFor();
    await shoot(page, 'too-soon');
    await expectAccessible(page);
    expect(await page.getByLabel('Reason').first().inputValue()).toBe('asked on the phone');
    while ((await people.status(id))['nextTextAt'] !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 500));
    await act(page, 'Send another text message', 'Send it');
    await page.getByText('Asked for.').waitFor();
    expect(await people.control(`/inbox?${new URLSearchParams({ userId }).toString()}`)).toHaveLength(2);
    expect(page.url()).toBe(`${path}?said=resent`);
  });

  test('has its number changed by one person, and its code sent by another', async () => {
    const { path, userId } = await started();
    const page = await staff('support', path);
    await act(page, 'Change the phone number', 'Change the number', { 'New number': '0151 2345' });
    await page.getByRole('alert').getByText('This number is not taken').waitFor();
    await shoot(page, 'bad-number');
    await expectAccessible(page);
    await act(page, 'Change the phone number', 'Change the number', { 'New number': '+1 415 555 0199' });
    await page.getByText('The number is changed.').waitFor();
    await page.getByText('Number changed').waitFor();
    while ((await page.getByLabel('Code that the user reads out').count()) === 0) await page.reload();
    await enterCode(page, await people.texted(userId));
    await page.getByRole('alert').getByText('second_person_needed').waitFor();
    await shoot(page, 'two-hands');
    await expectAccessible(page);

    const other = await colleague(path);
    await enterCode(other, await people.texted(userId));
    await other.getByText('The code is right.').waitFor();
  }, 90_000);

  test('gets a sign-in link, which is shown once, stays while the page is renewed, and leads to the consent of the user', async () => {
    const { path } = await started({ token: false });
    const page = await staff('support', path);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await act(page, 'Make a sign-in link', 'Make the link');
    const link = await page.locator('#link').textContent();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await shoot(page, 'link');
    await expectAccessible(page);
    expect(link).toMatch(new RegExp(`^${stack.api}/sign-in/[\\w.-]+$`));
    expect((await fetch(link ?? '')).status).toBe(200);
    await page.goto(path);
    expect(await page.locator('#link').count()).toBe(0);
  });

  test('is cancelled with a reason, and then nothing can be done to it', async () => {
    const { path } = await started();
    const page = await staff('support', path);
    await act(page, 'Cancel the enrollment', 'Cancel the enrollment');
    await page.getByText('The enrollment is cancelled.').waitFor();
    await page.getByText('The enrollment is over.').waitFor();
    expect(await page.locator('details').count()).toBe(0);
    await shoot(page, 'cancelled');
    await expectAccessible(page);
  });

  test('shows operations the way to Temporal, and no place for a code', async () => {
    const { path } = await started();
    const page = await staff('ops', path);
    const address = await page.getByRole('link', { name: 'Open in Temporal' }).getAttribute('href');
    expect(address).toMatch(
      new RegExp(`^${stack.temporalUi}/namespaces/default/workflows/mfa-enrollment-[^/]+/[^/]+/timeline$`),
    );
    expect(await page.getByLabel('Code that the user reads out').count()).toBe(0);
    await shoot(page, 'ops');
    await expectAccessible(page);
    const support = await staff('support', path);
    expect(await support.getByRole('link', { name: 'Open in Temporal' }).count()).toBe(0);
  });

  test('is served by keyboard alone', async () => {
    const { path, userId } = await started();
    const page = await staff('support', path);
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          const { activeElement: element } = document;
          const label = element instanceof HTMLInputElement ? element.labels?.[0] : element;
          return label?.textContent ?? '';
        });
        if (focused === name) return;
      }
      throw new Error(`no way to ${name}`);
    };
    await tabTo('Code that the user reads out');
    await page.keyboard.type(await people.texted(userId));
    await page.keyboard.press('Enter');
    await page.getByText('The code is right.').waitFor();
    await tabTo('Cancel the enrollment');
    await page.keyboard.press('Enter');
    await tabTo('Reason');
    await page.keyboard.type('the user gave up');
    await shoot(page, 'keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('The enrollment is cancelled.').waitFor();
  });

  test.each([
    ['dark', { colorScheme: 'dark' }],
    ['tablet', { viewport: { width: 768, height: 1024 } }],
    ['zoomed', { viewport: { width: 640, height: 450 } }], // 1280 pixels at 200 percent
    ['phone', { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2 }],
    ['contrast', { forcedColors: 'active' }],
  ] as const)('looks right: %s', async (name, options) => {
    const { path, id } = await started();
    await people.ask('support', 'POST', `/v1/enrollments/${id}/binding-code`, { code: '000000' });
    const page = await staff('support', path, options);
    for (const [of, address] of [
      ['case', path],
      ['list', stack.desk],
    ] as const) {
      await page.goto(address);
      await shoot(page, `${of}-${name}`);
      await expectAccessible(page);
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(beyond).toBe(0);
    }
  });

  test('shows no secret on any page: no code, no key, no token, no whole number', async () => {
    const { path, id, userId, phoneNumber } = await started();
    const page = await staff('support', path);
    const code = await people.texted(userId);
    const seen = [await page.content()];
    await enterCode(page, code);
    await page.getByLabel("Code of the user's app").waitFor();
    seen.push(await page.content());
    await page.goto(stack.desk);
    seen.push(await page.content());
    const { setupKey = '' } = await people.challenge(id);
    for (const secret of [code, setupKey, phoneNumber.slice(2), userId, 'eyJ', stack.clientSecret]) {
      expect(seen.filter((html) => html.includes(secret))).toEqual([]);
    }
  });

  test('works without script', async () => {
    const { path, userId } = await started();
    const page = await staff('support', path, { javaScriptEnabled: false });
    await enterCode(page, await people.texted(userId));
    await status(page).getByText('The code is right.').waitFor();
    await act(page, 'Cancel the enrollment', 'Cancel the enrollment');
    await status(page)
      .getByText(/cancel/i)
      .waitFor();
  });
});
