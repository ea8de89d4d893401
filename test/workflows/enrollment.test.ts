import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { mfaEnrollment } from '../../src/workflows';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Tenant } from '../emulator/tenant';
import { temporalCliPath } from '../support/tools';

const taskQueue = 'enrollment-test';
let environment: TestWorkflowEnvironment;
let tenant: Tenant;
let mfa: ReturnType<typeof createMfaClient>;
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  tenant = await startTenant();
  const { publicUrl, clientId, clientSecret } = tenant;
  mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('../../src/workflows') });
  stopWorker = await startWorker();
}, 60_000);

afterAll(async () => {
  await stopWorker();
  await environment.teardown();
  await mfa.close();
  await tenant.close();
});

/** Nothing is cached, so every task replays the whole history: what is not deterministic shows at once. */
async function startWorker(): Promise<() => Promise<void>> {
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle,
    maxCachedWorkflows: 0,
    activities: createActivities({
      mfa,
      cancelRun: async (workflowId, runId) =>
        void (await environment.client.workflow.getHandle(workflowId, runId).cancel()),
    }),
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
  };
}

async function startCase() {
  const userId = await tenant.newUser();
  const handle = await environment.client.workflow.start(mfaEnrollment, {
    taskQueue,
    workflowId: `mfa-enrollment-${randomUUID()}`,
    args: [
      {
        userId,
        factors: ['sms', 'otp'],
        phoneNumber: '+14155550123',
        token: { accessToken: await tenant.token(userId) },
      },
    ],
  });
  await handle.executeUpdate(messages.awaitChallenge);
  const texts = async () => (await tenant.inbox()).filter((text) => text.userId === userId);
  const code = async () => (await texts()).at(-1)?.code ?? '';
  return { userId, handle, texts, code };
}
type Case = Awaited<ReturnType<typeof startCase>>;

async function until({ handle }: Case, condition: (status: Awaited<ReturnType<typeof query>>) => boolean) {
  for (;;) {
    const status = await query(handle);
    if (condition(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const query = (handle: Case['handle']) => handle.query(messages.status);

async function appCode({ handle }: Case): Promise<string> {
  const secrets = await handle.query(messages.challenge);
  if (secrets.type !== 'otp') throw new Error(`expected the app's challenge, got ${secrets.type}`);
  return tenant.otpCode(secrets.setupKey);
}

/** With RECORD_HISTORIES set, what ran becomes a fixture of the replay test. */
async function keep({ handle }: Case, name: string): Promise<void> {
  if (process.env['RECORD_HISTORIES'] === undefined) return;
  const folder = join(__dirname, '../histories');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${historyToJSON(await handle.fetchHistory())}\n`);
}

test('signals alone, of whatever shape, take a case to both factors, over a worker that goes away in between', async () => {
  const started = await startCase();
  const { handle } = started;
  const signals = ['submitBindingCode', 'submitOtp', 'provideToken', 'resendCode', 'nobodyKnowsThis'];
  for (const poison of [null, true, 7, 'text', [], {}, { code: 5 }, { code: null }, { accessToken: 1 }]) {
    for (const signal of signals) await handle.signal(signal, poison);
  }
  await handle.signal('submitBindingCode');
  await stopWorker();
  await handle.signal(messages.submitBindingCode, await started.code());
  stopWorker = await startWorker();
  await until(started, ({ factor }) => factor === 'otp');
  await until(started, ({ state }) => state === 'awaiting_code');
  await handle.signal(messages.submitOtp, { code: await appCode(started) });
  expect(await handle.result()).toMatchObject({ state: 'completed', factors: [{ active: true }, { active: true }] });
  await keep(started, 'completed');
}, 60_000);

test('a wrong code costs one attempt, the same wrong code none, and a refused update leaves no event', async () => {
  const started = await startCase();
  const { handle } = started;
  const wrong = String((Number(await started.code()) + 1) % 1_000_000).padStart(6, '0');
  const confirm = (code: string) => handle.executeUpdate(messages.confirmCode, { args: [{ factor: 'sms', code }] });
  expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  const before = (await handle.describe()).historyLength;
  await expect(confirm('12')).rejects.toMatchObject({ cause: { type: 'malformed' } });
  expect((await handle.describe()).historyLength).toBe(before);
  expect(await confirm(await started.code())).toMatchObject({ result: 'confirmed' });
  await handle.signal(messages.cancelEnrollment, { reason: 'changed their mind' });
  await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await query(handle)).toMatchObject({ state: 'cancelled', factors: [{ active: true }, { active: false }] });
  await keep(started, 'cancelled');
}, 60_000);

test('a confirm whose answer is lost is settled by reading, and the code is not spent again', async () => {
  const started = await startCase();
  await tenant.fault({ route: 'POST /oauth/token', type: 'resetAfter' });
  const answer = await started.handle.executeUpdate(messages.confirmCode, {
    args: [{ factor: 'sms', code: await started.code() }],
  });
  expect(answer).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  await until(started, ({ factor, state }) => factor === 'otp' && state === 'awaiting_code');
  await keep(started, 'lost-confirm');
  await started.handle.terminate();
}, 60_000);

test('an associate whose answer is lost costs one more text, and leaves no record behind', async () => {
  await tenant.fault({ route: 'POST /mfa/associate', type: 'resetAfter' });
  const started = await startCase();
  expect(await query(started.handle)).toMatchObject({ state: 'awaiting_code', textsLeft: 8 });
  expect(await started.texts()).toHaveLength(2);
  await started.handle.signal(messages.submitBindingCode, await started.code());
  await until(started, ({ factor, state }) => factor === 'otp' && state === 'awaiting_code');
  const records = await tenant.list(await tenant.token(started.userId));
  expect(records.filter(({ id }) => id.startsWith('sms|'))).toMatchObject([{ active: true }]);
  await started.handle.terminate();
}, 60_000);
