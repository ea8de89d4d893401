import { createSecretKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Webhook } from 'standardwebhooks';
import { createWebhookActivities } from '../../src/activities/webhooks';
import { createDataConverter, createWorkerDataConverter } from '../../src/temporal/data-converter';
import { createEnrollments } from '../../src/temporal/enrollments';
import { clientCodec } from '../../src/temporal/payload-codec';
import { memoInterceptor } from '../../src/temporal/sealed-memos';
import { createWebhooks } from '../../src/temporal/webhook-endpoints';
import { createWebhookSender } from '../../src/webhooks/send';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { ids } from './support';

// From the API to a receiver, with everything in between but Auth0: sealed payloads, the list of endpoints, the real sender.
const taskQueue = 'webhooks';
const keyRing = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
const sender = createWebhookSender({ allowPrivate: true, allowHttp: true });
const got: { readonly headers: Record<string, string>; readonly body: string }[] = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    got.push({ headers: request.headers as Record<string, string>, body }); // of ours, each is there once
    response.end();
  });
});
let environment: TestWorkflowEnvironment;
let client: Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  logSdkToFile();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
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
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle('sealed'),
    dataConverter: createWorkerDataConverter(keyRing),
    activities: createWebhookActivities({
      endpoints: () => createWebhooks({ client, taskQueue }).list(),
      send: (request, signal) => sender.send(request, signal),
      enrollmentId: ({ workflowId, firstRunId, keyId }) => ids.enrollmentId(workflowId, firstRunId, keyId),
      linkTo: () => Promise.reject(new Error('no link is made here')),
    }),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
});

afterAll(async () => {
  await stop();
  await environment.teardown();
  await sender.close();
  receiver.close();
});

test('a receiver that was added gets a signed event of an enrollment that starts', async () => {
  const webhooks = createWebhooks({ client, taskQueue });
  const { port } = receiver.address() as AddressInfo; // it listens on a port
  const endpoint = await webhooks.add({ url: `http://127.0.0.1:${port}/`, events: [] }, 'upd_once');
  expect(await webhooks.add({ url: `http://127.0.0.1:${port}/`, events: [] }, 'upd_once')).toEqual(endpoint);
  expect(await webhooks.list()).toEqual([endpoint]);
  const rotated = await webhooks.rotate(endpoint.id, 'upd_rotated');
  expect(await webhooks.rotate(endpoint.id, 'upd_rotated')).toEqual(rotated);

  const hasWebhooks = async () => (await webhooks.list()).length > 0;
  const enrollments = createEnrollments({ client, ids, domain: 'tenant.eu.auth0.com', taskQueue, hasWebhooks });
  const { enrollment } = await enrollments.start({ userId: 'auth0|1', factors: ['otp'], caller: 'onboarding' });
  while (got.length === 0) await sleep(20); // the test's own time limit ends it
  const [{ headers, body } = { headers: {}, body: '' }] = got;
  for (const { secret } of rotated?.secrets ?? []) {
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      type: 'enrollment.state_changed',
      data: { enrollmentId: enrollment.id, sequence: 1, status: { state: 'awaiting_token' } },
    });
  }
  expect(rotated?.secrets).toHaveLength(2);
  expect(await webhooks.undelivered(endpoint.id)).toEqual([]);
  expect(await webhooks.remove(endpoint.id)).toBe(true);
  expect(await webhooks.list()).toEqual([]);
});
