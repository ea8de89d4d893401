import { createSecretKey, generateKeySync, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import type { Role } from '../../src/scopes';
import { interceptors } from '../../src/temporal/connection';
import { createWorkerDataConverter, sealedClientOptions } from '../../src/temporal/data-converter';
import { createEnrollments } from '../../src/temporal/enrollments';
import { createSendingLimits } from '../../src/temporal/sending-limits';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { memoryAuth0, rightCode } from './memory-auth0';
import { as, ids, testApp, tokenOf } from './support';

// How often the API asks Temporal for one call of its own, where nothing goes wrong. None of these figures depends on the clock.
const taskQueue = 'temporal-calls';
const domain = 'tenant.eu.auth0.com';
const keyRing = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
const auth0 = memoryAuth0();
let environment: TestWorkflowEnvironment;
let connection: Connection;
let app: Awaited<ReturnType<typeof testApp>>['app'];
let stop: () => Promise<void>;

/** The methods that were called, in order. */
let calls: string[] = [];
const counting = interceptors.map((intercept): typeof intercept => (options, nextCall) => {
  calls.push(options.method_definition.path.replace(/.*\//, ''));
  return intercept(options, nextCall);
});

beforeAll(async () => {
  logSdkToFile();
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  connection = await Connection.connect({ address: environment.address, interceptors: counting });
  const client = new Client({ connection, ...sealedClientOptions(keyRing, 'default') });
  // Of the worker: what it asks is not counted.
  const own = new Client({ connection: environment.connection, ...sealedClientOptions(keyRing, 'default') });
  const idKey = generateKeySync('hmac', { length: 256 });
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle('sealed'),
    dataConverter: createWorkerDataConverter(keyRing),
    activities: createActivities({
      mfa: auth0.mfa,
      opaqueTokens: 'refuse',
      // Without a counter of texts, none is asked for inside a workflow task.
      sendingLimits: createSendingLimits({ client: own, taskQueue, idKey, textsPerNumber: 100, textsPerCaller: 100 }),
      cancelRun: () => Promise.resolve(),
    }),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
  ({ app } = await testApp({}, { enrollments: createEnrollments({ client, ids, domain, taskQueue }) }));
});

afterAll(async () => {
  await stop();
  await connection.close();
  await environment.teardown();
});

beforeEach(() => auth0.forget());

type Request = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object };

/** The answer of one HTTP call, and what it asked Temporal. */
async function asked({ method, path, body }: Request, role: Role = 'onboarding') {
  calls = [];
  const answer = await app.inject({
    method,
    url: `/v1/enrollments${path}`,
    headers: as(role),
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, body: answer.json<{ id: string }>(), calls };
}

const startOf = (userId: string): Request => ({
  method: 'POST',
  path: '',
  body: { userId, phoneNumber: '+14155550123', token: { accessToken: tokenOf(userId) } },
});

test('an undisturbed enrollment costs one call to Temporal for a start, a code and a look, two for a challenge', async () => {
  const started = await asked(startOf(`auth0|${randomUUID()}`));
  expect(started).toMatchObject({ status: 201, calls: ['ExecuteMultiOperation'] });
  const { id } = started.body;
  const code = { code: rightCode };
  const confirmed = { status: 200, body: { result: 'confirmed' }, calls: ['UpdateWorkflowExecution'] };
  // Whoever set the phone number does not send its code.
  expect(await asked({ method: 'POST', path: `/${id}/binding-code`, body: code }, 'support')).toMatchObject(confirmed);
  const look = { status: 200, calls: ['DescribeWorkflowExecution'] };
  expect(await asked({ method: 'GET', path: `/${id}` })).toMatchObject(look);
  expect(await asked({ method: 'GET', path: `/${id}/challenge` })).toMatchObject({
    status: 200,
    calls: ['DescribeWorkflowExecution', 'QueryWorkflow'],
  });
  expect(await asked({ method: 'POST', path: `/${id}/otp`, body: code })).toMatchObject(confirmed);
  expect(await asked({ method: 'GET', path: `/${id}` })).toMatchObject({ ...look, body: { state: 'completed' } });
});

test('a start for a user who had an enrollment looks at that one, once', async () => {
  const request = startOf(`auth0|${randomUUID()}`);
  const { id } = (await asked(request)).body;
  expect(await asked(request)).toMatchObject({
    status: 200,
    body: { id },
    calls: ['ExecuteMultiOperation', 'DescribeWorkflowExecution'],
  });
});

test('a page of the list is one call, however many enrollments it holds', async () => {
  for (let count = 0; count < 3; count += 1) await asked(startOf(`auth0|${randomUUID()}`));
  expect(await asked({ method: 'GET', path: '' })).toMatchObject({ status: 200, calls: ['ListWorkflowExecutions'] });
});
