import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createOwnership } from '../../src/api/ownership';
import { rolesToScopes } from '../../src/scopes';
import { interceptors } from '../../src/temporal/connection';
import { createWorkerDataConverter, sealedClientOptions } from '../../src/temporal/data-converter';
import { createEnrollments, type Enrollments } from '../../src/temporal/enrollments';
import { startMemo } from '../../src/temporal/enrollments/case-memo';
import type { EnrollmentSummary, ListRequest } from '../../src/temporal/enrollments/list';
import { enrollmentIds, type EnrollmentIds } from '../../src/temporal/ids';
import { missingSearchAttributes } from '../../src/temporal/register-search-attributes';
import { caseMemo, workflowType } from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { mfa } from '../cli/support';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { memoryAuth0 } from './memory-auth0';

const taskQueue = 'owners-test';
const namespace = 'default';
const domain = 'tenant.eu.auth0.com';
const firstKey = createSecretKey(Buffer.alloc(32, 1));
const secondKey = createSecretKey(Buffer.alloc(32, 2));
const ids = enrollmentIds(firstKey);
const rotatedIds = enrollmentIds(secondKey, [firstKey]);
const payload = { activeKeyId: 'k', keys: new Map([['k', createSecretKey(randomBytes(32))]]) };
const names = Object.values(searchAttributes).map(({ name }) => name);

let environment: TestWorkflowEnvironment;
let connection: Connection;
/** Ours, with the keys. */
let client: Client;
/** Of somebody who can write to Temporal and has no key. */
let stranger: Client;
let enrollments: Enrollments;
let rotated: Enrollments;
let stop: () => Promise<void>;
/** What `mfa setup-namespace` said, the first time and the second. */
let setUps: Awaited<ReturnType<typeof mfa>>[];
let missingBefore: readonly string[];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const server = { executable: { type: 'existing-path', path: temporalCliPath() } } as const;
  environment = await TestWorkflowEnvironment.createLocal({ server });
  connection = await Connection.connect({ address: environment.address, interceptors });
  missingBefore = await missingSearchAttributes(connection, namespace);
  const env = { TEMPORAL_ADDRESS: environment.address, TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
  setUps = [await mfa(['setup-namespace'], { env }), await mfa(['setup-namespace', '--json'], { env })];
  client = new Client({ connection, ...sealedClientOptions(payload, namespace) });
  stranger = new Client({ connection, namespace });
  const parts = { client, domain, taskQueue, timing: { answerMs: 8_000, acceptMs: 2_000, queryMs: 3_000 } };
  enrollments = createEnrollments({ ...parts, ids });
  rotated = createEnrollments({ ...parts, ids: rotatedIds });
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle('sealed'),
    dataConverter: createWorkerDataConverter(payload),
    activities: createActivities({
      mfa: memoryAuth0().mfa,
      opaqueTokens: 'refuse',
      sendingLimits: noSendingLimits,
      cancelRun: async (workflowId, runId) => void (await client.workflow.getHandle(workflowId, runId).cancel()),
    }),
  });
  const running = worker.run();
  stop = () => (worker.shutdown(), running);
});

afterAll(async () => {
  await stop();
  await connection.close();
  await environment.teardown();
});

const requestOf = (caller = 'desk') => ({
  userId: `auth0|${randomUUID()}`,
  factors: ['sms', 'otp'] as const,
  phoneNumber: '+14155550123',
  caller,
});
const problem = (code: string) => expect.objectContaining({ name: 'ApiProblem', code });

/** Visibility lags a moment behind: the list, once it is as expected; the test's own time limit ends it. */
async function listed(
  of: Enrollments,
  request: Partial<ListRequest>,
  count: number,
): Promise<readonly EnrollmentSummary[]> {
  for (;;) {
    const { enrollments: found } = await of.list({ limit: 100, ...request });
    if (found.length === count) return found;
    await sleep(100);
  }
}

