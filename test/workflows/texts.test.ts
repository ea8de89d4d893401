import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as messages from '../../src/workflows/messages';
import { otherThan, phoneNumber, startStage, type Case, type Stage } from './support';

// On the time-skipping server: between two texts lie 30 s, and after the tenth an hour.
let stage: Stage;
beforeAll(async () => {
  stage = await startStage('timeSkipping');
});
afterAll(() => stage.close());

const cooledDown = () => stage.later(31);
const resend = ({ handle }: Case) => handle.executeUpdate(messages.resend);
const changeNumber = ({ handle }: Case, to: string) =>
  handle.executeUpdate(messages.changePhoneNumber, { args: [{ phoneNumber: to }] });
const refusal = (type: string) => ({ cause: expect.objectContaining({ type }) });

/** A case whose token outlives every test. */
async function startLongCase({ resting } = { resting: true }): Promise<Case> {
  const userId = await stage.tenant.newUser();
  const expiresIn = 86_400;
  const token = { accessToken: await stage.tenant.token(userId, { expiresIn }), expiresIn };
  return resting ? stage.start({ userId, token }) : stage.begin({ userId, token });
}

test('a second text too soon is refused with the time of the next one, and nothing is sent', async () => {
  const started = await stage.start();
  const refused = await resend(started).catch((error: unknown) => error);
  expect(refused).toMatchObject({ cause: { type: 'resend_too_soon', details: [{ attemptsLeft: 5, factor: 'sms' }] } });
  const { retryAfter } = (refused as { cause: { details: [{ retryAfter: number }] } }).cause.details[0];
  expect([retryAfter > 0, retryAfter <= 30]).toEqual([true, true]);
  await started.handle.signal(messages.resendCode);
  const { lastProblem, nextTextAt } = await started.until((now) => now.lastProblem !== undefined);
  expect(lastProblem).toMatchObject({ code: 'resend_too_soon', retryAt: nextTextAt });
  expect(await started.texts()).toHaveLength(1);
});

test('after a resend the code of the text before still works, asked about after the newest, and its record alone stays', async () => {
  const started = await stage.start();
  const earlier = await started.texted();
  const { challenge: first } = await started.status();
  await cooledDown();
  const { challenge: second } = await resend(started);
  expect(second?.challengeId).not.toBe(first?.challengeId);
  expect(await started.confirm(earlier)).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  const asked = (await started.confirms()).map(({ status, body }) => [status, body['binding_code']]);
  expect(asked).toEqual([
    [403, earlier],
    [200, earlier],
  ]);
  const oobCodes = (await started.confirms()).map(({ body }) => body['oob_code']);
  expect(new Set(oobCodes).size).toBe(2);
  expect(await started.finish()).toMatchObject({ state: 'completed' });
  expect(await started.records()).toEqual(['sms active', 'totp active']);
});

test('a resend gives no attempt back', async () => {
  const started = await stage.start();
  const code = await started.texted();
  await started.confirm(otherThan(code, 1));
  expect(await started.confirm(otherThan(code, 2))).toMatchObject({ result: 'rejected', attemptsLeft: 3 });
  await cooledDown();
  expect(await resend(started)).toMatchObject({ state: 'awaiting_code', attemptsLeft: 3 });
});

test('a code that names a challenge answers that one alone: the one before costs nothing more, an older one is refused', async () => {
  const started = await stage.start();
  const codes = [await started.texted()];
  const ids = [(await started.status()).challenge?.challengeId];
  for (let resends = 1; resends <= 2; resends += 1) {
    await cooledDown();
    ids.push((await resend(started)).challenge?.challengeId);
    codes.push(await started.texted());
  }
  const [oldest = '', before = ''] = codes;
  await expect(started.confirm(oldest, 'sms', ids[0])).rejects.toMatchObject(refusal('stale_challenge'));
  await started.handle.signal(messages.submitBindingCode, { code: oldest, challengeId: ids[0] });
  expect(await started.confirm(before, 'sms', ids[1])).toMatchObject({ result: 'confirmed', attemptsLeft: 5 });
  expect((await started.confirms()).map(({ body }) => body['binding_code'])).toEqual([before]);
});

