import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startStack, type Stack } from '../../scripts/stack';
import { openDesk } from '../support/desk';
import { launchChromium } from '../support/chromium';

const phoneNumber = '+14155550123';
let stack: Stack;
let browser: Browser;
let userId: string;
let accessToken: string;
let casePage: string;

jest.setTimeout(120_000);

beforeAll(async () => {
  browser = await launchChromium();
  stack = await startStack();
  const desk = openDesk(stack);
  ({ userId } = await desk.newUser());
  const token = await desk.token(userId);
  ({ accessToken } = token);
  const { id } = await desk.start({ userId, phoneNumber, token });
  await desk.ask('support', 'POST', `/v1/enrollments/${id}/binding-code`, { code: await desk.texted(userId) });
  await desk.until(id, 'awaiting_code');
  casePage = await addressOfOnlyCase();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

async function addressOfOnlyCase(): Promise<string> {
  const workflows = `${stack.temporalUi}/api/v1/namespaces/${stack.namespace}/workflows`;
  const answer = await fetch(`${workflows}?query=${encodeURIComponent("WorkflowType='mfaEnrollment'")}`);
  const { executions } = (await answer.json()) as {
    executions: { execution: { workflowId: string; runId: string } }[];
  };
  const { workflowId, runId } = executions[0]?.execution ?? {};
  return `${stack.temporalUi}/namespaces/${stack.namespace}/workflows/${workflowId}/${runId}`;
}

/** `codec`: what becomes of the page's calls to the codec server. */
async function open(tab: string, codec: 'answers' | 'is out of reach'): Promise<Page> {
  await Promise.all(browser.contexts().map((context) => context.close())); // each holds connections to the server open
  const page = await browser.newPage({ viewport: { width: 1400, height: 1600 } });
  if (codec === 'is out of reach') await page.route(`${stack.codecServer}/**`, (route) => route.abort());
  page.setDefaultTimeout(60_000);
  await page.goto(`${casePage}/${tab}`);
  return page;
}
/** Waits until the text is there to read; Markdown stands in frames of its own. The test's time limit ends a wait in vain. */
async function shows(page: Page, text: string): Promise<void> {
  for (;;) {
    for (const frame of page.frames()) {
      const read = await frame
        .locator('body')
        .innerText()
        .catch(() => ''); // a frame may be on its way out
      if (read.includes(text)) return;
    }
    await page.waitForTimeout(100);
  }
}

test('the timeline of a case reads as a story, and its input is decoded', async () => {
  const page = await open('timeline', 'answers');
  for (const text of ['listAndGoOn', 'confirmAndGoOn', 'Until something is due', userId, '••23', '[redacted]']) {
    await shows(page, text);
  }
  const text = await page.locator('body').innerText();
  for (const hidden of [phoneNumber, accessToken]) expect(text).not.toContain(hidden);
});

test('the metadata of a case say what it is for, where it is, and what comes next', async () => {
  const page = await open('user-metadata', 'answers');
  for (const text of [
    'text message → authenticator app',
    'awaiting_code: authenticator app',
    'Waiting for: the user (otp) since 20',
    'The user scans the QR code',
  ]) {
    await shows(page, text);
  }
});

test('without the codec server the page shows neither, only what stands in clear', async () => {
  const page = await open('timeline', 'is out of reach');
  await shows(page, 'Codec Server could not connect');
  await shows(page, 'confirmCode');
  await shows(page, Buffer.from('binary/encrypted').toString('base64'));
  const text = await page.locator('body').innerText();
  for (const hidden of [userId, phoneNumber, 'Ask for a challenge', 'Waiting for a code'])
    expect(text).not.toContain(hidden);
});

test('search attributes stand in clear, and hold closed words and a time', async () => {
  const page = await open('search-attributes', 'is out of reach');
  for (const text of ['"MfaState"', '"awaiting_code"', '"MfaFactor"', '"otp"', '"MfaDeadline"'])
    await shows(page, text);
});
