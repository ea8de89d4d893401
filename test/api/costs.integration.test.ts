import { createSecretKey, generateKeySync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import { historyFigures } from '../../scripts/bench/history-figures';
import { createActivities } from '../../src/activities';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { createDataConverter, createWorkerDataConverter } from '../../src/temporal/data-converter';
import { createEnrollments } from '../../src/temporal/enrollments';
import { clientCodec } from '../../src/temporal/payload-codec';
import { memoInterceptor } from '../../src/temporal/sealed-memos';
import { createSendingLimits } from '../../src/temporal/sending-limits';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { startTenant, type Tenant } from '../emulator/tenant';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { ids } from './support';

// What an undisturbed enrollment of two factors costs, with everything on: the codec, the limits of texts, the API's own calls. None of these
// figures depends on the clock.
const taskQueue = 'costs';
const domain = 'tenant.eu.auth0.com';
const keyRing = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
let tenant: Tenant;
let environment: TestWorkflowEnvironment;
let client: Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  logSdkToFile();
  tenant = await startTenant();
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  client = new Client({
    connection: environment.connection,
    dataConverter: createDataConverter(keyRing),
    interceptors: { workflow: [memoInterceptor([clientCodec(keyRing)], 'default')] },
  });
  const { publicUrl, clientId, clientSecret } = tenant;
  const mfa = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  const idKey = generateKeySync('hmac', { length: 256 });
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle('sealed'),
    dataConverter: createWorkerDataConverter(keyRing),
    activities: createActivities({
      mfa,
      opaqueTokens: 'refuse',
      sendingLimits: createSendingLimits({ client, taskQueue, idKey, textsPerNumber: 10, textsPerCaller: 10_000 }),
      cancelRun: () => Promise.resolve(),
    }),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await mfa.close();
  };
});

afterAll(async () => {
  await stop();
  await environment.teardown();
  await tenant.close();
});

test('an undisturbed enrollment stays within its budgets', async () => {
  const enrollments = createEnrollments({ client, ids, domain, taskQueue });
  const userId = await tenant.newUser();
  const { enrollment } = await enrollments.start({
    ...{ userId, factors: ['sms', 'otp'], phoneNumber: '+14155550123', caller: 'onboarding' },
    token: { accessToken: await tenant.token(userId) },
  });
  const text = (await tenant.inbox()).find((each) => each.userId === userId);
  const first = await enrollments.confirmCode(enrollment.id, { factor: 'sms', code: text?.code ?? '' }, 'first');
  expect(first).toMatchObject({ result: 'confirmed', status: { state: 'awaiting_code', factor: 'otp' } });
  const challenge = await enrollments.challenge(enrollment.id);
  if (challenge.type !== 'otp') throw new Error('the next challenge is not the one of the app');
  const code = await tenant.otpCode(challenge.setupKey);
  const last = await enrollments.confirmCode(enrollment.id, { factor: 'otp', code }, 'last');
  expect(last).toMatchObject({ result: 'confirmed', status: { state: 'completed' } });

  const [workflowId = ''] = ids.workflowIds(domain, userId);
  const { events, workflowTasks, billableActions, bytes } = historyFigures(
    await client.workflow.getHandle(workflowId).fetchHistory(),
  );
  expect(events).toBeLessThanOrEqual(27);
  expect(workflowTasks).toBeLessThanOrEqual(3);
  // The start, its update and one for each code; one for the local activities of each task; what a list is filtered by, each time somebody
  // else has to act or the factor changes; one timer.
  expect(billableActions).toBeLessThanOrEqual(11);
  expect(bytes).toBeLessThanOrEqual(16_000);
  // List, associate, confirm, associate, confirm, list.
  const arrived = z
    .array(z.object({ path: z.string() }))
    .parse(JSON.parse((await tenant.control('GET', '/requests')).text));
  expect(arrived.filter(({ path }) => path.startsWith('/mfa/') || path === '/oauth/token')).toHaveLength(6);
});

test('its counters of texts begin as one event each, and ask no worker', async () => {
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: 'default',
    query: "WorkflowType = 'mfaSendingLimit'",
  });
  expect(executions).toHaveLength(2);
  for (const { execution } of executions) {
    const handle = client.workflow.getHandle(execution?.workflowId ?? '');
    expect(historyFigures(await handle.fetchHistory())).toMatchObject({
      events: 1,
      workflowTasks: 0,
      billableActions: 1,
    });
  }
});
