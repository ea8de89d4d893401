import { execFile } from 'node:child_process';
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { pino } from 'pino';
import { createCodecServer } from '../../src/codec-server/app';
import { secret } from '../../src/secret';
import { connectClient } from '../../src/temporal/connection';
import {
  createDataConverter,
  createWorkerDataConverter,
  workflowConverterPaths,
} from '../../src/temporal/data-converter';
import { encryptionCodec, type KeyRing } from '../../src/temporal/payload-codec';
import { registerSearchAttributes } from '../../src/temporal/register-search-attributes';
import { connectWorker } from '../../src/temporal/worker-connection';
import { temporalCliPath } from '../support/tools';
import { note, notes, waitingWorkflow } from './support/waiting-workflow';

const k1 = createSecretKey(randomBytes(32));
const k2 = createSecretKey(randomBytes(32));
const before: KeyRing = { activeKeyId: 'k1', keys: new Map([['k1', k1]]) };
const after: KeyRing = {
  activeKeyId: 'k2',
  keys: new Map([
    ['k1', k1],
    ['k2', k2],
  ]),
};

const namespace = 'default';
let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) }); // failing tasks are what these tests make
  [env, bundle] = await Promise.all([
    TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: temporalCliPath() } } }),
    bundleWorkflowCode({
      workflowsPath: require.resolve('./support/waiting-workflow'),
      ...workflowConverterPaths,
      logger: new DefaultLogger('ERROR'),
    }),
  ]);
});
afterAll(() => env?.teardown());

const clientWith = (ring: KeyRing): Client =>
  new Client({ connection: env.connection, namespace, dataConverter: createDataConverter(ring) });

const withWorker = async <Result>(taskQueue: string, ring: KeyRing, run: () => Promise<Result>): Promise<Result> => {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    namespace,
    taskQueue,
    workflowBundle: bundle,
    dataConverter: createWorkerDataConverter(ring),
    maxCachedWorkflows: 0, // each task reads the whole history again, as after a restart
  });
  return worker.runUntil(run);
};

test('search attributes are usable once registering returns, and registering again changes nothing', async () => {
  await Promise.all([
    registerSearchAttributes(env.connection, namespace),
    registerSearchAttributes(env.connection, namespace),
  ]);
  await registerSearchAttributes(env.connection, namespace);
  const { customAttributes } = await env.connection.operatorService.listSearchAttributes({ namespace });
  expect(customAttributes).toMatchObject({ MfaState: 2, MfaFactor: 2, MfaDeadline: 6 });
  expect((await env.client.workflow.count(`MfaState = 'awaiting_code'`)).count).toBe(0);
});

test('keys are rotated while a workflow is open, and a key that comes too late only makes it wait', async () => {
  const options = {
    workflowId: randomUUID(),
    taskQueue: randomUUID(),
    args: ['first'] as [string],
    workflowTaskTimeout: '1s', // how long the server waits before it tries a failing task again
  } as const;
  const handle = await withWorker(options.taskQueue, before, async () => {
    const started = await clientWith(before).workflow.start(waitingWorkflow, options);
    await started.signal(note, 'under the old key');
    expect(await started.query(notes)).toEqual(['first', 'under the old key']);
    return clientWith(after).workflow.getHandle<typeof waitingWorkflow>(options.workflowId);
  });
  await handle.signal(note, 'under the new key');

  // This worker was forgotten when the new key was handed out.
  await withWorker(options.taskQueue, before, () =>
    eventually(async () => (await keysAndFailures(handle)).failedTasks > 0),
  );
  expect((await handle.describe()).status.name).toBe('RUNNING');

  const result = await withWorker(options.taskQueue, after, () => handle.result());
  expect(result).toEqual(['first', 'under the old key', 'under the new key']);
  expect((await keysAndFailures(handle)).keyIds).toEqual(new Set(['k1', 'k2']));
});

test('a history shows nothing of what went through it', async () => {
  const options = { workflowId: randomUUID(), taskQueue: randomUUID(), args: ['JBSWY3DPEHPK3PXP'] as [string] };
  const handle = await withWorker(options.taskQueue, before, async () => {
    const started = await clientWith(before).workflow.start(waitingWorkflow, options);
    await started.signal(note, { code: '271828' });
    await started.signal(note, '+4915112345678');
    await started.result();
    return started;
  });
  const history = historyToJSON(await handle.fetchHistory());
  const bytes = Array.from(history.matchAll(/"([A-Za-z0-9+/]{4,}={0,2})"/g), ([, text]) =>
    Buffer.from(text ?? '', 'base64'),
  );
  expect(bytes.join()).toContain('binary/encrypted'); // so the bytes were found
  for (const text of ['JBSWY3DPEHPK3PXP', '271828', '+4915112345678']) {
    expect(history).not.toContain(text);
    expect(bytes.join()).not.toContain(text);
  }
});

