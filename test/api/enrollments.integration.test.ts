import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { ApiProblem } from '../../src/problems';
import { interceptors } from '../../src/temporal/connection';
import { createEnrollments, type Enrollments } from '../../src/temporal/enrollments';
import { parseMemo } from '../../src/temporal/enrollments/case-memo';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import { readTimeline } from '../../src/temporal/enrollments/timeline';
import {
  awaitChallenge,
  caseMemo,
  changePhoneNumber,
  status as statusQuery,
  workflowType,
  type MfaEnrollmentInput,
} from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { memoryAuth0, rightCode, setupKey } from './memory-auth0';
import { ids, tokenOf } from './support';

const taskQueue = 'api-test';
const domain = 'tenant.eu.auth0.com';
const auth0 = memoryAuth0();
/** A cancelled enrollment does not close before this. */
let closing: Promise<unknown> = Promise.resolve();

let environment: TestWorkflowEnvironment;
let connection: Connection;
let client: Client;
let enrollments: Enrollments;
let worker: Awaited<ReturnType<typeof startWorker>>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCliPath() },
      searchAttributes: Object.values(searchAttributes),
    },
  });
  connection = await Connection.connect({ address: environment.address, interceptors });
  client = new Client({ connection, dataConverter: environment.client.options.dataConverter });
  enrollments = createEnrollments({
    client,
    ids,
    domain,
    taskQueue,
    timing: { answerMs: 8_000, acceptMs: 2_000, watchMs: 50 },
  });
  worker = await startWorker();
});

afterAll(async () => {
  await worker.stop();
  await connection.close();
  await environment.teardown();
});

async function startWorker() {
  const cancelRun = async (workflowId: string, runId: string) => {
    await closing;
    await client.workflow.getHandle(workflowId, runId).cancel();
  };
  const created = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle('plain'),
    activities: createActivities({ mfa: auth0.mfa, opaqueTokens: 'refuse', sendingLimits: noSendingLimits, cancelRun }),
  });
  const running = created.run();
  return { stop: () => (created.shutdown(), running) };
}

const requestOf = () => ({
  userId: `auth0|${randomUUID()}`,
  factors: ['sms', 'otp'] as const,
  phoneNumber: '+14155550123',
  caller: 'onboarding-desk',
});

/** A case of a new user that waits for its texted code. */
async function startCase(more: { withoutToken?: true } = {}) {
  auth0.forget();
  const request = requestOf();
  const token = { accessToken: tokenOf(request.userId) };
  const { enrollment } = await enrollments.start(more.withoutToken ? request : { ...request, token });
  return { request, token, id: enrollment.id, enrollment };
}
const send = (id: string, code: string, factor: 'sms' | 'otp' = 'sms', key: string = randomUUID()) =>
  enrollments.confirmCode(id, { factor, code }, key);
const problem = (code: string) => expect.objectContaining({ name: 'ApiProblem', code });

test('a case goes from the first text to both factors read back', async () => {
  const { id, enrollment } = await startCase();
  expect(enrollment).toMatchObject({ state: 'awaiting_code', factor: 'sms', challenge: { type: 'oob' } });
  expect(await enrollments.challenge(id)).toMatchObject({ type: 'oob', factor: 'sms' });
  expect(await send(id, rightCode)).toMatchObject({ result: 'confirmed' });
  await until(id, ({ challenge }) => challenge?.factor === 'otp');
  expect(await enrollments.challenge(id)).toMatchObject({ type: 'otp', setupKey });
  const last = await send(id, rightCode, 'otp', 'upd-last');
  expect(last).toMatchObject({ result: 'confirmed' });
  expect(await until(id, ({ state }) => state === 'completed')).toMatchObject({ id });
  expect(await send(id, rightCode, 'otp', 'upd-last')).toEqual(last); // a lost answer can be asked for again
});

test('the same request finds the live case, also with another token', async () => {
  const { request, id } = await startCase();
  const again = await enrollments.start({ ...request, token: { accessToken: tokenOf(request.userId, { jti: 2 }) } });
  expect(again).toMatchObject({ created: false, enrollment: { id, state: 'awaiting_code' } });
});

test('two equal requests at once start one case', async () => {
  auth0.forget();
  const user = requestOf();
  const request = { ...user, factors: ['otp'] as const, token: { accessToken: tokenOf(user.userId) } };
  const started = await Promise.all([enrollments.start(request), enrollments.start(request)]);
  expect(started.map(({ created }) => created).sort()).toEqual([false, true]);
  expect(new Set(started.map(({ enrollment }) => enrollment.id)).size).toBe(1);
});

test('another request for a user with a live case is a conflict', async () => {
  const { request } = await startCase();
  await expect(enrollments.start({ ...request, phoneNumber: '+14155550199' })).rejects.toEqual(
    problem('enrollment_conflict'),
  );
});

