import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { freePorts } from '../../scripts/stack/ports';
import { axeFindings } from '../support/axe';
import { launchChromium } from '../support/chromium';
import { photograph } from '../support/screenshots';
import { pageSite } from './site';
import { viewNames, views } from './views';

// Every state that the page can show, in a real browser, over an enrollment in memory. Whole enrollments: journey.test.ts.

jest.setTimeout(120_000);
let site: Awaited<ReturnType<typeof pageSite>>;
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
  site = await pageSite((await freePorts()).api);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

/** Shows the page in a browser of its own; gives what the browser complained of. */
async function withPage(options: BrowserContextOptions, use: (page: Page, context: BrowserContext) => Promise<void>) {
  const context = await browser.newContext(options);
  await context.addCookies([await site.cookie()]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await use(page, context);
  await context.close();
  return complaints;
}

const address = (path = ''): string => `${site.publicUrl}/enroll${path}`;

describe.each([
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'light' }],
  ['desktop', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
] as const)('on a %s', (device, options) => {
  test.each(viewNames)('%s: axe finds nothing, the browser neither', async (name) => {
    site.held.view = views[name]();
    const complaints = await withPage(options, async (page) => {
      await page.goto(address());
      expect(await axeFindings(page)).toEqual([]);
      await photograph(page, 'page', `${name}-${device}`);
    });
    expect(complaints).toEqual([]);
  });
});

test('the other pages: axe finds nothing', async () => {
  site.held.view = views.code();
  await withPage({ viewport: { width: 390, height: 844 } }, async (page, context) => {
    for (const path of ['/number', '/stop', '?notice=form_not_ours']) {
      await page.goto(address(path));
      expect([path, await axeFindings(page)]).toEqual([path, []]);
      await photograph(page, 'page', `other-${path.replace(/\W/g, '')}-phone`);
    }
    await context.clearCookies();
    await page.goto(address());
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Open your link to go on');
    expect(await axeFindings(page)).toEqual([]);
    await photograph(page, 'page', 'other-no-session-phone');
  });
});

test.each(['en-US', 'de-DE'])(
  'every state fits 320 pixels, in %s, from left to right and from right to left',
  async (locale) => {
    await withPage({ viewport: { width: 320, height: 640 }, locale }, async (page) => {
      for (const name of viewNames) {
        site.held.view = views[name]();
        await page.goto(address());
        for (const direction of ['ltr', 'rtl']) {
          await page.evaluate(`document.documentElement.dir = '${direction}'`);
          const width = await page.evaluate<number>('document.documentElement.scrollWidth');
          expect([name, direction, width]).toEqual([name, direction, 320]);
        }
        if (name === 'code' || name === 'app') await photograph(page, 'page', `${name}-320-rtl-${locale}`);
      }
    });
  },
);

test('what can be pressed is at least 24 pixels high', async () => {
  await withPage({ viewport: { width: 320, height: 640 } }, async (page) => {
    for (const name of ['code-resend', 'app', 'recovery-code', 'number'] as const) {
      site.held.view = views[name]();
      await page.goto(address());
      for (const target of await page.locator('a:visible, button:visible, input:visible, select:visible').all()) {
        const box = await target.boundingBox();
        expect([await target.textContent(), (box?.height ?? 0) >= 24]).toEqual([await target.textContent(), true]);
      }
    }
  });
});

