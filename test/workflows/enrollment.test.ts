import { afterEach, describe, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { Actor } from '../../src/enrollment/actor';
import * as messages from '../../src/workflows/messages';
import { keep, recordHistories } from './histories';
import { auditLines, onStage, otherNumber, otherThan, refusal } from './support';

// One enrollment for each path through the workflow; each becomes a fixture of the replay test.
recordHistories();

describe('an enrollment', () => {
  const stage = onStage('real', { opaqueTokens: 'accept' });
  const grants = (grantTypes: readonly string[]) =>
    stage().tenant.control('PATCH', `/clients/${stage().tenant.clientId}`, { grantTypes });
  const standard = ['authorization_code', 'refresh_token'];
  afterEach(() =>
    grants([...standard, ...['mfa-oob', 'mfa-otp'].map((grant) => `http://auth0.com/oauth/grant-type/${grant}`)]),
  );

  test('is taken to both factors by signals alone, of whatever shape, over a worker that goes away in between', async () => {
    const started = await stage().start();
    const { handle } = started;
    const signals = ['submitBindingCode', 'submitOtp', 'provideToken', 'resendCode', 'nobodyKnowsThis'];
    for (const poison of [null, true, 7, 'text', [], {}, { code: 5 }, { code: null }, { accessToken: 1 }]) {
      for (const signal of signals) await handle.signal(signal, poison);
    }
    await handle.signal('submitBindingCode');
    await stage().stopWorker();
    await handle.signal(messages.submitBindingCode, await started.texted());
    await stage().restartWorker();
    await started.awaits('otp');
    await handle.signal(messages.submitOtp, { code: await started.appCode() });
    expect(await handle.result()).toMatchObject({ state: 'completed', factors: [{ active: true }, { active: true }] });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
    await keep(started, 'completed');
  });

  test('loses one attempt by a wrong code and none by the same one, and gets no event by an update that is refused', async () => {
    const started = await stage().start();
    const { handle, confirm } = started;
    const code = await started.texted();
    const wrong = otherThan(code);
    expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    expect(await confirm(wrong)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    const { historyLength } = await handle.describe();
    await expect(confirm('12')).rejects.toMatchObject(refusal('malformed'));
    expect((await handle.describe()).historyLength).toBe(historyLength);
    expect(await confirm(code)).toMatchObject({ result: 'confirmed' });
    await started.awaits('otp');
    expect(await confirm(code)).toMatchObject({ result: 'already_confirmed', attemptsLeft: 4 });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect((await started.confirms()).filter(({ body }) => body['binding_code'] !== undefined)).toHaveLength(2);
    await keep(started, 'wrong-code');
  });

  test('reads what became of a confirm whose answer is lost, and does not spend the code again', async () => {
    const started = await stage().start();
    await started.fault({ route: 'POST /oauth/token', type: 'resetAfter' });
    expect(await started.confirm(await started.texted())).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
    expect(await started.confirms()).toHaveLength(1);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    await keep(started, 'lost-confirm');
  });

  test('that is cancelled half-way closes as Canceled and tells what is active', async () => {
    const started = await stage().start();
    const { handle } = started;
    await started.confirm(await started.texted());
    await handle.signal(messages.cancelEnrollment, { reason: 'changed their mind' });
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await started.status()).toMatchObject({
      state: 'cancelled',
      factors: [{ active: true }, { active: false }],
      lastProblem: { message: expect.stringContaining('changed their mind') },
    });
    expect(await started.records()).toEqual(['sms active']);
    await keep(started, 'cancelled');
  });

  // docs/decisions/0019-local-first.md: nobody knows what became of a workflow task that is lost with its worker
  test('that is cancelled under the policy to remove records that it takes a factor back before Auth0 is asked to', async () => {
    const started = await stage().start({ options: { partialPolicy: 'remove' } });
    const { handle } = started;
    await started.confirm(await started.texted());
    await handle.signal(messages.cancelEnrollment);
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    expect(await started.status()).toMatchObject({
      state: 'cancelled',
      factors: [{ state: 'removed', active: false }, { active: false }],
    });
    expect(await started.records()).toEqual([]);
    const { events } = await handle.fetchHistory();
    const remote = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(remote).toContain('deleteAuthenticator');
    await keep(started, 'undone');
  });

  test('of a tenant whose MFA grant is off fails by name, with the remedy and without a secret', async () => {
    const started = await stage().start();
    const code = await started.texted();
    await grants(standard);
    expect(await started.confirm(code)).toMatchObject({ result: 'unavailable', attemptsLeft: 5 });
    await expect(started.handle.result()).rejects.toMatchObject({
      cause: { type: 'Auth0Configuration', message: expect.stringContaining('Tick MFA') },
    });
    expect((await started.handle.describe()).status.name).toBe('FAILED');
    expect(await started.status()).toMatchObject({
      state: 'failed',
      lastProblem: { code: 'configuration', message: expect.stringContaining('Grant Types') },
      waitingFor: { who: 'operator', what: 'configuration' },
    });
    const events = (await started.handle.fetchHistory()).events ?? [];
    const last = historyToJSON({ events: events.slice(-1) });
    for (const secret of [code, stage().tenant.clientSecret, 'eyJhbGci', '14155550123']) {
      expect(last).not.toContain(secret);
    }
    await keep(started, 'failed');
  });

  test('whose run has had many messages goes on in a fresh run, and completes there', async () => {
    const started = await stage().start({ options: { messagesPerRun: 3 } });
    const { handle } = started;
    const code = await started.texted();
    expect(await started.confirm(otherThan(code))).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    const { runId } = await handle.describe();
    await handle.signal('nobodyKnowsThis');
    await handle.signal('nobodyKnowsThis');
    await started.until(() => true);
    expect(await started.confirm(code)).toMatchObject({ result: 'confirmed', attemptsLeft: 4 });
    expect((await handle.describe()).runId).not.toBe(runId);
    await keep(started, 'continues-as-new', runId);
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.texts()).toHaveLength(1);
    await keep(started, 'continued-as-new');
  });

  test('that was started by hand shows itself in the memo and in search attributes of its own making', async () => {
    const started = await stage().start();
    const { memo, attributes, startedAt, runId } = await started.shown();
    expect(memo).toEqual({
      [messages.caseMemo]: {
        version: 2,
        enrollment: expect.objectContaining({ state: 'awaiting_code', startedAt }),
        firstRunId: runId,
        tokenExpiresAt: expect.any(Number),
      },
    });
    expect(attributes).toEqual({
      MfaState: 'awaiting_code',
      MfaFactor: 'sms',
      MfaWaitingFor: 'user',
      MfaDeadline: new Date(startedAt + 72 * 3_600_000),
    });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.shown()).toMatchObject({
      status: 'COMPLETED',
      memo: { [messages.caseMemo]: { enrollment: { state: 'completed' } } },
      attributes: { MfaState: 'completed', MfaWaitingFor: 'nobody' },
    });
  });

  test('whose worker comes up late counts from the start of the run how long its token and it itself live', async () => {
    const { tenant } = stage();
    const userId = await tenant.newUser();
    await stage().stopWorker();
    const started = await stage().begin({
      userId,
      options: { opaqueTokens: 'accept' },
      token: { accessToken: await tenant.token(userId, { kind: 'mfa_token' }), expiresIn: 600 },
    });
    await stage().restartWorker();
    const { deadlines } = await started.awaits('sms');
    const { startedAt } = await started.shown();
    expect(deadlines.token).toBe(new Date(startedAt + 600_000).toISOString());
    expect(deadlines.enrollment).toBe(new Date(startedAt + 72 * 3_600_000).toISOString());
  });
});

