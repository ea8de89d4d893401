import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { startStack, type Stack } from '../stack';
import { send } from '../stack/http';
import { filterAddress, uiFilters } from '../stack/temporal-ui';

const docs = join(__dirname, '../../docs');
const columns = ['Status', 'Workflow ID', 'MfaState', 'MfaFactor', 'MfaWaitingFor', 'MfaDeadline'];
const idOf = z.object({ id: z.string() });

/**
 * Makes docs/temporal-ui-*.png: the list of open enrollments, and one that waits for an operator, in Temporal's own web interface over
 * a stack with enrollments in different states.
 */
export async function photographTemporalUi(browser: Browser): Promise<void> {
  const stack = await startStack();
  try {
    await openEnrollments(stack);
    const context = await browser.newContext({ viewport: { width: 1500, height: 620 }, locale: 'en-US' });
    await context.addInitScript(
      ([namespace, labels]) =>
        localStorage.setItem(
          'namespace-workflow-table-columns',
          JSON.stringify({ [namespace]: labels.map((label) => ({ label })) }),
        ),
      [stack.namespace, columns] as const,
    );
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);

    const [[, openOnes]] = uiFilters;
    await page.goto(filterAddress(stack.temporalUi ?? '', stack.namespace, openOnes));
    await page.getByText('operator', { exact: true }).first().waitFor();
    await page.screenshot({ path: join(docs, 'temporal-ui-list.png') });

    const run = await runForAnOperator(stack);
    await page.setViewportSize({ width: 1500, height: 900 });
    await page.goto(`${run}/user-metadata`);
    await untilShown(page, 'Runbook:');
    await page.screenshot({ path: join(docs, 'temporal-ui-enrollment.png') });

    await page.setViewportSize({ width: 1500, height: 1050 });
    await page.goto(`${run}/timeline`);
    await untilShown(page, 'Until something is due');
    await page.screenshot({ path: join(docs, 'temporal-ui-timeline.png') });
  } finally {
    await stack.stop();
  }
}

/** Enrollments in different states; the texts of one of them are stopped, so that it waits for an operator. */
async function openEnrollments(stack: Stack): Promise<void> {
  const ask = (path: string, key: keyof Stack['keys'], body: unknown) =>
    send({ method: 'POST', url: `${stack.api}/v1${path}`, key: stack.keys[key], body });
  const start = async (more: object, withToken = true): Promise<string> => {
    const user = await send({
      ...{ method: 'POST', url: `${stack.emulatorControl}/users` },
      body: { email: `${Math.random().toString(36).slice(2)}@example.com` },
    });
    const { userId } = z.object({ userId: z.string() }).parse(user.body);
    const scope = 'openid enroll read:authenticators remove:authenticators offline_access';
    const made = await send({
      ...{ method: 'POST', url: `${stack.emulatorControl}/tokens` },
      body: { userId, scope },
    });
    const { accessToken } = z.object({ accessToken: z.string() }).parse(made.body);
    const token = withToken ? { token: { accessToken } } : {};
    return idOf.parse((await ask('/enrollments', 'onboarding', { userId, ...token, ...more })).body).id;
  };
  const phoneNumber = '+14155550123';
  await send({
    ...{ method: 'PUT', url: `${stack.api}/v1/stopped-prefixes/${encodeURIComponent('+4477')}`, key: stack.keys.ops },
    body: { reason: 'nobody asked for these' },
  });
  await start({ phoneNumber }, false);
  await start({ phoneNumber });
  await start({ factors: ['otp'] });
  const wrong = await start({ phoneNumber });
  await ask(`/enrollments/${wrong}/binding-code`, 'support', { code: '000000' });
  await start({ phoneNumber: '+447700900123' });
}

/** The address of the run that waits for an operator. */
async function runForAnOperator(stack: Stack): Promise<string> {
  const [, [, query]] = uiFilters;
  const path = `namespaces/${stack.namespace}/workflows`;
  const { body } = await send({
    method: 'GET',
    url: `${stack.temporalUi}/api/v1/${path}?${new URLSearchParams({ query }).toString()}`,
  });
  const execution = z.object({ workflowId: z.string(), runId: z.string() });
  const [found] = z.object({ executions: z.array(z.object({ execution })) }).parse(body).executions;
  if (found === undefined) throw new Error('No enrollment waits for an operator.');
  return `${stack.temporalUi}/${path}/${found.execution.workflowId}/${found.execution.runId}`;
}

/** Markdown stands in frames of its own. */
async function untilShown(page: Page, text: string): Promise<void> {
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    for (const frame of page.frames()) {
      const read = await frame
        .locator('body')
        .innerText()
        .catch(() => ''); // a frame may be on its way out
      if (read.includes(text)) return page.waitForTimeout(1_000); // what is drawn last comes after the text
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`Temporal UI did not show "${text}" within two minutes.`);
}
