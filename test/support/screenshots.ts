import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const folder = join(__dirname, '../../reports');

/** Keeps a picture of the whole page in `reports/<part>/<name>.png`, for people to look at. */
export async function photograph(page: Page, part: string, name: string): Promise<void> {
  mkdirSync(join(folder, part), { recursive: true });
  await page.screenshot({ path: join(folder, part, `${name}.png`), fullPage: true });
}
