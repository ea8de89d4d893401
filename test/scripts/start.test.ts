import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TOTP, URI } from 'otpauth';
import { z } from 'zod';
import { startStack, type Stack } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';

// What `npm start` does, in a folder of the test's own.
const state = mkdtempSync(join(tmpdir(), 'mfa-start-'));
const { TEMPORAL_ADDRESS: shared } = process.env;
let stack: Stack | undefined;

beforeAll(() => {
  delete process.env['TEMPORAL_ADDRESS']; // a server of its own is what is kept
});
afterAll(async () => {
  await stack?.stop();
  rmSync(state, { recursive: true, force: true });
  if (shared !== undefined) process.env['TEMPORAL_ADDRESS'] = shared;
}, 60_000);

async function call(url: string, key?: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

const user = z.object({ userId: z.string() });
const token = z.object({ accessToken: z.string() });
const enrollment = z.object({ id: z.string(), state: z.string(), factor: z.string().optional() });
const inbox = z.array(z.object({ code: z.string() }));
const setup = z.object({ barcodeUri: z.string() });

test('a case that waits for its code when everything is stopped goes on when everything is started again, and its end is counted', async () => {
  const before = (stack = await startStack({ state }));
  const { userId } = user.parse(await call(`${before.emulatorControl}/users`, undefined, { email: 'ada@example.com' }));
  const given = token.parse(await call(`${before.emulatorControl}/tokens`, undefined, { userId }));
  const request = {
    userId,
    phoneNumber: '+14155550123',
    factors: ['sms', 'otp'],
    token: { accessToken: given.accessToken },
  };
  const { id } = enrollment.parse(await call(`${before.api}/v1/enrollments`, before.keys.onboarding, request));
  await before.stop();
  const { workerHealth: metricsPort } = await freePorts(); // any that is free

  const { api, keys, emulatorControl } = (stack = await startStack({
    state,
    workerVariables: { WORKER_METRICS_PORT: String(metricsPort) },
  }));
  const cases = `${api}/v1/enrollments/${id}`;
  const until = async (reached: (now: z.infer<typeof enrollment>) => boolean) => {
    while (!reached(enrollment.parse(await call(cases, keys.support)))) await sleep(50); // the test's time limit ends it
  };
  await until(({ state: now, factor }) => now === 'awaiting_code' && factor === 'sms');
  const [text, ...more] = inbox.parse(await call(`${emulatorControl}/inbox`));
  expect(more).toEqual([]);
  expect(await call(`${cases}/binding-code`, keys.support, { code: text?.code })).toMatchObject({
    result: 'confirmed',
  });
  await until(({ state: now, factor }) => now === 'awaiting_code' && factor === 'otp');
  const app = URI.parse(setup.parse(await call(`${cases}/challenge`, keys.onboarding)).barcodeUri);
  if (!(app instanceof TOTP)) throw new Error('the QR code is not of a time-based code');
  expect(await call(`${cases}/otp`, keys.support, { code: app.generate() })).toMatchObject({ result: 'confirmed' });
  await until(({ state: now }) => now === 'completed');

  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toMatch(/^mfa_enrollment_outcome_total\{[^}]*outcome="completed"[^}]*\} 1$/m);
}, 120_000);