test('a repeated start brings the token that the case waits for', async () => {
  const { request, token, id, enrollment } = await startCase({ withoutToken: true });
  expect(enrollment.state).toBe('awaiting_token');
  const again = await enrollments.start({ ...request, token });
  expect(again).toMatchObject({ created: false, enrollment: { id, state: 'awaiting_code', factor: 'sms' } });
});

test('cancelling and starting again gives neither new attempts nor new texts, nor ends the cool-down', async () => {
  const { request, token, id } = await startCase();
  for (const code of ['000001', '000002', '000003']) await send(id, code);
  expect(await enrollments.get(id)).toMatchObject({ attemptsLeft: 2, textsLeft: 9 });
  await enrollments.cancel(id, undefined);
  const { created, enrollment } = await enrollments.start({ ...request, token });
  expect({ created, isAnother: enrollment.id !== id }).toEqual({ created: true, isAnother: true });
  expect(enrollment).toMatchObject({ attemptsLeft: 2, textsLeft: 9, lastProblem: { code: 'cooldown' } });
  await enrollments.cancel(enrollment.id, undefined);
  expect((await enrollments.start({ ...request, token })).enrollment).toMatchObject({ attemptsLeft: 2, textsLeft: 9 });
});

test('a wrong code costs one attempt, and the same call again costs none', async () => {
  const { id } = await startCase();
  const first = await send(id, '000000', 'sms', 'upd-same');
  expect(first).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  expect(await send(id, '000000', 'sms', 'upd-same')).toEqual(first);
  expect(await enrollments.get(id)).toMatchObject({ attemptsLeft: 4 });
});

test('a code for another step is refused with the facts', async () => {
  const { id } = await startCase();
  await expect(send(id, rightCode, 'otp')).rejects.toMatchObject({
    code: 'wrong_step',
    members: { attemptsLeft: 5, factor: 'sms' },
  });
});

test('a second text too soon is refused with when to come back', async () => {
  const { id } = await startCase();
  const refusal = await enrollments.resend(id, randomUUID()).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiProblem);
  expect(refusal).toMatchObject({ code: 'resend_too_soon' });
  expect((refusal as ApiProblem).members.retryAfter).toBeGreaterThan(0);
});

test('a cancelled case says so, twice, and takes no more codes', async () => {
  const { id } = await startCase();
  expect(await enrollments.cancel(id, 'the user asked for it')).toMatchObject({ id, state: 'cancelled' });
  expect(await enrollments.cancel(id, undefined)).toMatchObject({ state: 'cancelled' });
  await expect(send(id, rightCode)).rejects.toEqual(problem('enrollment_settled'));
});

test('a code for an old case never reaches the newer one of the same user', async () => {
  const { request, token, id: old } = await startCase();
  await enrollments.cancel(old, undefined);
  auth0.forget();
  const { enrollment } = await enrollments.start({ ...request, token });
  expect(enrollment.id).not.toBe(old);
  await expect(send(old, rightCode)).rejects.toEqual(problem('enrollment_settled'));
  expect(await enrollments.get(enrollment.id)).toMatchObject({ state: 'associating', factor: 'sms' });
  expect(await enrollments.get(old)).toMatchObject({ id: old, state: 'cancelled' });
});

test('a run that was terminated is failed to its callers', async () => {
  const { request, id } = await startCase();
  await environment.client.workflow.getHandle(ids.workflowId(domain, request.userId)).terminate('by hand');
  const enrollment = await enrollments.get(id);
  expect(enrollment).toMatchObject({ state: 'failed', endedAt: expect.any(String) });
  expect(enrollment).not.toHaveProperty('challenge');
});

test.each([
  ['a made-up id', () => 'enr_made-up'],
  ['an id of a run that never was', () => ids.enrollmentId(ids.workflowId(domain, 'auth0|nobody'), randomUUID())],
])('%s is not found, whatever is asked', async (_name, idOf) => {
  const id = idOf();
  const calls = [
    enrollments.get(id),
    enrollments.challenge(id),
    send(id, rightCode),
    enrollments.resend(id, randomUUID()),
    enrollments.changePhoneNumber(id, '+14155550123', randomUUID()),
    enrollments.renewToken(id, { accessToken: tokenOf('auth0|nobody') }, randomUUID()),
    enrollments.cancel(id, undefined),
    enrollments.watch(id, new AbortController().signal).next(),
  ];
  for (const result of await Promise.allSettled(calls)) {
    expect(result).toEqual({ status: 'rejected', reason: problem('enrollment_not_found') });
  }
});

