import type { Page } from 'playwright-core';
import { TOTP } from 'otpauth';

// What a person does on the enrollment page, by the names that they read there (in English).

/** From a link, or from the page's own "Sign in": looks at what will be set up, goes on, and signs in at the emulated tenant. */
export async function agreeAndSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Continue to sign in' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(/\/enroll$/);
}

/** Enters a code, with a space as people read it, and waits until the page answers. */
export async function enterCode(page: Page, code: string): Promise<void> {
  await page.locator('#code').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  const answered = page.waitForEvent('load', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Confirm' }).click();
  await answered;
}

/** Reads the setup key from the page, as an authenticator app does, and gives the code that the app shows then. */
export async function connectApp(page: Page): Promise<string> {
  const key = await page.locator('#setup-key').textContent({ timeout: 30_000 });
  return new TOTP({ secret: (key ?? '').replace(/\s/g, '') }).generate();
}

/** Waits for the page whose heading is this. */
export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor({ timeout: 45_000 });

export const headings = {
  code: 'Enter the code from the text message',
  app: 'Connect your authenticator app',
  recoveryCode: 'Save your recovery code',
  done: 'Everything is set up',
} as const;
