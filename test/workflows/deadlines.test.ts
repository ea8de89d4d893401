import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { confirmCode, awaitChallenge, provideToken, status, submitBindingCode } from '../../src/workflows/messages';
import { mfaEnrollment } from '../../src/workflows';
import { memoryAuth0, rightCode } from '../api/memory-auth0';
import { testServerPath } from '../support/tools';

const taskQueue = 'deadlines';
const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
const auth0 = memoryAuth0();
let environment: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServerPath() } },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: { MfaState: keyword, MfaFactor: keyword },
  });
  worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowsPath: require.resolve('../../src/workflows'),
    activities: createActivities({ mfa: auth0.mfa, cancelRun: () => Promise.resolve() }),
  });
  running = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await running;
  await environment.teardown();
});

const start = () => {
  auth0.forget();
  return environment.client.workflow.start(mfaEnrollment, {
    taskQueue,
    workflowId: `mfa-enrollment-${randomUUID()}`,
    args: [
      {
        userId: 'auth0|someone',
        factors: ['sms', 'otp'],
        phoneNumber: '+14155550123',
        token: { accessToken: 'an-opaque-token' },
      },
    ],
  });
};

test('a case that nobody answers waits for a token when its own is over, and expires after 72 hours', async () => {
  const handle = await start();
  await handle.executeUpdate(awaitChallenge);
  const ended = await handle.result();
  expect(ended).toMatchObject({ state: 'expired', factors: [{ active: false }, { active: false }] });
  expect(Date.parse(ended.endedAt ?? '') - Date.parse(ended.startedAt)).toBeGreaterThanOrEqual(72 * 3_600_000);
});

test('a case with one factor when its time is over is partial, and says which', async () => {
  const handle = await start();
  await handle.executeUpdate(awaitChallenge);
  const first = await handle.executeUpdate(confirmCode, { args: [{ factor: 'sms', code: rightCode }] });
  expect(first).toMatchObject({ result: 'confirmed' });
  const ended = await handle.result();
  expect(ended.state).toBe('partial');
  expect(ended.factors).toMatchObject([{ factor: 'sms' }, { factor: 'otp', active: false, state: expect.any(String) }]);
});

test('a case whose token is over goes on at the same step when another comes, days later', async () => {
  const handle = await start();
  await handle.executeUpdate(awaitChallenge);
  await environment.sleep('26 hours');
  expect(await handle.query(status)).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_expired' } });
  await handle.signal(provideToken, { accessToken: 'a-newer-token' });
  expect(await handle.executeUpdate(awaitChallenge)).toMatchObject({ state: expect.stringMatching(/^awaiting_/) });
  await environment.sleep('2 seconds');
  expect(await handle.query(status)).toMatchObject({ state: 'awaiting_code', factor: 'sms' });
  await handle.signal(submitBindingCode, rightCode);
  await environment.sleep('2 seconds');
  expect(await handle.query(status)).toMatchObject({ factor: 'otp' });
  await handle.terminate();
});