test('pages of cases follow each other by cursor, and filters narrow them', async () => {
  const { id } = await startCase();
  const { id: waiting } = await startCase({ withoutToken: true });
  const listed = async (state: EnrollmentView['state']) => (await enrollments.list({ state, limit: 100 })).enrollments;
  await eventually(async () => {
    expect((await listed('awaiting_code')).map((summary) => summary.id)).toContain(id);
    expect((await listed('awaiting_token')).map((summary) => summary.id)).toContain(waiting);
  });
  expect((await listed('awaiting_code')).map((summary) => summary.id)).not.toContain(waiting);
  const first = await enrollments.list({ limit: 1 });
  const second = await enrollments.list({ limit: 1, cursor: first.nextCursor ?? '' });
  expect(first.enrollments).toHaveLength(1);
  expect(second.enrollments[0]?.id).not.toBe(first.enrollments[0]?.id);
});

test('a list by the beginning of an id holds the enrollments whose ids begin so, capitals and all', async () => {
  const { id } = await startCase();
  const { id: other } = await startCase();
  const beginningSo = async (idPrefix: string) =>
    (await enrollments.list({ idPrefix, limit: 100 })).enrollments.map((summary) => summary.id);
  const otherCase = (text: string) => text.replace(/[a-z]/gi, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase()));
  await eventually(async () => {
    for (const length of [12, 25, 26, 40, 68]) expect(await beginningSo(id.slice(0, length))).toEqual([id]);
    expect(await beginningSo(other.slice(0, 12))).toEqual([other]);
  });
  expect(await beginningSo(`enr_${otherCase(id.slice(4, 16))}`)).toEqual([]);
  expect(await beginningSo(`${id.slice(0, 40)}${id[40] === 'A' ? 'B' : 'A'}`)).toEqual([]);
});

test('a cursor of somebody’s own making is an invalid request', async () => {
  await expect(enrollments.list({ limit: 1, cursor: 'bm90LWEtY3Vyc29y.bm90LWEtY3Vyc29y' })).rejects.toEqual(
    problem('invalid_request'),
  );
});

test('a watcher sees the case now and after each change, until its outcome', async () => {
  const { id } = await startCase();
  const seen: string[] = [];
  for await (const enrollment of enrollments.watch(id, new AbortController().signal)) {
    if (enrollment === undefined) continue;
    seen.push(enrollment.state);
    if (seen.length === 1) await enrollments.cancel(id, undefined);
  }
  expect([seen[0], seen.at(-1)]).toEqual(['awaiting_code', 'cancelled']);
});

test('a watcher that leaves ends its watch', async () => {
  const { id } = await startCase();
  const leaving = new AbortController();
  const watch = enrollments.watch(id, leaving.signal);
  await watch.next();
  leaving.abort();
  expect(await watch.next()).toMatchObject({ done: true });
});

test('an update is known once it was carried out, and not before', async () => {
  const { id, token } = await startCase({ withoutToken: true });
  expect(await enrollments.isUpdateKnown(id, 'link-1')).toBe(false);
  await enrollments.renewToken(id, token, 'link-1');
  expect(await enrollments.isUpdateKnown(id, 'link-1')).toBe(true);
});

test('a link is not spent, and nothing bound, for a number that was changed after the user was shown it', async () => {
  const { id, token } = await startCase({ withoutToken: true });
  await enrollments.changePhoneNumber(id, '+14155550199', randomUUID());
  const spend = (phoneNumberChanges: number) => enrollments.spendLink(id, token, 'link-2', { phoneNumberChanges });
  await expect(spend(0)).rejects.toMatchObject({ code: 'number_changed' });
  expect(await enrollments.get(id)).toMatchObject({ state: 'awaiting_token', phoneNumberChanges: 1 });
  expect(await enrollments.isUpdateKnown(id, 'link-2')).toBe(false);
  expect([await spend(1), await spend(1)]).toEqual([true, false]);
  expect(await enrollments.get(id)).toMatchObject({ state: 'awaiting_code', consentedAt: expect.any(String) });
});

test('a case is found by the number that its codes go to, from its start on and after each change, and by no other', async () => {
  const [first, second] = ['+14155550141', '+14155550142'];
  auth0.forget();
  const request = { ...requestOf(), phoneNumber: first };
  const { enrollment } = await enrollments.start(request);
  const found = async (phoneNumber: string) => {
    const page = await enrollments.find({ phoneNumber }, { limit: 10 });
    return page.enrollments.map(({ id }) => id);
  };
  const both = async () => [await found(first), await found(second)];
  await eventually(async () => expect(await both()).toEqual([[enrollment.id], []]));
  await enrollments.changePhoneNumber(enrollment.id, second, randomUUID());
  await eventually(async () => expect(await both()).toEqual([[], [enrollment.id]]));
  const others = await enrollments.find({ phoneNumber: second }, { limit: 10, startedBy: 'another-desk' });
  expect(others.enrollments).toEqual([]);
  expect(await found('+14155550143')).toEqual([]);
  const user = await enrollments.find({ userId: request.userId }, { limit: 10 });
  expect(user.enrollments.map(({ id }) => id)).toEqual([enrollment.id]);
});