describe('an enrollment over waits of seconds to days', () => {
  const stage = onStage('timeSkipping');

  test('takes the code of the text before, after a resend, and leaves one authenticator of each factor', async () => {
    const started = await stage().start();
    const { challenge: first } = await started.status();
    const earlier = await started.texted();
    await stage().later(31);
    const { challenge: second } = await started.resend();
    expect(second?.challengeId).not.toBe(first?.challengeId);
    expect(await started.confirm(earlier)).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
    await keep(started, 'resend');
  });

  test('whose number is changed a moment after a text says when it texts the new one, and does so by itself', async () => {
    const started = await stage().start();
    const codeOfOld = await started.texted();
    expect(await started.changeNumber()).toMatchObject({
      state: 'associating',
      phoneNumber: '•••••••••••50',
      lastProblem: { code: 'cooldown', retryAt: expect.any(String) },
      waitingFor: { who: 'nobody', what: 'cooldown' },
    });
    expect(await started.texts()).toHaveLength(1);
    await stage().later(31);
    await started.awaits('sms');
    expect((await started.texts()).map(({ to }) => to).at(-1)).toBe(otherNumber);
    expect(await started.records()).toEqual(['sms inactive']);
    expect(await started.confirm(codeOfOld)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
    expect(await started.finish()).toMatchObject({ state: 'completed', phoneNumber: '•••••••••••50' });
    expect(await started.records()).toEqual(['sms active', 'totp active']);
    await keep(started, 'number-changed');
  });

  test('takes the code of a number from another hand alone than the one that set it, whatever way the code comes', async () => {
    const [onboarding, agent, supervisor] = [{ caller: 'onboarding' }, { caller: 'support' }, { caller: 'desk' }];
    const started = await stage().start({ factors: ['sms'], startedBy: onboarding });
    const { handle } = started;
    const codeBy = (by: Actor, code: string) =>
      handle.executeUpdate(messages.confirmCode, { args: [{ factor: 'sms', code, by }] });
    await expect(codeBy(onboarding, await started.texted())).rejects.toMatchObject(refusal('second_person_needed'));
    await stage().later(31);
    await handle.executeUpdate(messages.changePhoneNumber, { args: [{ phoneNumber: otherNumber, by: agent }] });
    const code = await started.texted();
    await expect(codeBy(agent, code)).rejects.toMatchObject(refusal('second_person_needed'));
    await handle.signal(messages.submitBindingCode, { code, by: agent });
    await handle.signal(messages.submitBindingCode, code); // from a hand that nobody can tell
    expect(await started.until(({ lastProblem }) => lastProblem?.code === 'second_person_needed')).toMatchObject({
      state: 'awaiting_code',
      attemptsLeft: 5,
      phoneNumberChanges: 1,
      notices: [{ type: 'phone_number_changed' }],
    });
    await handle.signal(messages.submitBindingCode, { code, by: supervisor });
    expect(await handle.result()).toMatchObject({
      state: 'completed',
      notices: [{ type: 'phone_number_changed' }, { type: 'factor_confirmed', factor: 'sms' }],
    });
    expect((await started.confirms()).map(({ body }) => body['binding_code'])).toEqual([code]);
    const lines = await auditLines(handle.workflowId);
    expect(lines.map(({ action, result, hand }) => [action, result ?? hand])).toEqual([
      ['challenge_sent', undefined],
      ['phone_number_changed', 'support'],
      ['challenge_sent', undefined],
      ['code_result', 'second_person_needed'],
      ['code_result', 'second_person_needed'],
      ['code_result', 'confirmed'],
      ['settled', undefined],
    ]);
    await keep(started, 'two-hands');
  });

  test('is taken by its own user from their own number to the recovery code, which it waits for', async () => {
    const { tenant } = stage();
    await tenant.control('PUT', '/switches', { recoveryCodes: true });
    const userId = await tenant.newUser();
    const by: Actor = { caller: 'of-the-page', accountHolder: true };
    const started = await stage().start({
      ...{ userId, factors: ['sms'], startedBy: { caller: 'onboarding' } },
      token: { accessToken: 'of-nobody' },
      options: { recoveryCode: 'acknowledge' },
    });
    const { handle } = started;
    const accessToken = await tenant.token(userId);
    await handle.executeUpdate(messages.renewToken, {
      args: [{ accessToken, claim: 'page', shown: { phoneNumberChanges: 0 } }],
    });
    await stage().later(31);
    await handle.executeUpdate(messages.changePhoneNumber, {
      args: [{ phoneNumber: otherNumber, phoneNumberHash: 'of-the-other-number', by }],
    });
    expect(await started.status()).toMatchObject({ phoneNumberChanges: 1, consentedAt: expect.any(String) });
    const args: [messages.ConfirmCodeInput] = [{ factor: 'sms', code: await started.texted(), by }];
    expect(await handle.executeUpdate(messages.confirmCode, { args })).toMatchObject({ result: 'confirmed' });
    expect(await started.until(({ recoveryCodeDue }) => recoveryCodeDue === true)).toMatchObject({
      state: 'verifying',
      factors: [{ active: true }],
      waitingFor: { who: 'user', what: 'recovery_code' },
    });
    const { recoveryCode } = await handle.query(messages.challenge);
    expect(recoveryCode).toMatch(/^[A-Z0-9]{24}$/);
    await stage().later(3600);
    const saved = { args: [{ by }] } satisfies { args: [messages.AcknowledgeRecoveryCodeInput] };
    expect(await handle.executeUpdate(messages.acknowledgeRecoveryCode, saved)).toMatchObject({ state: 'completed' });
    expect(await handle.result()).toMatchObject({ state: 'completed' });
    expect(await handle.query(messages.challenge)).toEqual({ type: 'none' });
    const { searchAttributes: attributes } = await handle.describe();
    expect(attributes).toMatchObject({ MfaPhoneNumber: ['of-the-other-number'] });
    await keep(started, 'account-holder');
    await tenant.control('PUT', '/switches', { recoveryCodes: false });
  });

  test('whose token is over goes on at the same step when another one comes, days later', async () => {
    const started = await stage().start();
    await stage().later(26 * 3600);
    expect(await started.status()).toMatchObject({
      state: 'awaiting_token',
      lastProblem: { code: 'token_too_short' }, // when the code was over, it lived too short for another one
      waitingFor: { who: 'user', what: 'sign_in' },
    });
    const accessToken = await stage().tenant.token(started.userId);
    await started.handle.signal(messages.provideToken, { accessToken });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect([(await started.texts()).length, await started.records()]).toEqual([2, ['sms active', 'totp active']]);
    await keep(started, 'renewal');
  });

  test('whose first text is lost on the way back sends another one after the cool-down, and leaves nothing over', async () => {
    const userId = await stage().tenant.newUser();
    await stage().tenant.fault({ userId, route: 'POST /mfa/associate', type: 'resetAfter' });
    const started = await stage().start({ userId });
    expect(await started.status()).toMatchObject({ state: 'associating', waitingFor: { what: 'cooldown' } });
    expect(await started.finish()).toMatchObject({ state: 'completed', textsLeft: 8 });
    expect([(await started.texts()).length, await started.records()]).toEqual([2, ['sms active', 'totp active']]);
    await keep(started, 'lost-associate');
  });

  test('with one factor when its time is over is partial, which is no failure', async () => {
    const started = await stage().start({ options: { lifetimeSeconds: 300 } });
    await started.confirm(await started.texted());
    await started.awaits('otp');
    await stage().later(300);
    expect(await started.handle.result()).toMatchObject({
      state: 'partial',
      factors: [{ active: true }, { active: false }],
    });
    expect((await started.handle.describe()).status.name).toBe('COMPLETED');
    expect(await started.records()).toEqual(['sms active']);
    await keep(started, 'partial');
  });

  test('that nobody answers expires after 72 hours, which is no failure', async () => {
    const started = await stage().start();
    await stage().later(72 * 3600);
    const ended = await started.handle.result();
    expect(ended).toMatchObject({ state: 'expired', factors: [{ active: false }, { active: false }] });
    expect(Date.parse(ended.endedAt ?? '') - Date.parse(ended.startedAt)).toBeGreaterThanOrEqual(72 * 3_600_000);
    expect((await started.handle.describe()).status.name).toBe('COMPLETED');
    await keep(started, 'expired');
  });
});
