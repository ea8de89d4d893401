import { generateKeySync, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createSendingLimits } from '../../src/temporal/sending-limits';
import { createStoppedPrefixes } from '../../src/temporal/stopped-prefixes';
import { mfaSendingLimit } from '../../src/workflows';
import { reserveTexts } from '../../src/workflows/sending-limit';
import { keep, recordHistories } from './histories';
import { onStage, refusal, type Case } from './support';

const textsPerNumber = 10;
const textsPerCaller = 12;
const stage = onStage('real', {
  maxCachedWorkflows: 100,
  sendingLimits: { textsPerNumber, textsPerCaller, timing: { stoppedMs: 0 } },
});

let numbers = 0;
/** A number that no other test texts to. */
const newNumber = (): string => `+1415555${String((numbers += 1)).padStart(4, '0')}`;
const newCaller = () => ({ caller: randomBytes(16).toString('base64url') });
const begin = (count: number, more: () => Parameters<ReturnType<typeof stage>['begin']>[0]): Promise<Case[]> =>
  Promise.all(Array.from({ length: count }, () => stage().begin(more())));
/** Where they rest: with a code on its way, or told why there is none. */
const settledDown = (cases: readonly Case[]) =>
  Promise.all(
    cases.map((each) =>
      each.until(
        (now) => now.state === 'awaiting_code' || (now.state === 'associating' && now.lastProblem !== undefined),
      ),
    ),
  );
const textsTo = async (phoneNumber: string) =>
  (await stage().tenant.inbox()).filter(({ to }) => to === phoneNumber).length;
/** For exact counts: on a busy machine a call inside a workflow task is given up after 2.5 seconds, and its text is lost. */
const remotely = { options: { localFirst: false } };
const waiting = (statuses: Awaited<ReturnType<typeof settledDown>>) =>
  statuses.filter(({ state }) => state === 'associating');

/** What Auth0 says of a number that it cannot reach. */
const noPhone = { status: 400, error: 'bad_gateway', errorDescription: 'The phone number is invalid.' };

recordHistories();

describe('texts to one number', () => {
  test('30 enrollments at once cause no more of them than the limit, and the others are told when to ask again', async () => {
    const phoneNumber = newNumber();
    const cases = await begin(30, () => ({ phoneNumber, ...remotely }));
    const statuses = await settledDown(cases);
    expect(await textsTo(phoneNumber)).toBe(textsPerNumber);
    expect(waiting(statuses)).toHaveLength(30 - textsPerNumber);
    for (const status of waiting(statuses)) {
      expect(status.lastProblem).toMatchObject({ code: 'number_limit_reached', retryAt: expect.any(String) });
      expect(status.waitingFor).toEqual({ who: 'nobody', what: 'deliveries' });
      expect(status.textsLeft).toBe(10); // what was not sent is not counted for the user
    }
  });

  test('neither another enrollment nor another worker gives new ones', async () => {
    const phoneNumber = newNumber();
    const cases = await begin(textsPerNumber, () => ({ phoneNumber, ...remotely }));
    await settledDown(cases);
    await Promise.all(cases.map(({ handle }) => handle.signal('cancelEnrollment')));
    await Promise.all(cases.map(({ handle }) => handle.result().catch(() => undefined)));
    await stage().stopWorker();
    await stage().restartWorker();
    const [status] = await settledDown(await begin(1, () => ({ phoneNumber })));
    expect(status?.lastProblem?.code).toBe('number_limit_reached');
    expect(await textsTo(phoneNumber)).toBe(textsPerNumber);
  });

  test('a resend is refused until then, and another number gets its text', async () => {
    const phoneNumber = newNumber();
    const cases = await begin(textsPerNumber + 1, () => ({ phoneNumber }));
    const statuses = await settledDown(cases);
    const blocked = cases[statuses.findIndex(({ state }) => state === 'associating')];
    await expect(blocked?.resend()).rejects.toMatchObject(refusal('too_many_texts'));
    const other = newNumber();
    await blocked?.changeNumber(other);
    expect(await textsTo(other)).toBe(1);
    if (blocked === undefined) throw new Error('no enrollment was blocked');
    await keep(blocked, 'number-limit');
  });

  test('one that Auth0 surely did not send is not counted', async () => {
    const phoneNumber = newNumber();
    const userId = await stage().tenant.newUser();
    await stage().tenant.fault({ userId, route: 'POST /mfa/associate', type: 'refused', ...noPhone });
    const [refused] = await settledDown(await begin(1, () => ({ phoneNumber, userId })));
    expect(refused?.lastProblem?.code).toBe('phone_number_invalid');
    await settledDown(await begin(textsPerNumber, () => ({ phoneNumber, ...remotely })));
    expect(await textsTo(phoneNumber)).toBe(textsPerNumber);
  });

  test('one that is asked for again after a 429 counts once', async () => {
    const phoneNumber = newNumber();
    const userId = await stage().tenant.newUser();
    await stage().tenant.fault({ userId, route: 'POST /mfa/associate', type: 'rateLimited', retryAfter: 1, count: 2 });
    const [started] = await begin(1, () => ({ phoneNumber, userId }));
    await started?.awaits('sms');
    await settledDown(await begin(textsPerNumber, () => ({ phoneNumber, ...remotely })));
    expect([await started?.associates(), await textsTo(phoneNumber)]).toEqual([
      [expect.anything(), expect.anything(), expect.anything()],
      textsPerNumber,
    ]);
  });
});