test('a number that came without its hash is found by neither number', async () => {
  const number = '+14155550144';
  auth0.forget();
  const { enrollment } = await enrollments.start({ ...requestOf(), phoneNumber: number });
  const { workflowId = '' } = ids.parseEnrollmentId(enrollment.id) ?? {};
  const found = async () => (await enrollments.find({ phoneNumber: number }, { limit: 10 })).enrollments.length;
  await eventually(async () => expect(await found()).toBe(1));
  await client.workflow.getHandle(workflowId).executeUpdate(changePhoneNumber, { args: [{ phoneNumber: number }] });
  await eventually(async () => expect(await found()).toBe(0));
});

describe('a timeline', () => {
  const whats = async (id: string) =>
    (await enrollments.timeline(id)).entries.map((entry) => {
      const { at: _at, ...rest } = entry;
      return 'name' in rest ? `message ${rest.name}` : 'code' in rest ? `problem ${rest.code}` : rest.what;
    });

  test('tells what happened, with the messages that were taken and without a worker', async () => {
    const { id, token } = await startCase({ withoutToken: true });
    await enrollments.spendLink(id, token, 'link-timeline', { phoneNumberChanges: 0 });
    await send(id, '000001');
    await send(id, rightCode);
    await until(id, ({ challenge }) => challenge?.factor === 'otp');
    await send(id, rightCode, 'otp');
    await until(id, ({ state }) => state === 'completed');
    await worker.stop();
    const entries = await whats(id);
    const { entries: told, truncated } = await enrollments.timeline(id);
    worker = await startWorker();
    expect(entries).toEqual([
      'started',
      'problem token_needed',
      'state',
      'message renewToken',
      'consent',
      'state',
      'challenge',
      'state',
      'message confirmCode',
      'wrong_codes',
      'problem code_rejected',
      'message confirmCode',
      'factor',
      'challenge',
      'message confirmCode',
      'factor',
      'factor',
      'ended',
    ]);
    expect(truncated).toBeUndefined();
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).sort());
    for (const secret of [token.accessToken, rightCode, '000001', setupKey, '4155550123']) {
      expect(JSON.stringify(told)).not.toContain(secret);
    }
  });

  test('tells of what came from a plain shell, and of an end from outside', async () => {
    const { id } = await startCase();
    const handle = client.workflow.getHandle(ids.parseEnrollmentId(id)?.workflowId ?? '');
    await handle.signal('secret-000001-in-a-name');
    await handle.signal('resendCode');
    await handle.terminate();
    expect(await whats(id)).toEqual([
      ...['started', 'challenge', 'state', 'message unknown', 'message resendCode', 'ended'],
    ]);
  });

  test('of an enrollment that continued as new has all of it, the newest first to stay where there is too much', async () => {
    auth0.forget();
    const { userId } = requestOf();
    const workflowId = ids.workflowId(domain, userId);
    const token = { accessToken: tokenOf(userId) };
    const handle = await client.workflow.start(workflowType, {
      ...{ workflowId, taskQueue },
      args: [{ userId, factors: ['otp'], token, options: { messagesPerRun: 2 } }],
    });
    await handle.executeUpdate(awaitChallenge);
    const id = ids.enrollmentId(workflowId, handle.firstExecutionRunId);
    for (const code of ['000001', '000002', '000003']) await send(id, code, 'otp');
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    expect(runId).not.toBe(handle.firstExecutionRunId);
    const { entries } = await enrollments.timeline(id);
    expect(entries.filter(({ what }) => what === 'wrong_codes')).toHaveLength(3);
    expect(entries.filter(({ what }) => what === 'message')).toHaveLength(3);
    const run = { workflowId, runId };
    const few = await readTimeline(client, run, { events: 5_000, entries: 2 });
    expect(few).toEqual({ entries: entries.slice(-2), truncated: true });
    const short = await readTimeline(client, run, { events: 4, entries: 500 });
    expect(short.truncated).toBe(true);
    expect(entries).toEqual(expect.arrayContaining([...short.entries]));
    await enrollments.cancel(id, undefined);
  });

  test('of an unknown case is a problem', async () => {
    const unknown = ids.enrollmentId(ids.workflowId(domain, 'auth0|nobody'), randomUUID());
    await expect(enrollments.timeline(unknown)).rejects.toEqual(problem('enrollment_not_found'));
  });
});

test('that the recovery code is saved can be said again and after the end', async () => {
  const { id } = await startCase();
  expect(await enrollments.acknowledgeRecoveryCode(id, randomUUID())).toMatchObject({ id, state: 'awaiting_code' });
  await enrollments.cancel(id, undefined);
  expect(await enrollments.acknowledgeRecoveryCode(id, randomUUID())).toMatchObject({ id, state: 'cancelled' });
});