describe('the script', () => {
  beforeEach(() => {
    site.held.view = views['code-resend']();
    site.done.length = 0;
  });

  test('shows what the enrollment has become, keeps what was typed for the same code, and the focus', async () => {
    await withPage({}, async (page) => {
      await page.goto(address());
      await page.getByLabel('Six-digit code').fill('123');
      await page.getByLabel('Six-digit code').focus();
      const before = views['code-resend']();
      site.held.view = { ...before, nextTextAt: new Date(Date.now() + 60_000).toISOString() };
      await page.getByText('You can ask for another one in').waitFor();
      expect(await page.getByLabel('Six-digit code').inputValue()).toBe('123');
      expect(await page.evaluate('document.activeElement.id')).toBe('code');
      site.held.view = { ...before, challenge: { ...before.challenge, challengeId: 'c-next' } };
      await page.getByRole('button', { name: 'Send another code' }).waitFor();
      expect(await page.getByLabel('Six-digit code').inputValue()).toBe('');
    });
  });

  test('gives the focus to the heading of another step, and says it', async () => {
    await withPage({}, async (page) => {
      await page.goto(address());
      await page.getByLabel('Six-digit code').focus();
      site.held.view = views.app();
      await page.getByRole('heading', { name: 'Connect your authenticator app' }).waitFor();
      expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
      expect(await page.title()).toBe('Connect your authenticator app · Example Corp');
      expect(await page.locator('#spoken').textContent()).toBe('Connect your authenticator app');
    });
  });

  test('counts by the server’s clock, whatever the browser’s says', async () => {
    site.held.view = { ...views['code-resend'](), nextTextAt: new Date(Date.now() + 65_000).toISOString() };
    await withPage({}, async (page) => {
      await page.clock.install({ time: Date.now() + 3_600_000 });
      await page.goto(address());
      expect(await page.getByText('You can ask for another one in').textContent()).toMatch(/in 1:0\d\.$/);
    });
  });

  test('sends a form once, however often it is pressed', async () => {
    await withPage({}, async (page) => {
      await page.goto(address());
      await page.getByLabel('Six-digit code').fill('123 456');
      const loaded = page.waitForEvent('load');
      await page.getByRole('button', { name: 'Confirm' }).dblclick();
      await loaded;
      expect(site.done.filter(([what]) => what === 'code')).toHaveLength(1);
    });
  });

  test('copies the setup key without its spaces', async () => {
    site.held.view = views.app();
    await withPage({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.goto(address());
      await page.getByRole('button', { name: 'Copy key' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP');
    });
  });

  test('formats a number as it is typed in the chosen country, and finds the country of one with a plus sign', async () => {
    site.held.view = views.number();
    await withPage({ locale: 'de-DE' }, async (page) => {
      await page.goto(address());
      expect(await page.getByLabel('Land').inputValue()).toBe('DE');
      await page.getByLabel('Telefonnummer').pressSequentially('015112345678');
      expect(await page.getByLabel('Telefonnummer').inputValue()).toBe('01511 2345678');
      await page.getByLabel('Telefonnummer').fill('');
      await page.getByLabel('Telefonnummer').pressSequentially('+14155550123');
      expect(await page.getByLabel('Land').inputValue()).toBe('US');
    });
  });

  test('keeps a form while the browser is offline, and goes on when it is back', async () => {
    await withPage({}, async (page, context) => {
      await page.goto(address());
      await page.getByLabel('Six-digit code').fill('123456');
      await context.setOffline(true);
      await page.getByText('You are offline').waitFor();
      await page.getByRole('button', { name: 'Confirm' }).click();
      expect([page.url(), await page.getByLabel('Six-digit code').inputValue()]).toEqual([address(), '123456']);
      await context.setOffline(false);
      await page.getByText('You are offline').waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.waitForLoadState();
      expect(site.done.map(([what]) => what)).toEqual(['code']);
    });
  });
});

test('without script the page says it all, and each form works', async () => {
  site.done.length = 0;
  site.held.view = views['code-resend']();
  await withPage({ javaScriptEnabled: false }, async (page) => {
    const press = async (role: 'button' | 'link', name: string) => {
      const loaded = page.waitForEvent('load');
      await page.getByRole(role, { name }).click();
      await loaded;
    };
    await page.goto(address());
    await page.getByLabel('Six-digit code').fill('123456');
    await press('button', 'Confirm');
    await press('button', 'Send another code');
    await press('link', 'Use another number');
    await page.getByLabel('Phone number').fill('(415) 555-0199');
    await press('button', 'Send me a code');
    await press('link', 'Stop the set-up');
    await press('button', 'Yes, stop it');
    await press('button', 'Leave this page');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('You have left the page');
    expect(site.done.map(([what]) => what)).toEqual(['code', 'resend', 'number', 'cancel']);
    expect(site.done[2]).toContain('+14155550199');
  });
});

test('the language is the browser’s, until the user chooses another one', async () => {
  site.held.view = views.completed();
  await withPage({ locale: 'de-AT' }, async (page) => {
    await page.goto(address());
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Alles ist eingerichtet');
    await page.getByRole('link', { name: 'English' }).click();
    expect([page.url(), await page.getByRole('heading', { level: 1 }).textContent()]).toEqual([
      address(),
      'Everything is set up',
    ]);
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });
});