describe('texts caused by one caller', () => {
  test('to whatever numbers, there are no more of them than the limit', async () => {
    const startedBy = newCaller();
    const cases = await begin(20, () => ({ phoneNumber: newNumber(), startedBy, ...remotely }));
    const statuses = await settledDown(cases);
    expect(statuses.filter(({ state }) => state === 'awaiting_code')).toHaveLength(textsPerCaller);
    for (const status of waiting(statuses)) expect(status.lastProblem?.code).toBe('caller_limit_reached');
    const [another] = await settledDown(await begin(1, () => ({ phoneNumber: newNumber(), startedBy: newCaller() })));
    expect(another?.state).toBe('awaiting_code');
  });
});

describe('several worker processes', () => {
  const idKey = generateKeySync('hmac', { length: 256 });
  const never = () => new AbortController().signal;
  const process = (caps: { textsPerNumber?: number; textsPerCaller?: number }) =>
    createSendingLimits({ client: stage().client, taskQueue: 'workflow-tests', idKey, ...caps });
  const reserveAll = async (
    processes: readonly ReturnType<typeof process>[],
    times: number,
    sending: () => { readonly phoneNumber: string; readonly caller?: string },
  ) => {
    const asked = processes.flatMap((limits, place) =>
      Array.from({ length: times }, (_, index) => limits.reserve({ id: `${place}-${index}`, ...sending() }, never())),
    );
    return (await Promise.all(asked)).filter(({ type }) => type === 'reserved').length;
  };

  test('share the limit of a number', async () => {
    const phoneNumber = newNumber();
    const processes = [process({ textsPerNumber: 7 }), process({ textsPerNumber: 7 })];
    expect(await reserveAll(processes, 10, () => ({ phoneNumber }))).toBe(7);
  });

  test('share the limit of a caller, which each of them leases by the block', async () => {
    const { caller } = newCaller();
    const processes = [process({ textsPerCaller: 800 }), process({ textsPerCaller: 800 })];
    expect(await reserveAll(processes, 600, () => ({ phoneNumber: newNumber(), caller }))).toBe(800);
  });

  test('count what is reserved twice under one id once', async () => {
    const phoneNumber = newNumber();
    const sending = { id: 'the-same', phoneNumber };
    const [one, other] = [process({ textsPerNumber: 1 }), process({ textsPerNumber: 1 })];
    expect((await one.reserve(sending, never())).type).toBe('reserved');
    expect((await other.reserve(sending, never())).type).toBe('reserved');
    expect(await other.reserve({ id: 'another', phoneNumber }, never())).toMatchObject({
      type: 'refused',
      why: 'number',
    });
  });

  test('reserve nothing without a worker that counts', async () => {
    const phoneNumber = newNumber();
    const limits = process({ textsPerNumber: 1 });
    await limits.reserve({ id: 'first', phoneNumber }, never());
    await stage().stopWorker();
    await expect(limits.reserve({ id: 'second', phoneNumber }, AbortSignal.timeout(1_000))).rejects.toThrow();
    await stage().restartWorker();
  });
});