test.each([
  ['of an encoding nobody knows', 'json/protobuf', '{}'],
  ['of broken JSON', 'json/plain', '{"code":'],
  ['that says it is encrypted and is not', 'binary/encrypted', 'no'],
])('a signal %s does not stop its workflow', async (_what, encoding, data) => {
  const options = { workflowId: randomUUID(), taskQueue: randomUUID(), args: ['first'] as [string] };
  await withWorker(options.taskQueue, before, async () => {
    const handle = await clientWith(before).workflow.start(waitingWorkflow, options);
    await env.connection.workflowService.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: options.workflowId },
      signalName: 'note',
      input: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
    });
    await handle.signal(note, 'last');
    expect(await handle.result()).toEqual(['first', { inClear: 'unreadable' }, 'last']);
  });
});

describe('the temporal command line', () => {
  const cli = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(temporalCliPath(), [
      ...args,
      '--address',
      env.address,
      '--namespace',
      namespace,
    ]);
    return stdout;
  };

  test('sends signals in clear and sealed, which a workflow can tell apart, and reads through the codec server', async () => {
    const codecServer = await createCodecServer({
      codec: encryptionCodec(before),
      allowedOrigins: [],
      authenticate: async (authorization) =>
        authorization === 'Bearer open' ? { subject: 'cli' } : { refused: 'invalid' },
      encode: true,
      revealSecrets: true,
      logger: pino({ level: 'silent' }),
    });
    const endpoint = await codecServer.listen({ host: '127.0.0.1', port: 0 });
    const codec = ['--codec-endpoint', `${endpoint}/{namespace}`, '--codec-auth', 'Bearer open'];
    const { workflowId, taskQueue } = { workflowId: randomUUID(), taskQueue: randomUUID() };
    const one = ['--workflow-id', workflowId];
    try {
      await withWorker(taskQueue, before, async () => {
        const handle = await clientWith(before).workflow.start(waitingWorkflow, {
          workflowId,
          taskQueue,
          args: ['first'],
        });
        await cli('workflow', 'signal', ...one, '--name', 'note', '--input', '"123456"');
        const bound = [...codec, '--codec-header', `X-Workflow-Id=${workflowId}`];
        await cli('workflow', 'signal', ...one, '--name', 'note', '--input', '{"code":"654321"}', ...bound);
        expect(await handle.result()).toEqual(['first', { inClear: '123456' }, { code: '654321' }]);
        const text = Buffer.from('{"code":"654321"}').toString('base64'); // how the command line prints bytes
        expect(await cli('workflow', 'show', ...one, '--output', 'json')).not.toContain(text);
        expect(await cli('workflow', 'show', ...one, '--output', 'json', ...codec)).toContain(text);
      });
    } finally {
      await codecServer.close();
    }
  });
});

test('a client says which address it cannot reach', async () => {
  const temporal = {
    taskQueue: 'q',
    namespace: 'default',
    address: '127.0.0.1:1',
    connectionOptions: secret({ address: '127.0.0.1:1', connectTimeout: 500 }),
  };
  await expect(connectClient({ temporal, payload: before })).rejects.toThrow(
    'Temporal at 127.0.0.1:1 cannot be reached',
  );
});

test('clients and workers of one configuration connect, say who they are, and close', async () => {
  const config = {
    temporal: {
      taskQueue: randomUUID(),
      namespace: namespace,
      address: env.address,
      connectionOptions: secret({ address: env.address }),
    },
    payload: before,
  };
  const connection = await connectWorker(config);
  const { client, close } = await connectClient(config);
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.temporal.taskQueue,
    workflowBundle: bundle,
    dataConverter: createWorkerDataConverter(before),
  });
  const handle = await client.workflow.start(waitingWorkflow, {
    workflowId: randomUUID(),
    taskQueue: config.temporal.taskQueue,
    args: ['first'],
  });
  await worker.runUntil(async () => {
    await handle.signal(note, 'a');
    await handle.signal(note, 'b');
    expect(await handle.result()).toEqual(['first', 'a', 'b']);
  });
  const { events } = await handle.fetchHistory();
  expect(events?.[0]?.workflowExecutionStartedEventAttributes?.identity).toMatch(/^mfa-api@.+:\d+$/);
  await close();
  await connection.close();
});

async function keysAndFailures(handle: WorkflowHandle): Promise<{ failedTasks: number; keyIds: ReadonlySet<string> }> {
  const history = await handle.fetchHistory();
  const keyIds = Array.from(historyToJSON(history).matchAll(/"key-id":\s*"([^"]+)"/g), ([, id]) =>
    Buffer.from(id ?? '', 'base64').toString(),
  );
  return {
    failedTasks: history.events?.filter((event) => Boolean(event.workflowTaskFailedEventAttributes)).length ?? 0,
    keyIds: new Set(keyIds),
  };
}

/** Asks until it is so; jest's own limit ends a wait that is in vain. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}
