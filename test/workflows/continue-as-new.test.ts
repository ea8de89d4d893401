import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { onStage, otherNumber, otherThan, refusal, refusalOf, type Case } from './support';

/** Ends the run's patience: a signal that nobody knows counts as a message, and does nothing else. */
const signals = async ({ handle }: Case, count: number, name = 'nobodyKnowsThis', payload?: string): Promise<void> => {
  await Promise.all(Array.from({ length: count }, () => handle.signal(name, payload)));
};

/** Not taken by any run: more signals came while a run was about to continue as new, so its workflow task had to be made again. */
function isSentAway(error: unknown): boolean {
  if (!(error instanceof ServiceError) || !isGrpcServiceError(error.cause)) return false;
  const code: number = error.cause.code;
  return code === failedPrecondition;
}
const failedPrecondition = 9;

/** When the newest run of the chain is another one than this, and has taken up its work. */
async function anotherRun(started: Case, runId: string): Promise<void> {
  while ((await started.shown()).runId === runId) await sleep(20); // the test's own time limit ends it
  await started.taken();
}

describe('a flood of signals', () => {
  const stage = onStage('real', { maxCachedWorkflows: 10 });

  /** An enrollment with something to lose: an attempt is used, a challenge waits, a second token is held, and the start left its marks. */
  async function startRich(): Promise<Case> {
    const started = await stage().start(
      {},
      {
        memo: { fingerprint: 'of-the-body' },
        typedSearchAttributes: [{ key: searchAttributes.owner, value: 'of-the-caller' }],
      },
    );
    await started.confirm(otherThan(await started.texted()));
    await started.handle.executeUpdate(messages.renewToken, {
      args: [{ accessToken: await stage().tenant.token(started.userId) }],
    });
    return started;
  }

  /** A new run of the same chain knows all of it, and Temporal shows the same. */
  async function expectNothingLost(started: Case, before: Awaited<ReturnType<typeof looked>>): Promise<void> {
    const after = await looked(started);
    expect(after.shown.runId).not.toBe(before.shown.runId);
    expect(after.shown.status).toBe('RUNNING');
    expect(after.status).toEqual(before.status);
    expect(after.shown.attributes).toEqual(before.shown.attributes);
    expect(after.shown.attributes).toHaveProperty('MfaOwner', 'of-the-caller');
    expect(after.shown.memo).toEqual(before.shown.memo); // the first run's id is in it
    expect(after.shown.memo).toHaveProperty('fingerprint', 'of-the-body');
    expect(await started.finish()).toMatchObject({ state: 'completed', attemptsLeft: 4 });
    const [first, ...others] = await started.associates();
    expect([others.length, (await started.texts()).length]).toEqual([1, 1]);
    expect(others.map(({ token }) => token)).not.toContain(first?.token); // the chained token was carried along too
  }
  const looked = async (started: Case) => ({ status: await started.status(), shown: await started.shown() });

  test('of 53 MB in all goes into fresh runs that know everything', async () => {
    const started = await startRich();
    const before = await looked(started);
    for (let sent = 0; sent < 28; sent += 1) {
      await signals(started, 1, 'submitBindingCode', 'x'.repeat(1_900_000));
      await started.taken(); // what comes faster than a worker can read is the server's to refuse: limit.blobSize.error
    }
    await expectNothingLost(started, before);
  });

  test('of 1,200 small ones, half of them of unknown names, does too, and updates in between are answered or sent away as busy', async () => {
    const started = await startRich();
    const before = await looked(started);
    const answers: string[] = [];
    const ask = async (update: Promise<unknown>) =>
      void answers.push(
        await update.then(
          () => 'answered',
          (error: unknown) => (isSentAway(error) ? 'sent away' : refusalOf(error)),
        ),
      );
    for (let sent = 0; sent < 1_200; sent += 40) {
      await Promise.all([
        signals(started, 20, 'submitOtp', '12345'),
        signals(started, 20),
        ask(started.handle.executeUpdate(messages.awaitChallenge)),
        ask(started.resend()),
      ]);
    }
    const expected = ['answered', 'resend_too_soon', 'busy', 'sent away'];
    expect(answers.filter((answer) => !expected.includes(answer))).toEqual([]);
    await expectNothingLost(started, before);
  });

  test('does not drown a cancellation', async () => {
    const started = await stage().start();
    const flood = Promise.all(Array.from({ length: 20 }, () => signals(started, 30).catch(() => undefined)));
    await started.handle.signal(messages.cancelEnrollment);
    await expect(started.handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await flood;
    expect(await started.shown()).toMatchObject({ status: 'CANCELLED', attributes: { MfaState: 'cancelled' } });
    expect(await started.records()).toEqual([]);
  });
});

describe('a run that has had enough messages', () => {
  const stage = onStage('timeSkipping');
  const options = { messagesPerRun: 5 };

  test('while a code is being checked finishes that first, answers it, sends updates away as busy, and goes on in a fresh run', async () => {
    const started = await stage().start({ options: { ...options, localFirst: false } });
    const { runId } = await started.shown();
    await started.fault({ route: 'POST /oauth/token', type: 'delay', ms: 1_000, when: 'after' });
    await started.fault({ route: 'POST /mfa/associate', type: 'delay', ms: 1_000, when: 'after' });
    const code = await started.texted();
    const answer = started.confirm(code);
    await started.until(({ state }) => state === 'confirming');
    await signals(started, 5);
    expect(await answer).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
    await expect(started.resend()).rejects.toMatchObject(refusal('busy')); // the next factor is being asked for
    await anotherRun(started, runId);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect((await started.confirms()).filter(({ body }) => body['binding_code'] === code)).toHaveLength(1);
    expect(await started.records()).toEqual(['sms active', 'totp active']);
  });

  test('while it waits for a cool-down sends the next text in the fresh run, to the number that was given', async () => {
    const started = await stage().start({ options });
    const { runId, memo: before } = await started.shown();
    await started.changeNumber();
    const waiting = await started.shown();
    await signals(started, 5);
    await anotherRun(started, runId);
    const { memo, attributes } = await started.shown();
    expect([memo, attributes]).toEqual([waiting.memo, waiting.attributes]);
    expect(memo).not.toEqual(before);
    expect(await started.texts()).toHaveLength(1);
    await stage().later(31);
    expect(await started.awaits('sms')).toMatchObject({ textsLeft: 8 });
    expect((await started.texts()).at(-1)?.to).toBe(otherNumber);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
  });

  test('while it waits to read the factors back reads them in the fresh run', async () => {
    const started = await stage().start({ factors: ['sms'], options });
    const { runId } = await started.shown();
    await started.fault({ route: 'GET /mfa/authenticators', type: 'proxyPage', status: 403 });
    expect(await started.confirm(await started.texted())).toMatchObject({ result: 'confirmed' });
    await started.until(({ state }) => state === 'verifying');
    while ((await started.status()).waitingFor.who !== 'operator') await sleep(20); // the test's own time limit ends it
    await signals(started, 5);
    await anotherRun(started, runId);
    expect(await started.status()).toMatchObject({ state: 'verifying', waitingFor: { who: 'operator' } });
    await stage().later(60);
    expect(await started.handle.result()).toMatchObject({ state: 'completed' });
    expect((await started.texts()).length).toBe(1);
  });

  test('remembers whose hand set the number', async () => {
    const by = { caller: 'onboarding' };
    const started = await stage().start({ options, startedBy: by });
    const { runId } = await started.shown();
    await signals(started, 5);
    await anotherRun(started, runId);
    const code = await started.texted();
    const codeBy = (caller: string) =>
      started.handle.executeUpdate(messages.confirmCode, { args: [{ factor: 'sms', code, by: { caller } }] });
    await expect(codeBy(by.caller)).rejects.toMatchObject(refusal('second_person_needed'));
    expect(await codeBy('support')).toMatchObject({ result: 'confirmed' });
  });

  test('remembers that a claim was given back, though Temporal knows an update id for one run only', async () => {
    const started = await stage().start({ options });
    const { runId } = await started.shown();
    const renew = async (claim: string) =>
      started.handle.executeUpdate(messages.renewToken, {
        args: [{ accessToken: await stage().tenant.token(started.userId), claim }],
        updateId: 'one-sign-in',
      });
    expect(await renew('first')).toMatchObject({ claim: 'first' });
    await signals(started, 5);
    await anotherRun(started, runId);
    expect(await renew('second')).not.toHaveProperty('claim');
  });
});
