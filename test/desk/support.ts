import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { StackFile } from '../../scripts/stack/stack-file';

const reports = join(__dirname, '../../reports/desk');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export type StaffRole = keyof StackFile['staff'];

/** A member of staff at a desk of their own: a browser without a past. */
export async function openBrowserOf(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  return context.newPage();
}

/** Signs in at the emulated tenant, from whatever page shows the way in. */
export async function signIn(page: Page, { staff }: Pick<StackFile, 'staff'>, role: StaffRole): Promise<void> {
  await signInAs(page, staff[role].email, staff[role].password);
}

export async function signInAs(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(/\/desk(?!\/callback)/);
}

/** A picture of the whole page, for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(reports, { recursive: true });
  await page.screenshot({ path: join(reports, `${name}.png`), fullPage: true });
}

/** WCAG 2.2 AA, as far as a program can tell. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: { run(of: object, options: object): Promise<Findings> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await inPage.run(document, { runOnly: { type: 'tag', values: tags } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
  expect(found).toEqual([]);
}

interface Findings {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