/** A run that somebody without our keys starts, for whomever they like, with whatever memo and attributes they like. */
async function plantRun(workflowId: string, memo: Record<string, unknown>, owner: string): Promise<string> {
  const { firstExecutionRunId } = await stranger.workflow.start(workflowType, {
    workflowId,
    taskQueue: 'nobody-polls-this',
    args: [{ userId: 'auth0|planted', factors: ['otp'] }],
    memo,
    typedSearchAttributes: [
      { key: searchAttributes.state, value: 'completed' },
      { key: searchAttributes.owner, value: owner },
    ],
  });
  return firstExecutionRunId;
}

test('mfa setup-namespace registers what is missing, says so, and does nothing the second time', async () => {
  expect([...missingBefore].sort()).toEqual([...names].sort());
  expect(setUps[0]).toMatchObject({ exitCode: 0, stderr: '' });
  for (const name of names) expect(setUps[0]?.stdout).toContain(name);
  expect(setUps[0]?.stdout).toContain('registered');
  expect(JSON.parse(setUps[1]?.stdout ?? '')).toMatchObject({ namespace, registered: [], present: names });
  expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
});

test('mfa setup-namespace says what to do where there is no such namespace', async () => {
  const env = { TEMPORAL_ADDRESS: environment.address, TEMPORAL_NAMESPACE: 'none' };
  const ran = await mfa(['setup-namespace'], { env });
  expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('namespace create -n none') });
});

describe('owners', () => {
  test('an enrollment is its caller’s, and another caller that sends the same body gets nothing of it', async () => {
    const request = requestOf();
    const { enrollment } = await enrollments.start(request);
    expect(await enrollments.ownerOf(enrollment.id)).toBe(ids.owner('desk'));
    await expect(enrollments.start({ ...request, caller: 'other-desk' })).rejects.toEqual(
      problem('enrollment_conflict'),
    );
    expect(await enrollments.start(request)).toMatchObject({ created: false, enrollment: { id: enrollment.id } });
  });

  test('a list of one caller holds what that caller has started and nothing else', async () => {
    const mine = await enrollments.start(requestOf('list-desk'));
    await enrollments.start(requestOf('another-list-desk'));
    const found = await listed(enrollments, { startedBy: 'list-desk' }, 1);
    expect(found).toMatchObject([{ id: mine.enrollment.id, waitingFor: { who: 'user', what: 'sign_in' } }]);
    await listed(enrollments, { startedBy: 'nobody' }, 0);
  });

  test('whoever writes to Temporal makes nobody the owner: neither by attribute nor by a memo of their own', async () => {
    const workflowId = ids.workflowId(domain, requestOf().userId);
    const owner = ids.owner('planted-desk');
    const runId = await plantRun(workflowId, { [startMemo]: { owner, keyId: ids.keyId } }, owner);
    const id = ids.enrollmentId(workflowId, runId);
    expect(await enrollments.ownerOf(id)).toBeUndefined();
    const desk = { name: 'planted-desk', scopes: rolesToScopes.onboarding };
    await expect(createOwnership({ enrollments, ids }).check(desk, id, 'read')).rejects.toEqual(
      problem('enrollment_not_found'),
    );
    const query = `MfaOwner = '${owner}'`;
    while ((await stranger.workflow.count(query)).count === 0) await sleep(100); // visibility knows it
    await listed(enrollments, { startedBy: 'planted-desk' }, 0);
    await stranger.workflow.getHandle(workflowId).terminate();
  });

  test('a memo that was written in clear answers no start, however complete it looks', async () => {
    const request = requestOf();
    const { enrollment } = await enrollments.start(request);
    const run = ids.parseEnrollmentId(enrollment.id);
    if (run === undefined) throw new Error('an id of ours');
    const { memo } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    const { id: _id, ...shown } = enrollment;
    await enrollments.cancel(enrollment.id, undefined);
    const planted = { ...memo, [caseMemo]: { version: 2, enrollment: { ...shown, state: 'completed' } } };
    await plantRun(run.workflowId, planted, ids.owner('desk'));
    await expect(enrollments.start(request)).rejects.toMatchObject({ name: 'ApiProblem' });
    await stranger.workflow.getHandle(run.workflowId).terminate();
  });
});

