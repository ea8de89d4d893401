import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TOTP } from 'otpauth';
import { startStack, type Stack } from '../../scripts/stack';
import { freePorts } from '../../scripts/stack/ports';
import { openDesk } from '../support/desk';

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

test('an enrollment that waits for its code when everything is stopped goes on when everything is started again, and its end is counted', async () => {
  stack = await startStack({ state });
  const before = openDesk(stack);
  const { userId } = await before.newUser();
  const { accessToken } = await before.token(userId);
  const body = { userId, phoneNumber: '+14155550123', factors: ['sms', 'otp'], token: { accessToken } };
  const { id } = await before.start(body);
  await stack.stop();
  const { workerHealth: metricsPort } = await freePorts(); // any that is free

  stack = await startStack({ state, workerVariables: { WORKER_METRICS_PORT: String(metricsPort) } });
  const desk = openDesk(stack);
  const answer = async (route: 'binding-code' | 'otp', code: string) =>
    JSON.parse((await desk.ask('support', 'POST', `/v1/enrollments/${id}/${route}`, { code })).text) as unknown;
  await desk.untilAwaits(id, 'sms');
  expect(await desk.control('/inbox')).toHaveLength(1);
  expect(await answer('binding-code', await desk.texted(userId))).toMatchObject({ result: 'confirmed' });
  await desk.untilAwaits(id, 'otp');
  const { setupKey = '' } = await desk.challenge(id);
  expect(await answer('otp', new TOTP({ secret: setupKey }).generate())).toMatchObject({ result: 'confirmed' });
  await desk.until(id, 'completed');

  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toMatch(/^mfa_enrollment_outcome_total\{[^}]*outcome="completed"[^}]*\} 1$/m);
}, 120_000);