describe('an operator', () => {
  const operator = () => createStoppedPrefixes({ client: stage().client, taskQueue: 'workflow-tests' });
  const reason = 'texts to this prefix are abused';

  test('stops texts to a prefix and lifts that again, and nothing was counted in between', async () => {
    const phoneNumber = newNumber();
    const prefix = phoneNumber.slice(0, 8);
    expect(await operator().list()).toEqual([]);
    expect(await operator().stop(prefix, reason)).toEqual([{ prefix, reason, since: expect.any(Number) }]);
    const [stopped] = await begin(1, () => ({ phoneNumber }));
    const status = await stopped?.until(({ lastProblem }) => lastProblem?.code === 'texts_stopped');
    expect(status?.waitingFor).toEqual({ who: 'operator', what: 'texts_stopped' });
    expect(status?.textsLeft).toBe(10);
    expect(await textsTo(phoneNumber)).toBe(0);
    const [elsewhere] = await settledDown(await begin(1, () => ({ phoneNumber: '+442071838750' })));
    expect(elsewhere?.state).toBe('awaiting_code');

    expect(await operator().resume(prefix, 'over')).toEqual([]);
    await stopped?.resend();
    await stopped?.awaits('sms');
    expect(await textsTo(phoneNumber)).toBe(1);
  });

  test('is heard although the list was terminated, and its list is read without a worker', async () => {
    await operator().stop('+882', reason);
    await stage().client.workflow.getHandle('mfa-stopped-prefixes').terminate();
    await stage().stopWorker();
    expect((await operator().list()).map(({ prefix }) => prefix)).toEqual(['+882']);
    await stage().restartWorker();
    expect((await operator().stop('+883', reason)).map(({ prefix }) => prefix)).toEqual(['+882', '+883']);
    await operator().resume('+882', 'over');
    expect(await operator().resume('+883', 'over')).toEqual([]);
    await keep({ handle: stage().client.workflow.getHandle('mfa-stopped-prefixes') }, 'stopped-prefixes');
    expect(await operator().list()).toEqual([]);
  });
});

describe('a counter', () => {
  test('goes on as a new run before its history is long, and forgets nothing', async () => {
    const handle = await stage().client.workflow.start(mfaSendingLimit, {
      taskQueue: 'workflow-tests',
      workflowId: `mfa-limit-number-${randomBytes(16).toString('base64url')}`,
      args: [{ first: { id: 'first', wanted: 1, cap: 600 } }],
    });
    const { client } = stage();
    const again = client.workflow.getHandle<typeof mfaSendingLimit>(handle.workflowId);
    let granted = 1;
    for (let index = 0; index < 620; index += 1) {
      const ask = () => again.executeUpdate(reserveTexts, { args: [{ id: `r-${index}`, wanted: 1, cap: 600 }] });
      granted += (await ask().catch(async () => (await sleep(200), ask()))).granted;
    }
    expect(granted).toBe(600);
    expect((await again.describe()).runId).not.toBe(handle.firstExecutionRunId);
    await again.terminate();
  });

  test('refuses what is no reservation, and fails when it is started with something else', async () => {
    const { client } = stage();
    const workflowId = `mfa-limit-number-${randomBytes(16).toString('base64url')}`;
    const options = { taskQueue: 'workflow-tests', workflowId };
    const handle = await client.workflow.start(mfaSendingLimit, {
      ...options,
      args: [{ first: { id: 'first', wanted: 1, cap: 1 } }],
    });
    await expect(handle.executeUpdate('reserve', { args: [{ wanted: 1 }] })).rejects.toMatchObject(
      refusal('malformed'),
    );
    expect(await handle.executeUpdate(reserveTexts, { args: [{ id: 'second', wanted: 1, cap: 1 }] })).toMatchObject({
      granted: 0,
    });
    await handle.signal('release', { id: 'first' });
    expect(await handle.executeUpdate(reserveTexts, { args: [{ id: 'third', wanted: 1, cap: 1 }] })).toEqual({
      granted: 1,
    });
    await keep({ handle }, 'sending-limit');
    await handle.terminate();
    const wrong = await client.workflow.start('mfaSendingLimit', { ...options, args: ['+14155550123'] });
    await expect(wrong.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  test('shows no number: not in its id, and nothing else of it is readable without the codec', async () => {
    const phoneNumber = newNumber();
    await settledDown(await begin(1, () => ({ phoneNumber })));
    const ids: string[] = [];
    for (let tries = 0; ids.length === 0 && tries < 100; tries += 1) {
      for await (const { workflowId } of stage().client.workflow.list({ query: "WorkflowType = 'mfaSendingLimit'" })) {
        ids.push(workflowId);
      }
      if (ids.length === 0) await sleep(100); // visibility lags behind
    }
    for (const id of ids) expect(id).toMatch(/^mfa-limit-(number|caller)-[A-Za-z0-9_-]{22}$/);
    expect(ids.join('\n')).not.toContain(phoneNumber.slice(2));
  });
});