test('who asks is kept under the name of the caller that started the enrollment', async () => {
  const { id } = await startCase({ withoutToken: true });
  expect(await enrollments.askedBy(id)).toBe('onboarding-desk');
});

test('a case is read as its status query tells it, at every rest', async () => {
  const { id, token } = await startCase();
  const [workflowId, runId] = [ids.parseEnrollmentId(id)?.workflowId ?? '', ids.parseEnrollmentId(id)?.runId];
  const asQueryTells = async () => {
    const told = await environment.client.workflow.getHandle(workflowId, runId).query(statusQuery);
    expect(await enrollments.get(id)).toEqual({ id, ...told });
    return told;
  };
  expect(await asQueryTells()).toMatchObject({ state: 'awaiting_code', deadlines: { token: expect.any(String) } });
  await enrollments.renewToken(id, { ...token, expiresIn: 900 }, randomUUID());
  await asQueryTells();
  await send(id, '000000');
  expect(await asQueryTells()).toMatchObject({ attemptsLeft: 4, lastProblem: { code: 'code_rejected' } });
  await send(id, rightCode);
  await until(id, ({ challenge }) => challenge?.factor === 'otp');
  await asQueryTells();
  await send(id, rightCode, 'otp');
  await until(id, ({ state }) => state === 'completed');
  await asQueryTells();
});

test('a case can be read while no worker is up', async () => {
  const { id } = await startCase();
  await worker.stop();
  expect(await enrollments.get(id)).toMatchObject({ id, state: 'awaiting_code', factor: 'sms' });
  worker = await startWorker();
});

test('a run that was started without the memo is read by query', async () => {
  const workflowId = ids.workflowId(domain, `auth0|${randomUUID()}`);
  const handle = await environment.client.workflow.start(workflowType, {
    workflowId,
    taskQueue,
    args: [{ userId: 'auth0|by-hand', factors: ['otp'] }],
  });
  const id = ids.enrollmentId(workflowId, handle.firstExecutionRunId);
  expect(await enrollments.get(id)).toMatchObject({ id, state: 'awaiting_token' });
});

test('the challenge is not asked for while a call is under way', async () => {
  const request = requestOf();
  const remotely = createEnrollments({ client, ids, domain, taskQueue, localFirst: false });
  const token = { accessToken: tokenOf(request.userId) };
  const { id } = (await remotely.start({ ...request, token })).enrollment;
  const release = auth0.hold();
  const answer = send(id, rightCode);
  await until(id, ({ state }) => state === 'confirming');
  const asked = enrollments.challenge(id);
  await expect(Promise.race([asked, sleep(500, 'waits')])).resolves.toBe('waits');
  release();
  await answer;
  expect(await asked).toMatchObject({ type: 'otp' });
});

describe('a code that is sent several times at once', () => {
  /** An enrollment whose last code is awaited. */
  async function startLast() {
    const { id } = await startCase();
    await send(id, rightCode);
    await until(id, ({ challenge }) => challenge?.factor === 'otp');
    return id;
  }
  const results = async (answers: readonly ReturnType<typeof send>[]) =>
    (await Promise.all(answers)).map((answer) => answer?.result);

  test('is confirmed once, and already confirmed to everybody else', async () => {
    const id = await startLast();
    const answers = Array.from({ length: 6 }, () => send(id, rightCode, 'otp'));
    expect((await results(answers)).sort()).toEqual([...Array<string>(5).fill('already_confirmed'), 'confirmed']);
  });

  test('is already confirmed to a sender whose call waited while the enrollment came to its end', async () => {
    const id = await startLast();
    const release = auth0.hold();
    const first = send(id, rightCode, 'otp');
    await eventually(async () => expect(await isAtWork(id)).toBe(true));
    const others = ['upd-second', 'upd-third'].map((key) => send(id, rightCode, 'otp', key));
    await eventually(async () => void (await Promise.all(['upd-second', 'upd-third'].map((key) => stageOf(id, key)))));
    release();
    expect(await results([first, ...others])).toEqual(['confirmed', 'already_confirmed', 'already_confirmed']);
    const { id: _id, ...status } = await enrollments.get(id);
    expect(status.state).toBe('completed');
    expect((await others[0])?.status).toEqual(status);
    expect(await signalsOf(id)).toBe(0);
  });

  test('is turned down once the enrollment had ended before', async () => {
    const id = await startLast();
    await send(id, rightCode, 'otp');
    await until(id, ({ state }) => state === 'completed');
    await expect(send(id, rightCode, 'otp')).rejects.toEqual(problem('enrollment_settled'));
  });
});

