import { createSecretKey, generateKeySync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createWorkerDataConverter, sealedClientOptions } from '../../src/temporal/data-converter';
import { createSendingLimits } from '../../src/temporal/sending-limits';
import { createStoppedPrefixes } from '../../src/temporal/stopped-prefixes';
import { stoppedPrefixesId } from '../../src/workflows/stopped-prefixes';
import { temporalCliPath } from '../support/tools';
import { logSdkToFile } from './support/sdk-log';
import { workflowBundle } from '../support/workflow-bundle';

const taskQueue = 'sealed-limits';
const keyRing = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
const phoneNumber = '+14155550123';
const reason = 'nobody asked for these texts';
const never = () => new AbortController().signal;

let env: TestWorkflowEnvironment;
let client: Client;
/** Somebody who can write to Temporal and holds no payload key. */
let stranger: Client;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  logSdkToFile();
  const [environment, bundle] = await Promise.all([
    TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: temporalCliPath() } },
    }),
    workflowBundle('sealed'),
  ]);
  env = environment;
  client = new Client({ connection: env.connection, ...sealedClientOptions(keyRing, 'default') });
  stranger = new Client({ connection: env.connection });
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    maxCachedWorkflows: 0, // every task replays the whole history, so every payload is opened again
    dataConverter: createWorkerDataConverter(keyRing),
  });
  const running = worker.run();
  stopWorker = () => (worker.shutdown(), running);
});
afterAll(async () => {
  await stopWorker();
  await env.teardown();
});

const limits = () =>
  createSendingLimits({
    ...{ client, taskQueue, textsPerNumber: 2, textsPerCaller: 100 },
    idKey: generateKeySync('hmac', { length: 256 }),
    timing: { stoppedMs: 0 },
  });
const operator = () => createStoppedPrefixes({ client, taskQueue });
/** All that Temporal itself shows of a run, its payloads as the bytes they are. */
async function shownOf(workflowId: string): Promise<string> {
  const { namespace } = stranger.options;
  const described = await stranger.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
  const history = historyToJSON(await stranger.workflow.getHandle(workflowId).fetchHistory());
  const text = `${JSON.stringify(described)}\n${JSON.stringify(history)}`;
  const payloads = [...text.matchAll(/[A-Za-z0-9+/]{8,}={0,2}/g)].map(([part]) =>
    Buffer.from(part, 'base64').toString(),
  );
  return [text, ...payloads].join('\n');
}

const countersOf = async (): Promise<readonly string[]> => {
  for (;;) {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'mfaSendingLimit'" })) {
      ids.push(workflowId);
    }
    if (ids.length > 0) return ids; // visibility lags behind; the test's own time limit ends it
  }
};

test('counting works on sealed payloads, and Temporal is shown neither the number nor the caller', async () => {
  const counters = limits();
  const kinds: string[] = [];
  for (const id of ['a', 'b', 'c']) {
    kinds.push((await counters.reserve({ id, phoneNumber, caller: 'onboarding-desk' }, never())).type);
  }
  expect(kinds).toEqual(['reserved', 'reserved', 'refused']);
  for (const workflowId of await countersOf()) {
    const history = await shownOf(workflowId);
    expect(history).toContain('mfaSendingLimit');
    expect(workflowId + history).not.toMatch(/4155550123|onboarding-desk/);
  }
});

test('what was not sealed is refused by a counter, and does not start one', async () => {
  await limits().reserve({ id: 'a', phoneNumber }, never());
  const [workflowId = ''] = await countersOf();
  const update = stranger.workflow
    .getHandle(workflowId)
    .executeUpdate('reserve', { args: [{ id: 'x', wanted: 1, cap: 9 }] });
  await expect(update).rejects.toThrow();
  const started = await stranger.workflow.start('mfaSendingLimit', {
    ...{ taskQueue, workflowId: 'mfa-limit-number-unsealed' },
    args: [{ first: { id: 'x', wanted: 1, cap: 9 } }],
  });
  const ended = client.workflow.getHandle(started.workflowId).result();
  await expect(ended).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
});

test('an operator stops a prefix under seal: nobody without a key can stop one, lift one, or read why', async () => {
  expect(await operator().stop('+1415', reason)).toMatchObject([{ prefix: '+1415', reason }]);
  expect(await operator().list()).toMatchObject([{ prefix: '+1415', reason }]);
  expect(await limits().reserve({ id: 'd', phoneNumber }, never())).toEqual({ type: 'refused', why: 'stopped' });

  const handle = stranger.workflow.getHandle(stoppedPrefixesId);
  for (const name of ['stop', 'resume']) {
    await expect(handle.executeUpdate(name, { args: [{ prefix: '+1415', reason: 'over' }] })).rejects.toThrow();
  }
  expect(await shownOf(stoppedPrefixesId)).not.toContain('nobody asked');
  expect(await operator().list()).toHaveLength(1);

  expect(await operator().resume('+1415', 'over')).toEqual([]);
  expect(await limits().reserve({ id: 'e', phoneNumber }, never())).toMatchObject({ type: 'reserved' });
});
