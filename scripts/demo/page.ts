import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { openBrowser } from '../page/browser';
import { agreeAndSignIn, connectApp, enterCode, heading, headings } from '../page/person';
import { send } from '../stack/http';
import type { StackFile } from '../stack/stack-file';
import type { Narrator } from './narrator';

const password = 'correct horse battery';
const inbox = z.array(z.object({ code: z.string(), userId: z.string() }));
const records = z.array(z.object({ authenticator_type: z.string(), active: z.boolean() }).partial());

/** One user, from a link to two active factors, on the enrollment page in a browser. Throws with the reason when it does not go so. */
export async function runPageDemo(stack: StackFile, narrator: Narrator): Promise<void> {
  const control = (path: string, body?: unknown) => call(`${stack.emulatorControl}${path}`, undefined, body);

  narrator.title('The onboarding system starts an enrollment without a token, and gets a link: POST /v1/enrollments');
  const email = `demo-${randomBytes(4).toString('hex')}@example.com`;
  await send({ method: 'PUT', url: `${stack.emulatorControl}/switches`, body: { recoveryCodes: true } });
  const { userId } = z.object({ userId: z.string() }).parse(await control('/users', { email, password }));
  const { signInUrl } = z
    .object({ signInUrl: z.string() })
    .parse(await call(`${stack.api}/v1/enrollments`, stack.keys.onboarding, { userId, phoneNumber: '+14155550123' }));
  narrator.step('the link goes to the user; it works once, for ten minutes');

  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US' });
    const page = await context.newPage();

    narrator.title('The user opens it, sees what will be set up, and signs in');
    await page.goto(signInUrl);
    await agreeAndSignIn(page, email, password);
    await heading(page, headings.code);
    narrator.step('signed in; a text message is on its way');

    narrator.title('The user enters what the phone shows');
    const text = inbox.parse(await control('/inbox')).findLast((each) => each.userId === userId);
    if (text === undefined) throw new Error('No text message reached the emulated phone.');
    await enterCode(page, otherThan(text.code));
    narrator.step(`a wrong code: ${(await page.locator('#code-error').textContent()) ?? ''}`);
    await enterCode(page, text.code);
    await heading(page, headings.app);
    narrator.step('the texted code: taken, and the page shows a QR code');

    narrator.title('The user scans it, and enters what the app shows');
    await enterCode(page, await connectApp(page));
    await heading(page, headings.recoveryCode);
    narrator.step('the code of the app: taken, and the page shows the recovery code, once');

    narrator.title('The user saves the recovery code, and says so');
    await page.getByRole('button', { name: 'I have saved it' }).click();
    await heading(page, headings.done);
    for (const factor of await page
      .getByRole('list', { name: 'Active for your account' })
      .getByRole('listitem')
      .allTextContents())
      narrator.step(factor);
    const truth = records.parse(await control(`/users/${encodeURIComponent(userId)}/authenticators`));
    const active = truth.filter((record) => record.active === true).length;
    if (active < 2) throw new Error('The tenant does not list both factors as active.');
    narrator.step(`the tenant itself lists ${active} active authenticators`);
  } finally {
    await browser.close();
  }
}

async function call(url: string, key: string | undefined, body?: unknown): Promise<unknown> {
  const { status, body: answer } = await send({
    method: body === undefined ? 'GET' : 'POST',
    url,
    ...(key === undefined ? {} : { key }),
    ...(body === undefined ? {} : { body }),
  });
  if (status < 400) return answer;
  throw new Error(`${new URL(url).pathname} answered ${status}: ${JSON.stringify(answer)}`);
}

const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
