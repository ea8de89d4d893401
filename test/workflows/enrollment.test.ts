import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import * as messages from '../../src/workflows/messages';
import { otherThan, startStage, type Case, type Stage } from './support';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('real');
});
afterAll(() => stage.close());

/** With RECORD_HISTORIES set, what ran becomes a fixture of the replay test. */
async function keep({ handle }: Case, name: string): Promise<void> {
  if (process.env['RECORD_HISTORIES'] === undefined) return;
  const folder = join(__dirname, '../histories');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${historyToJSON(await handle.fetchHistory())}\n`);
}

test('signals alone, of whatever shape, take a case to both factors, over a worker that goes away in between', async () => {
  const started = await stage.start();
  const { handle } = started;
  const signals = ['submitBindingCode', 'submitOtp', 'provideToken', 'resendCode', 'nobodyKnowsThis'];
  for (const poison of [null, true, 7, 'text', [], {}, { code: 5 }, { code: null }, { accessToken: 1 }]) {
    for (const signal of signals) await handle.signal(signal, poison);
  }
  await handle.signal('submitBindingCode');
  await stage.stopWorker();
  await handle.signal(messages.submitBindingCode, await started.texted());
  await stage.restartWorker();
  await started.until(({ factor }) => factor === 'otp');
  await started.until(({ state }) => state === 'awaiting_code');
  await handle.signal(messages.submitOtp, { code: await started.shown() });
  expect(await handle.result()).toMatchObject({ state: 'completed', factors: [{ active: true }, { active: true }] });
  await keep(started, 'completed');
});

test('a wrong code costs one attempt, the same wrong code none, and a refused update leaves no event', async () => {
  const started = await stage.start();
  const { handle } = started;
  const { confirm } = started;
  const wrong = otherThan(await started.texted());
  expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  const before = (await handle.describe()).historyLength;
  await expect(confirm('12')).rejects.toMatchObject({ cause: { type: 'malformed' } });
  expect((await handle.describe()).historyLength).toBe(before);
  expect(await confirm(await started.texted())).toMatchObject({ result: 'confirmed' });
  await handle.signal(messages.cancelEnrollment, { reason: 'changed their mind' });
  await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await started.status()).toMatchObject({ state: 'cancelled', factors: [{ active: true }, { active: false }] });
  await keep(started, 'cancelled');
});

test('a confirm whose answer is lost is settled by reading, and the code is not spent again', async () => {
  const started = await stage.start();
  await stage.tenant.fault({ route: 'POST /oauth/token', type: 'resetAfter' });
  const answer = await started.handle.executeUpdate(messages.confirmCode, {
    args: [{ factor: 'sms', code: await started.texted() }],
  });
  expect(answer).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  await started.until(({ factor, state }) => factor === 'otp' && state === 'awaiting_code');
  await keep(started, 'lost-confirm');
  await started.handle.terminate();
});

test('an associate whose answer is lost costs one more text, and leaves no record behind', async () => {
  await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'resetAfter' });
  const started = await stage.start();
  expect(await started.status()).toMatchObject({ state: 'awaiting_code', textsLeft: 8 });
  expect(await started.texts()).toHaveLength(2);
  await started.handle.signal(messages.submitBindingCode, await started.texted());
  await started.until(({ factor, state }) => factor === 'otp' && state === 'awaiting_code');
  const records = await stage.tenant.list(await stage.tenant.token(started.userId));
  expect(records.filter(({ id }) => id.startsWith('sms|'))).toMatchObject([{ active: true }]);
  await started.handle.terminate();
});
