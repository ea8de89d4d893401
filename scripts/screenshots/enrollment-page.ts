import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { agreeAndSignIn, connectApp, enterCode, heading, headings } from '../page/person';
import { startStack } from '../stack';
import { send } from '../stack/http';

const password = 'correct horse battery';
const size = { width: 390, height: 844 };

/** Makes docs/enrollment-page.png, four steps of the enrollment page side by side, from a real enrollment. */
export async function photographEnrollmentPage(browser: Browser): Promise<void> {
  const stack = await startStack({ apiVariables: { BRAND_NAME: 'Example Corp' } });
  try {
    const context = await browser.newContext({ viewport: size, deviceScaleFactor: 1.5, locale: 'en-US' });
    const page = await context.newPage();
    const pictures: Buffer[] = [];
    const photograph = async () => void pictures.push(await page.screenshot());

    const email = 'ada@example.com';
    const user = await send({ method: 'POST', url: `${stack.emulatorControl}/users`, body: { email, password } });
    const { userId } = z.object({ userId: z.string() }).parse(user.body);
    const started = await send({
      ...{ method: 'POST', url: `${stack.api}/v1/enrollments`, key: stack.keys.onboarding },
      body: { userId, phoneNumber: '+14155550123' },
    });
    await page.goto(z.object({ signInUrl: z.string() }).parse(started.body).signInUrl);
    await photograph();
    await agreeAndSignIn(page, email, password);
    await heading(page, headings.code);
    await photograph();
    const inbox = await send({ method: 'GET', url: `${stack.emulatorControl}/inbox` });
    const text = z
      .array(z.object({ code: z.string() }))
      .parse(inbox.body)
      .at(-1);
    await enterCode(page, text?.code ?? '');
    await heading(page, headings.app);
    await photograph();
    await enterCode(page, await connectApp(page));
    await heading(page, headings.done);
    await photograph();

    writeFileSync(join(__dirname, '../../docs/enrollment-page.png'), await sideBySide(page, pictures));
  } finally {
    await stack.stop();
  }
}

/** One picture out of several of the same size. */
async function sideBySide(page: Page, pictures: readonly Buffer[]): Promise<Buffer> {
  await page.setViewportSize({ width: pictures.length * (size.width + 16) + 16, height: size.height + 32 });
  const images = pictures.map(
    (picture) => `<img width="${size.width}" src="data:image/png;base64,${picture.toString('base64')}">`,
  );
  await page.goto('about:blank');
  await page.setContent(`<body style="margin:16px;display:flex;gap:16px;background:#c9d0da">${images.join('')}</body>`);
  return page.screenshot();
}
