import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { z } from 'zod';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createDataConverter, createWorkerDataConverter } from '../../src/temporal/data-converter';
import { createEnrollments } from '../../src/temporal/enrollments';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { encryptionCodec, type KeyRing } from '../../src/temporal/payload-codec';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { memoryAuth0, rightCode } from '../api/memory-auth0';
import { ids, tokenOf } from '../api/support';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from './support/sdk-log';

jest.setTimeout(120_000);
const taskQueue = 'rotation';
const domain = 'tenant.eu.auth0.com';
const auth0 = memoryAuth0();
const [oldKey, newKey] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];
const rings = {
  before: { activeKeyId: 'old', keys: new Map([['old', oldKey]]) },
  both: {
    activeKeyId: 'new',
    keys: new Map([
      ['old', oldKey],
      ['new', newKey],
    ]),
  },
  tooEarly: { activeKeyId: 'new', keys: new Map([['new', newKey]]) },
} satisfies Record<string, KeyRing>;

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;

beforeAll(async () => {
  logSdkToFile();
  [env, bundle] = await Promise.all([
    TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: temporalCliPath() },
        searchAttributes: Object.values(searchAttributes),
      },
    }),
    workflowBundle('sealed'),
  ]);
});
afterAll(() => env?.teardown());

const clientOf = (ring: KeyRing) =>
  new Client({ connection: env.connection, namespace: 'default', dataConverter: createDataConverter(ring) });
const apiOf = (ring: KeyRing) => createEnrollments({ client: clientOf(ring), ids, domain, taskQueue });

async function withWorker<Result>(ring: KeyRing, run: () => Promise<Result>): Promise<Result> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    maxCachedWorkflows: 0, // every task replays the whole history, so every payload is decoded again
    activities: createActivities({
      mfa: auth0.mfa,
      opaqueTokens: 'refuse',
      sendingLimits: noSendingLimits,
      cancelRun: () => Promise.resolve(),
    }),
    dataConverter: createWorkerDataConverter(ring),
  });
  return worker.runUntil(run);
}

async function until(ring: KeyRing, id: string, reached: (view: EnrollmentView) => boolean): Promise<void> {
  for await (const view of apiOf(ring).watch(id, AbortSignal.timeout(60_000))) {
    if (view !== undefined && reached(view)) return;
  }
  throw new Error('the case never came to be so');
}

const failedTasks = async (workflowId: string) =>
  ((await clientOf(rings.both).workflow.getHandle(workflowId).fetchHistory()).events ?? []).filter((event) =>
    Boolean(event.workflowTaskFailedEventAttributes),
  );

type FailedTask = Awaited<ReturnType<typeof failedTasks>>[number];

async function reasonOf(task: FailedTask | undefined): Promise<string> {
  const encoded = task?.workflowTaskFailedEventAttributes?.failure?.encodedAttributes;
  const [payload] = await encryptionCodec(rings.both).decode(encoded ? [encoded] : []);
  return z.object({ message: z.string() }).parse(JSON.parse(Buffer.from(payload?.data ?? []).toString())).message;
}

test('an open case outlives a rotation of keys, and one that comes too early', async () => {
  const userId = `auth0|${randomUUID()}`;
  const workflowId = ids.workflowId(domain, userId);
  const request = {
    userId,
    factors: ['sms', 'otp'],
    phoneNumber: '+14155550123',
    token: { accessToken: tokenOf(userId) },
    caller: 'onboarding-desk',
  } as const;

  const { id } = await withWorker(rings.before, async () => (await apiOf(rings.before).start(request)).enrollment);
  await withWorker(rings.both, async () => {
    const answer = await apiOf(rings.both).confirmCode(id, { factor: 'sms', code: rightCode }, randomUUID());
    expect(answer).toMatchObject({ result: 'confirmed' });
    await until(rings.both, id, ({ challenge }) => challenge?.factor === 'otp');
  });

  // The old key is taken away while the case still needs it. Somebody sends the last code meanwhile.
  await clientOf(rings.tooEarly).workflow.getHandle(workflowId).signal('submitOtp', rightCode);
  await withWorker(rings.tooEarly, async () => {
    while ((await failedTasks(workflowId)).length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  });
  expect(await reasonOf((await failedTasks(workflowId))[0])).toBe(
    'The input of this enrollment is sealed with a key that is not in PAYLOAD_KEYS. It goes on when that key is back.',
  );
  expect((await clientOf(rings.both).workflow.getHandle(workflowId).describe()).status.name).toBe('RUNNING');

  const handle = clientOf(rings.both).workflow.getHandle(workflowId);
  expect(await withWorker(rings.both, () => handle.result())).toMatchObject({ state: 'completed' });
  const history = historyToJSON(await handle.fetchHistory());
  const keyIds = Array.from(history.matchAll(/"key-id":\s*"([^"]+)"/g), ([, text]) =>
    Buffer.from(text ?? '', 'base64').toString(),
  );
  expect(new Set(keyIds)).toEqual(new Set(['old', 'new']));
});