test('another number is texted at once, shown masked, and nothing of the old one stays or works', async () => {
  const started = await stage.start();
  const codeOfOld = await started.texted();
  const changed = await changeNumber(started, '+442071838750');
  expect(changed).toMatchObject({ state: 'awaiting_code', phoneNumber: '•••••••••••50' });
  expect(changed.challenge).toMatchObject({ phoneNumber: '•••••••••••50' });
  expect((await started.texts()).map(({ to }) => to)).toEqual([phoneNumber, '+442071838750']);
  expect(await started.records()).toEqual(['sms inactive']);
  expect(await started.confirm(codeOfOld)).toMatchObject({ result: 'rejected', attemptsLeft: 4 });
  expect(await started.finish()).toMatchObject({ state: 'completed', phoneNumber: '•••••••••••50' });
  expect(await started.records()).toEqual(['sms active', 'totp active']);
});

test('a number given while the app is asked about leaves that challenge alone, and is texted in its turn', async () => {
  const started = await stage.start({ factors: ['otp', 'sms'] });
  const { challenge } = await started.status();
  const changed = await changeNumber(started, '+442071838750');
  expect(changed).toMatchObject({ state: 'awaiting_code', challenge, phoneNumber: '•••••••••••50' });
  expect(await started.finish()).toMatchObject({ state: 'completed' });
  expect((await started.texts()).map(({ to }) => to)).toEqual(['+442071838750']);
});

test('the eleventh text is refused before Auth0 is asked, with the time of the next, and goes out then', async () => {
  const started = await startLongCase();
  for (let texts = 2; texts <= 10; texts += 1) {
    await cooledDown();
    await resend(started);
  }
  expect(await started.status()).toMatchObject({ textsLeft: 0, attemptsLeft: 5 });
  await cooledDown();
  const refused = await resend(started).catch((error: unknown) => error);
  expect(refused).toMatchObject({ cause: { type: 'too_many_texts' } });
  await expect(changeNumber(started, '+442071838750')).rejects.toMatchObject(refusal('too_many_texts'));
  await started.handle.signal(messages.resendCode);
  const { lastProblem } = await started.until((now) => now.lastProblem !== undefined);
  expect(lastProblem).toMatchObject({ code: 'too_many_texts', retryAt: expect.any(String) });
  expect([await started.texts(), await started.associates()].map(({ length }) => length)).toEqual([10, 10]);

  const { retryAfter } = (refused as { cause: { details: [{ retryAfter: number }] } }).cause.details[0];
  await stage.later(retryAfter);
  expect(await resend(started)).toMatchObject({ state: 'awaiting_code', textsLeft: 0 });
  expect(await started.texts()).toHaveLength(11);
});

test('an outage costs no text, however long it is', async () => {
  await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'rateLimited', retryAfter: 30, count: -1 });
  const started = await startLongCase({ resting: false });
  while ((await started.associates()).length < 12) await stage.later(60);
  expect(await started.status()).toMatchObject({ state: 'associating', lastProblem: { code: 'auth0_unavailable' } });
  await stage.tenant.control('DELETE', '/faults');
  await stage.later(60);
  expect(await started.awaits('sms')).toMatchObject({ textsLeft: 9 });
  expect(await started.texts()).toHaveLength(1);
});

test('a number that cannot be texted costs no text, and another may follow at once', async () => {
  const userId = await stage.tenant.newUser();
  const started = await stage.start({ userId, phoneNumber: '+123456' });
  expect(await started.status()).toMatchObject({
    state: 'associating',
    textsLeft: 10,
    lastProblem: { code: 'phone_number_invalid' },
    nextAction: expect.stringContaining('changePhoneNumber'),
  });
  expect(await changeNumber(started, phoneNumber)).toMatchObject({ state: 'awaiting_code', textsLeft: 9 });
});
