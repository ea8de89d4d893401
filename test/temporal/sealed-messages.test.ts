import { execFile } from 'node:child_process';
import { createCipheriv, createSecretKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { failureTypes } from '../../src/enrollment/failures';
import { createWorkerDataConverter, sealedClientOptions } from '../../src/temporal/data-converter';
import { createEnrollments } from '../../src/temporal/enrollments';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { encryptionCodec, type KeyRing } from '../../src/temporal/payload-codec';
import { listRuns } from '../../src/temporal/sealed-memos';
import { caseMemo, workflowType } from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { memoryAuth0, rightCode } from '../api/memory-auth0';
import { ids, tokenOf } from '../api/support';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from './support/sdk-log';

const { UpdateWorkflowExecutionLifecycleStage } = temporal.api.enums.v1;

// What somebody can do who may write to the namespace and has no payload key: start runs, send signals and updates in clear, and
// copy what they find in one history into another run.

jest.setTimeout(120_000);
const taskQueue = 'sealed-messages';
const namespace = 'default';
const domain = 'tenant.eu.auth0.com';
const phoneNumber = '+14155550123';
const othersNumber = '+14155550199';
const auth0 = memoryAuth0();
const key = createSecretKey(randomBytes(32));
const ring: KeyRing = { activeKeyId: 'k1', keys: new Map([['k1', key]]) };

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
/** Has no key, and so neither seals nor opens. */
let outsider: Client;
let client: Client;
let api: ReturnType<typeof createEnrollments>;

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
  outsider = env.client;
  client = new Client({ connection: env.connection, ...sealedClientOptions(ring, namespace) });
  api = createEnrollments({ client, ids, domain, taskQueue });
});
afterAll(() => env?.teardown());
beforeEach(() => auth0.forget());

async function withWorker<Result>(run: () => Promise<Result>, using = ring): Promise<Result> {
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    maxCachedWorkflows: 0, // every task replays the whole history: what was decided about a message is decided again
    activities: createActivities({
      mfa: auth0.mfa,
      opaqueTokens: 'refuse',
      sendingLimits: noSendingLimits,
      cancelRun: () => Promise.resolve(),
    }),
    dataConverter: createWorkerDataConverter(using),
  });
  return worker.runUntil(run);
}

const newUser = () => `auth0|${randomUUID()}`;

async function startedCase(token: 'with a token' | 'without a token' = 'with a token') {
  const userId = newUser();
  const { enrollment } = await api.start({
    userId,
    factors: ['sms', 'otp'],
    phoneNumber,
    ...(token === 'with a token' ? { token: { accessToken: tokenOf(userId) } } : {}),
    caller: 'onboarding-desk',
  });
  const workflowId = ids.workflowId(domain, userId);
  return {
    userId,
    id: enrollment.id,
    workflowId,
    inClear: outsider.workflow.getHandle(workflowId),
  };
}

async function until(id: string, reached: (view: EnrollmentView) => boolean): Promise<EnrollmentView> {
  for await (const view of api.watch(id, AbortSignal.timeout(60_000))) {
    if (view !== undefined && reached(view)) return view;
  }
  throw new Error('the enrollment never came to be so');
}

const signalled = (workflowId: string, signalName: string, payload: Payload) =>
  env.connection.workflowService.signalWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [payload] },
    requestId: randomUUID(),
  });

const eventsOf = async (workflowId: string) =>
  (await outsider.workflow.getHandle(workflowId).fetchHistory()).events ?? [];

/** As it stands in the history: encrypted. */
async function argumentOf(workflowId: string, update: string): Promise<Payload> {
  const inputs = (await eventsOf(workflowId)).map(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input,
  );
  const payload = inputs.find((input) => input?.name === update)?.args?.payloads?.[0];
  if (payload === undefined) throw new Error(`no ${update} in the history`);
  return payload;
}

/** The type of the failure that an update is answered with. */
async function refusalOf(workflowId: string, name: string, payload: Payload): Promise<string | null | undefined> {
  const { outcome } = await env.connection.workflowService.updateWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    waitPolicy: {
      lifecycleStage: UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
    },
    request: { meta: { updateId: randomUUID() }, input: { name, args: { payloads: [payload] } } },
  });
  return outcome?.failure?.applicationFailureInfo?.type;
}