test('a user is found by their id, with every enrollment of theirs and nobody else’s', async () => {
  const request = requestOf();
  const first = await enrollments.start(request);
  await enrollments.cancel(first.enrollment.id, undefined);
  const second = await enrollments.start(request);
  await enrollments.start(requestOf());
  const found = await listed(enrollments, { userId: request.userId }, 2);
  expect(found.map(({ id }) => id)).toEqual([second.enrollment.id, first.enrollment.id]);
  const waiting = await listed(enrollments, { userId: request.userId, waitingFor: 'user' }, 1);
  expect(waiting).toMatchObject([{ id: second.enrollment.id, waitingFor: { who: 'user', what: 'sign_in' } }]);
  await listed(enrollments, { userId: request.userId, waitingFor: 'operator' }, 0);
});

describe('while ID_KEY is replaced', () => {
  /** The id under which an update of this enrollment goes, as the routes make it. */
  const updateId = (of: EnrollmentIds, id: string) => of.under(id).updateId('desk', 'key', ['change', '+14155550199']);

  test('a live enrollment of before keeps a second one out, and is joined under its own id', async () => {
    const request = { ...requestOf(), idempotencyKey: 'start-1' };
    const { enrollment } = await enrollments.start(request);
    const { id } = enrollment;
    expect(await rotated.start(request)).toMatchObject({ created: false, enrollment: { id } });
    const { idempotencyKey: _key, ...withoutKey } = request;
    expect(await rotated.start(withoutKey)).toMatchObject({ created: false, enrollment: { id } });
    await expect(rotated.start({ ...withoutKey, phoneNumber: '+14155550188' })).rejects.toEqual(
      problem('enrollment_conflict'),
    );
    await expect(rotated.start({ ...request, phoneNumber: '+14155550188' })).rejects.toEqual(
      problem('idempotency_key_reused'),
    );
    expect(rotated.isOf(id, request.userId)).toBe(true);
    expect(rotatedIds.owners('desk')).toContain(await rotated.ownerOf(id));
    expect(await rotated.get(id)).toMatchObject({ id, state: 'awaiting_token' });
    await listed(rotated, { startedBy: 'desk', userId: request.userId }, 1);
  });

  test('a call that is repeated across the replacement has no second effect', async () => {
    const { enrollment } = await enrollments.start(requestOf());
    const { id } = enrollment;
    await enrollments.changePhoneNumber(id, '+14155550199', updateId(ids, id));
    await rotated.changePhoneNumber(id, '+14155550199', updateId(rotatedIds, id));
    expect(await rotated.get(id)).toMatchObject({ phoneNumberChanges: 1 });
    await rotated.changePhoneNumber(id, '+14155550188', 'another-update');
    expect(await rotated.get(id)).toMatchObject({ phoneNumberChanges: 2 });
  });

  test('after the end the key of a start is still remembered, and a new start goes under the new key', async () => {
    const request = { ...requestOf(), idempotencyKey: 'start-1' };
    const { enrollment: first } = await enrollments.start(request);
    await enrollments.cancel(first.id, undefined);
    expect(await rotated.start(request)).toMatchObject({ created: false, enrollment: { id: first.id } });
    const { enrollment: second } = await rotated.start({ ...request, idempotencyKey: 'start-2' });
    expect(rotatedIds.parseEnrollmentId(second.id)).toMatchObject({ keyId: rotatedIds.keyId });
    const found = await listed(rotated, { userId: request.userId }, 2);
    expect(found.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(await rotated.start(request)).toMatchObject({ created: false, enrollment: { id: first.id } });
  });

  test('a cursor of before leads to the next page', async () => {
    const request = requestOf();
    const first = await enrollments.start(request);
    await enrollments.cancel(first.enrollment.id, undefined);
    const second = await enrollments.start(request);
    const { userId } = request;
    await listed(enrollments, { userId }, 2);
    const page = await enrollments.list({ userId, limit: 1 });
    expect(page.enrollments.map(({ id }) => id)).toEqual([second.enrollment.id]);
    const cursor = page.nextCursor ?? '';
    const next = await rotated.list({ userId, limit: 1, cursor });
    expect(next.enrollments.map(({ id }) => id)).toEqual([first.enrollment.id]);
    await expect(rotated.list({ userId: 'auth0|other', limit: 1, cursor })).rejects.toEqual(problem('invalid_request'));
  });
});