test('a code whose workflow task takes longer than a worker needs to take it is answered, and never becomes a signal', async () => {
  const hasty = createEnrollments({ client, ids, domain, taskQueue, timing: { answerMs: 8_000, acceptMs: 50 } });
  const { id } = await startCase();
  const release = auth0.hold();
  const answer = hasty.confirmCode(id, { factor: 'sms', code: rightCode }, randomUUID());
  await eventually(async () => expect(await isAtWork(id)).toBe(true));
  await expect(Promise.race([answer, sleep(500, 'waits')])).resolves.toBe('waits');
  release();
  expect(await answer).toMatchObject({ result: 'confirmed' });
  expect(await signalsOf(id)).toBe(0);
});

test('an answer that takes too long is pending, and the same call gets it later', async () => {
  const impatient = createEnrollments({
    client,
    ids,
    domain,
    taskQueue,
    timing: { answerMs: 1_000 },
  });
  const { id } = await startCase();
  const release = auth0.hold();
  expect(await impatient.confirmCode(id, { factor: 'sms', code: rightCode }, 'upd-slow')).toBeUndefined();
  release();
  expect(await send(id, rightCode, 'sms', 'upd-slow')).toMatchObject({ result: 'confirmed' });
});

test('a code that comes while no worker is up is kept, and confirmed when one is', async () => {
  const { id } = await startCase();
  await worker.stop();
  expect(await send(id, rightCode)).toBeUndefined();
  expect(await signalsOf(id)).toBe(1);
  worker = await startWorker();
  await until(id, ({ challenge }) => challenge?.factor === 'otp');
  expect((await enrollments.get(id)).attemptsLeft).toBe(5);
});

describe('a start after an enrollment has ended', () => {
  test('gives no fresh attempts and no fresh texts', async () => {
    const { request, token, id } = await startCase();
    await send(id, '000000');
    const ended = await enrollments.cancel(id, undefined);
    const { created, enrollment } = await enrollments.start({ ...request, token });
    expect(created).toBe(true);
    expect(enrollment).toMatchObject({
      attemptsLeft: 4,
      textsLeft: ended.textsLeft,
      waitingFor: { who: 'nobody', what: 'cooldown' },
    });
  });

  test('waits until one that is settled has closed, and is a new one', async () => {
    const { request, token, id } = await startCase();
    let close = (_value?: unknown) => {};
    closing = new Promise((resolve) => (close = resolve));
    const cancelled = enrollments.cancel(id, undefined);
    await until(id, ({ state }) => state === 'cancelled');
    const starting = enrollments.start({ ...request, token });
    await expect(Promise.race([starting, sleep(300, 'waits')])).resolves.toBe('waits');
    close();
    await cancelled;
    const { created, enrollment } = await starting;
    expect({ created, isAnother: enrollment.id !== id }).toEqual({ created: true, isAnother: true });
  });

  test('with the Idempotency-Key that started it finds it, and has no second effect', async () => {
    const request = { ...requestOf(), idempotencyKey: randomUUID() };
    const { enrollment } = await enrollments.start(request);
    await enrollments.cancel(enrollment.id, undefined);
    const again = await enrollments.start(request);
    expect(again).toMatchObject({ created: false, enrollment: { id: enrollment.id, state: 'cancelled' } });
  });

  test('with its Idempotency-Key finds it also behind a newer one', async () => {
    const request = { ...requestOf(), idempotencyKey: randomUUID() };
    const { enrollment } = await enrollments.start(request);
    await enrollments.cancel(enrollment.id, undefined);
    const newer = await enrollments.start({ ...request, idempotencyKey: randomUUID() });
    expect(newer.created).toBe(true);
    await eventually(async () => {
      const again = await enrollments.start(request);
      expect(again).toMatchObject({ created: false, enrollment: { id: enrollment.id, state: 'cancelled' } });
    });
    expect(await enrollments.get(newer.enrollment.id)).toMatchObject({ state: 'awaiting_token' });
  });

  test('with its Idempotency-Key and another body is turned down', async () => {
    const request = { ...requestOf(), idempotencyKey: randomUUID() };
    const { enrollment } = await enrollments.start(request);
    const other = { ...request, phoneNumber: '+14155550199' };
    await expect(enrollments.start(other)).rejects.toEqual(problem('idempotency_key_reused'));
    await enrollments.cancel(enrollment.id, undefined);
    await expect(enrollments.start(other)).rejects.toEqual(problem('idempotency_key_reused'));
  });

  test('with the Idempotency-Key of another caller is a new one', async () => {
    const request = { ...requestOf(), idempotencyKey: randomUUID() };
    const { enrollment } = await enrollments.start(request);
    await enrollments.cancel(enrollment.id, undefined);
    expect(await enrollments.start({ ...request, caller: 'another-desk' })).toMatchObject({ created: true });
  });
});