/** The type of the failure that a run closes with. */
async function closingFailureOf(workflowId: string): Promise<string | null | undefined> {
  const handle = outsider.workflow.getHandle(workflowId);
  while ((await handle.describe()).status.name === 'RUNNING') await moment();
  const closed = (await eventsOf(workflowId)).at(-1);
  return closed?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.type;
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('in clear', () => {
  test.each([
    ['changePhoneNumber', { phoneNumber: othersNumber }],
    ['confirmCode', { factor: 'sms', code: rightCode }],
    ['renewToken', { accessToken: tokenOf('auth0|another') }],
  ])('the update %s is refused, and leaves no event', async (name, argument) => {
    await withWorker(async () => {
      const { id, workflowId } = await startedCase();
      await until(id, ({ state }) => state === 'awaiting_code');
      expect(await refusalOf(workflowId, name, defaultPayloadConverter.toPayload(argument))).toBe('malformed');
      const accepted = (await eventsOf(workflowId)).filter((event) =>
        Boolean(event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name === name),
      );
      expect(accepted).toEqual([]);
      expect(await api.get(id)).toMatchObject({ state: 'awaiting_code', phoneNumberChanges: 0 });
    });
  });

  test('a token that is signalled is ignored, and the enrollment goes on with a sealed one', async () => {
    await withWorker(async () => {
      const { id, userId, inClear } = await startedCase('without a token');
      await inClear.signal('provideToken', { accessToken: tokenOf(userId), expiresIn: 600 });
      await inClear.signal('provideToken', { accessToken: tokenOf('auth0|another'), expiresIn: 600 });
      await api.resend(id, randomUUID()).catch(() => undefined); // answered behind the signals
      // A token of somebody else that was read would be the last problem.
      expect(await api.get(id)).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_needed' } });
      await api.renewToken(id, { accessToken: tokenOf(userId) }, randomUUID());
      await until(id, ({ state }) => state === 'awaiting_code');
    });
  });

  test('a start fails as invalid input', async () => {
    await withWorker(async () => {
      const handle = await outsider.workflow.start(workflowType, {
        taskQueue,
        workflowId: ids.workflowId(domain, newUser()),
        args: [{ userId: newUser(), factors: ['sms'], phoneNumber: othersNumber }],
      });
      expect(await closingFailureOf(handle.workflowId)).toBe(failureTypes.invalidInput);
    });
  });

  test('codes, a resend and a cancel are taken from a plain shell', async () => {
    await withWorker(async () => {
      const { id, workflowId } = await startedCase();
      await until(id, ({ state }) => state === 'awaiting_code');
      const signal = (name: string, ...input: string[]) =>
        promisify(execFile)(temporalCliPath(), [
          ...['workflow', 'signal', '--workflow-id', workflowId, '--name', name],
          ...[...input.flatMap((text) => ['--input', text]), '--address', env.address, '--namespace', namespace],
        ]);
      await signal('resendCode');
      await signal('submitBindingCode', `"${rightCode}"`);
      await until(id, ({ challenge }) => challenge?.factor === 'otp');
      await signal('submitOtp', '"000000"');
      await until(id, ({ lastProblem }) => lastProblem?.code === 'code_rejected');
      await signal('cancelEnrollment', '{"reason":"asked on the phone"}');
      await until(id, ({ state }) => state === 'cancelled');
    });
  });
});

describe('copied from another enrollment', () => {
  test('a token opens nothing: neither as a signal nor as an update, and the enrollment goes on', async () => {
    await withWorker(async () => {
      const victim = await startedCase('without a token');
      await api.renewToken(victim.id, { accessToken: tokenOf(victim.userId) }, randomUUID());
      const copied = await argumentOf(victim.workflowId, 'renewToken');

      const { id, workflowId, userId } = await startedCase('without a token');
      await signalled(workflowId, 'provideToken', copied);
      // The start of this enrollment shows what stands in clear in a payload that is sealed for it.
      const [ours] = (await eventsOf(workflowId))[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      const clear = Buffer.from(ours?.data ?? []).subarray(0, 17);
      const renamed = { ...copied, data: Buffer.concat([clear, (copied.data ?? new Uint8Array()).subarray(17)]) };
      await signalled(workflowId, 'provideToken', renamed);
      expect(await refusalOf(workflowId, 'renewToken', copied)).toBe('malformed');

      // A token of somebody else that was read would be the last problem.
      expect(await api.get(id)).toMatchObject({ state: 'awaiting_token', lastProblem: { code: 'token_needed' } });
      await api.renewToken(id, { accessToken: tokenOf(userId) }, randomUUID());
      await until(id, ({ state }) => state === 'awaiting_code');
    });
  });

  test('a start begins nothing', async () => {
    await withWorker(async () => {
      const { workflowId } = await startedCase();
      const copied = (await eventsOf(workflowId))[0]?.workflowExecutionStartedEventAttributes?.input;
      const other = ids.workflowId(domain, newUser());
      await startedRaw(other, { input: copied ?? null });
      expect(await closingFailureOf(other)).toBe(failureTypes.invalidInput);
    });
  });
});

const startedRaw = (workflowId: string, more: object) =>
  env.connection.workflowService.startWorkflowExecution({
    namespace,
    workflowId,
    requestId: randomUUID(),
    workflowType: { name: workflowType },
    taskQueue: { name: taskQueue },
    ...more,
  });

test('a key id that somebody made up does not stall an enrollment', async () => {
  await withWorker(async () => {
    const { id, workflowId } = await startedCase();
    await until(id, ({ state }) => state === 'awaiting_code');
    const forged = encryptionCodec({
      activeKeyId: 'forged',
      keys: new Map([
        ['forged', newKey()],
        ['k1', newKey()],
      ]),
    });
    const context = { type: 'workflow', namespace, workflowId } as const;
    const payloads = await forged.encode([defaultPayloadConverter.toPayload({ code: rightCode })], context);
    for (const name of ['submitBindingCode', 'submitOtp', 'provideToken', 'resendCode']) {
      await signalled(workflowId, name, payloads[0] ?? {});
    }
    const answer = await api.confirmCode(id, { factor: 'sms', code: rightCode }, randomUUID());
    expect(answer).toMatchObject({ result: 'confirmed' });
    const failed = (await eventsOf(workflowId)).filter((event) => Boolean(event.workflowTaskFailedEventAttributes));
    expect(failed).toEqual([]);
  });
});

const newKey = (): KeyObject => createSecretKey(randomBytes(32));

test('a code sealed with a new key that a worker lacks is kept until the key is there', async () => {
  const both = { activeKeyId: 'k2', keys: new Map([...ring.keys, ['k2', newKey()]]) };
  const ahead = new Client({ connection: env.connection, ...sealedClientOptions(both, namespace) });
  const failures = async (workflowId: string) =>
    (await eventsOf(workflowId)).filter((event) => Boolean(event.workflowTaskFailedEventAttributes)).length;

  const { id, workflowId } = await withWorker(async () => {
    const started = await startedCase();
    await until(started.id, ({ state }) => state === 'awaiting_code');
    await ahead.workflow.getHandle(started.workflowId).signal('submitBindingCode', { code: rightCode });
    while ((await failures(started.workflowId)) === 0) await moment();
    return started;
  });
  const apiAhead = createEnrollments({ client: ahead, ids, domain, taskQueue });
  await withWorker(async () => {
    while ((await apiAhead.get(id)).challenge?.factor !== 'otp') await moment();
  }, both);
  expect(await failures(workflowId)).toBeGreaterThan(0);
});

test('an enrollment of the first format waits for PAYLOAD_READ_V1, and goes on with it', async () => {
  const userId = newUser();
  const workflowId = ids.workflowId(domain, userId);
  await startedRaw(workflowId, {
    workflowTaskTimeout: { seconds: 1 }, // how long the server waits before it tries a failing task again
    input: { payloads: [sealedInV1({ userId, factors: ['sms'], phoneNumber })] },
  });
  const failed = async () =>
    (await eventsOf(workflowId)).find((event) => Boolean(event.workflowTaskFailedEventAttributes));
  await withWorker(async () => {
    while ((await failed()) === undefined) await moment();
  });
  const encoded = (await failed())?.workflowTaskFailedEventAttributes?.failure?.encodedAttributes;
  const [told] = await encryptionCodec(ring).decode(encoded ? [encoded] : []);
  expect(Buffer.from(told?.data ?? []).toString()).toContain('It goes on with PAYLOAD_READ_V1=true.');

  await withWorker(
    async () => {
      const status = async () => client.workflow.getHandle(workflowId).query<{ state: string }>('status');
      while ((await status().catch(() => undefined))?.state !== 'awaiting_token') {
        await moment();
      }
    },
    { ...ring, readV1: true },
  );
});

/** As the first format was written. */
function sealedInV1(value: unknown): Payload {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.from('auth0-mfa-enrollment payload v1\0k1'));
  const inner = temporal.api.common.v1.Payload.encode(defaultPayloadConverter.toPayload(value)).finish();
  const ciphertext = Buffer.concat([cipher.update(inner), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('k1') },
    data: Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]),
  };
}

