import { afterAll, beforeAll, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startStack, type Stack } from '../../scripts/stack';
import { launchChromium } from '../support/chromium';
import { openDesk } from '../support/desk';
import { expectAccessible, openBrowserOf, shoot, signIn } from './support';

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchChromium()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
}, 60_000);

test('look', async () => {
  const people = openDesk(stack);
  const start = async (phoneNumber: string, withToken = true) => {
    const { userId } = await people.newUser();
    const { accessToken } = await people.token(userId);
    const { id } = await people.start({ userId, phoneNumber, ...(withToken ? { token: { accessToken } } : {}) });
    return { id, userId };
  };
  const one = await start('+14155550123');
  await start('+14155550124');
  await start('+14155550125', false);
  const page = await openBrowserOf(browser);
  await page.goto(stack.desk);
  await shoot(page, 'sign-in');
  await expectAccessible(page);
  await signIn(page, stack, 'support');
  await shoot(page, 'list');
  await expectAccessible(page);
  await page.goto(`${stack.desk}/cases/${one.id}`);
  await shoot(page, 'case');
  await expectAccessible(page);
  await page.getByLabel('Code that').fill('000 000');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.waitForLoadState();
  await shoot(page, 'case-wrong');
  await page.getByLabel('Code that').fill(await people.texted(one.userId));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText("Code of the user's app").waitFor();
  await shoot(page, 'case-confirmed');
  await expectAccessible(page);
}, 120_000);