test('two starts with one Idempotency-Key at once are one enrollment', async () => {
  const request = { ...requestOf(), idempotencyKey: randomUUID() };
  const started = await Promise.all([enrollments.start(request), enrollments.start(request)]);
  expect(started.map(({ created }) => created).sort()).toEqual([false, true]);
  expect(new Set(started.map(({ enrollment }) => enrollment.id)).size).toBe(1);
});

test.each<[string, Parameters<typeof createEnrollments>[0]['opaqueTokens'], object | undefined]>([
  ['are refused', undefined, undefined],
  ['are accepted', 'accept', { opaqueTokens: 'accept' }],
])('a run is told when opaque tokens %s, and when its token dies', async (_what, opaqueTokens, options) => {
  const api = createEnrollments({ client, ids, domain, taskQueue, ...(opaqueTokens && { opaqueTokens }) });
  const request = requestOf();
  const before = Date.now();
  await api.start({ ...request, token: { accessToken: tokenOf(request.userId), expiresIn: 500 } });
  const { events } = await client.workflow.getHandle(ids.workflowId(domain, request.userId)).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const input = JSON.parse(Buffer.from(payload?.data ?? []).toString()) as MfaEnrollmentInput;
  expect(input.options).toEqual({ localFirst: true, recallInTask: true, recoveryCode: 'acknowledge', ...options });
  expect(input.token).not.toHaveProperty('expiresIn');
  expect(input.token?.expiresAt).toBeGreaterThanOrEqual(before + 500_000);
  expect(input.token?.expiresAt).toBeLessThanOrEqual(Date.now() + 500_000);
});

test('its summary in Temporal UI has the factors, and of the number the last two digits alone', async () => {
  const { request } = await startCase({ withoutToken: true });
  const { raw } = await client.workflow.getHandle(ids.workflowId(domain, request.userId)).describe();
  const { summary, details } = raw.executionConfig?.userMetadata ?? {};
  const textOf = (payload: typeof summary) => Buffer.from(payload?.data ?? []).toString();
  expect(JSON.parse(textOf(summary))).toBe('text message → authenticator app · …23');
  expect(textOf(details)).not.toMatch(/\d{2}/);
});

test('an enrollment belongs to the caller who started it, whose name stands in the memo alone, which is sealed', async () => {
  const { request } = await startCase({ withoutToken: true });
  const description = await client.workflow.getHandle(ids.workflowId(domain, request.userId)).describe();
  expect(description.typedSearchAttributes.get(searchAttributes.owner)).toBe(ids.owner(request.caller));
  const { memo, raw: _raw, ...inClear } = description;
  expect(parseMemo(memo)).toMatchObject({ owner: ids.owner(request.caller), keyId: ids.keyId });
  expect(JSON.stringify(inClear)).not.toContain(request.caller);
});

test.each<[string, unknown]>([
  ['of a version that is to come', { version: 3, enrollment: { state: 'dreaming' } }],
  ['of this version that is none', { version: 2, enrollment: { state: 'awaiting_code' } }],
  ['that is no object', 'enrollment'],
])('a memo %s is not believed: the run is asked', async (_what, memo) => {
  const userId = `auth0|${randomUUID()}`;
  const workflowId = ids.workflowId(domain, userId);
  await worker.stop();
  const { firstExecutionRunId } = await client.workflow.start(workflowType, {
    workflowId,
    taskQueue,
    args: [{ userId, factors: ['otp'] }],
    memo: { [caseMemo]: memo },
  });
  const asked = enrollments.get(ids.enrollmentId(workflowId, firstExecutionRunId));
  worker = await startWorker();
  expect(await asked).toMatchObject({ state: expect.stringMatching(/^(associating|awaiting_token)$/) });
});