describe('a memo', () => {
  test('in clear, or copied from another enrollment, is none', async () => {
    const victim = await withWorker(startedCase);
    const copied = (
      await outsider.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: victim.workflowId },
      })
    ).workflowExecutionInfo?.memo?.fields;
    const workflowId = ids.workflowId(domain, newUser());
    const plain = defaultPayloadConverter.toPayload({ version: 2, enrollment: { state: 'completed' } });
    await startedRaw(workflowId, { memo: { fields: { ...copied, owner: plain, plain } } });

    const described = await client.workflow.getHandle(workflowId).describe();
    expect(described.memo).toEqual({});
    const listed = [];
    while (listed.length === 0) {
      for await (const { memo } of listRuns(client, `WorkflowId = '${workflowId}'`)) listed.push(memo);
    }
    expect(listed).toEqual([{}]);
    // What is sealed for its own run is read.
    const own = await client.workflow.getHandle(victim.workflowId).describe();
    expect(own.memo).toHaveProperty(caseMemo);
    await outsider.workflow.getHandle(workflowId).terminate();
  });

  test('in clear does not come out sealed when the run continues as new', async () => {
    const userId = newUser();
    const workflowId = ids.workflowId(domain, userId);
    const context = { type: 'workflow', namespace, workflowId } as const;
    const input = { userId, factors: ['sms'], phoneNumber, options: { messagesPerRun: 2 } };
    await withWorker(async () => {
      await startedRaw(workflowId, {
        input: { payloads: await encryptionCodec(ring).encode([defaultPayloadConverter.toPayload(input)], context) },
        memo: { fields: { fingerprint: defaultPayloadConverter.toPayload('of somebody else') } },
      });
      const { runId } = await outsider.workflow
        .getHandle(workflowId)
        .describe()
        .then(({ runId }) => ({ runId }));
      for (let sent = 0; sent < 3; sent += 1) await outsider.workflow.getHandle(workflowId).signal('resendCode');
      for (;;) {
        const description = await client.workflow.getHandle(workflowId).describe();
        if (description.runId !== runId && description.memo?.[caseMemo] !== undefined) {
          expect(Object.keys(description.raw.workflowExecutionInfo?.memo?.fields ?? {})).toEqual([caseMemo]);
          break;
        }
      }
      await outsider.workflow.getHandle(workflowId).terminate();
    });
  });
});

test('a client takes no answer in clear, from a worker that has no key', async () => {
  const workflowId = randomUUID();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: workflowId,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('./support/waiting-workflow'),
      logger: new DefaultLogger('ERROR'),
    }),
  });
  await worker.runUntil(async () => {
    await outsider.workflow.start('waitingWorkflow', { workflowId, taskQueue: workflowId, args: ['first'] });
    await expect(client.workflow.getHandle(workflowId).query('notes')).rejects.toThrow('a payload is not sealed');
    expect(await outsider.workflow.getHandle(workflowId).query('notes')).toEqual(['first']);
  });
});
