import { source } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe finds on a page: WCAG 2.0 to 2.2, levels A and AA, and its best practices. Each finding as its rule and the elements.
 * It is put into the page past the page's Content-Security-Policy, as a debugger may.
 */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate<unknown>(source);
  return page.evaluate<string[]>(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
}