describe('an enrollment that goes on as another run', () => {
  /** One whose every run takes three messages, in its second run or later. */
  async function chain() {
    auth0.forget();
    const { userId, factors, phoneNumber } = requestOf();
    const workflowId = ids.workflowId(domain, userId);
    const token = { accessToken: tokenOf(userId) };
    const handle = await client.workflow.start(workflowType, {
      workflowId,
      taskQueue,
      args: [{ userId, factors, phoneNumber, token, options: { messagesPerRun: 3 } }],
    });
    const id = ids.enrollmentId(workflowId, handle.firstExecutionRunId);
    await until(id, ({ state }) => state === 'awaiting_code');
    const newest = client.workflow.getHandle(workflowId);
    const goOn = async () => {
      const before = (await newest.describe()).runId;
      for (const name of ['a', 'b', 'c']) await newest.signal(`unknown-${name}`);
      await eventually(async () => expect((await newest.describe()).runId).not.toBe(before));
    };
    await goOn();
    return { id, token, request: { userId, factors, phoneNumber }, newest, goOn };
  }

  test('keeps its id, and takes codes, tokens and numbers under it', async () => {
    const { id, token, goOn } = await chain();
    expect(await enrollments.get(id)).toMatchObject({ id, state: 'awaiting_code', factor: 'sms' });
    expect(await enrollments.challenge(id)).toMatchObject({ type: 'oob' });
    expect(await send(id, '000000')).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    await goOn();
    expect(await enrollments.renewToken(id, token, randomUUID())).toMatchObject({ id, attemptsLeft: 4 });
    expect(await send(id, rightCode)).toMatchObject({ result: 'confirmed' });
    await until(id, ({ challenge }) => challenge?.factor === 'otp');
    await goOn();
    expect(await send(id, rightCode, 'otp')).toMatchObject({ result: 'confirmed' });
    expect(await until(id, ({ state }) => state === 'completed')).toMatchObject({ id });
  });

  test('answers a repeated call from the run that carried it out', async () => {
    const { id, token, goOn } = await chain();
    const first = await send(id, '000000', 'sms', 'upd-repeated');
    await enrollments.renewToken(id, token, 'link-in-the-middle');
    await goOn();
    await goOn();
    expect(await send(id, '000000', 'sms', 'upd-repeated')).toEqual(first);
    expect(await enrollments.isUpdateKnown(id, 'link-in-the-middle')).toBe(true);
    expect(await enrollments.isUpdateKnown(id, 'link-never')).toBe(false);
    expect(await enrollments.get(id)).toMatchObject({ attemptsLeft: 4 });
  });

  test('is one line of the list, under its own id', async () => {
    const { id, newest } = await chain();
    const ofWorkflow = `WorkflowId = '${newest.workflowId}'`;
    await eventually(async () => {
      for (const status of ['ContinuedAsNew', 'Running']) {
        const query = `${ofWorkflow} AND ExecutionStatus = '${status}'`;
        expect((await client.workflow.count(query)).count).toBeGreaterThan(0);
      }
    });
    const { enrollments: listed } = await enrollments.list({ limit: 100 });
    const { startedAt } = await enrollments.get(id);
    expect(listed.filter((each) => ids.parseEnrollmentId(each.id)?.workflowId === newest.workflowId)).toEqual([
      expect.objectContaining({ id, startedAt }),
    ]);
  });

  test('is cancelled under its id, and no newer enrollment of the user is', async () => {
    const { id, token, request, goOn } = await chain();
    await goOn();
    expect(await enrollments.cancel(id, undefined)).toMatchObject({ id, state: 'cancelled' });
    const { enrollment } = await enrollments.start({ ...request, token, caller: 'onboarding-desk' });
    expect(await enrollments.cancel(id, undefined)).toMatchObject({ id, state: 'cancelled' });
    await expect(send(id, rightCode)).rejects.toEqual(problem('enrollment_settled'));
    expect(await enrollments.get(enrollment.id)).toMatchObject({ state: 'associating' });
  });
});

test('more codes at once than Temporal takes are turned down, and none of them turns into a signal', async () => {
  const { id } = await startCase();
  const release = auth0.hold();
  const held = Array.from({ length: 10 }, (_, index) => send(id, `00000${index}`));
  await until(id, ({ state }) => state === 'confirming');
  await eventually(async () => {
    const outcome = await send(id, '111111').catch((error: unknown) => error);
    expect(outcome).toEqual(problem('busy'));
  });
  release();
  await Promise.all(held);
  expect(await signalsOf(id)).toBe(0);
});

const runOf = (id: string) => ids.parseEnrollmentId(id) ?? { workflowId: '', runId: '' };

async function signalsOf(id: string): Promise<number> {
  const { workflowId, runId } = runOf(id);
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return (events ?? []).filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal).length;
}

/** Has a worker a workflow task in hand? */
async function isAtWork(id: string): Promise<boolean> {
  const { workflowId, runId } = runOf(id);
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  return Number(raw.pendingWorkflowTask?.state) === 2; // started
}

/** How far the update has come. Throws while Temporal does not know it. */
async function stageOf(id: string, updateId: string): Promise<number> {
  const { workflowId, runId } = runOf(id);
  const updateRef = { workflowExecution: { workflowId, runId }, updateId };
  const { namespace } = client.options;
  return (await client.workflowService.pollWorkflowExecutionUpdate({ namespace, updateRef })).stage;
}

async function until(id: string, reached: (enrollment: EnrollmentView) => boolean): Promise<EnrollmentView> {
  for await (const enrollment of enrollments.watch(id, AbortSignal.timeout(20_000))) {
    if (enrollment !== undefined && reached(enrollment)) return enrollment;
  }
  throw new Error('the case never came to be so');
}

/** Visibility lags behind: asks until the expectation holds, or fails with the last reason. */
async function eventually(expectation: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
