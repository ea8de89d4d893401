import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import * as messages from '../../src/workflows/messages';
import { otherThan, startStage, type Case, type Stage } from './support';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('real');
});
afterEach(async () => {
  await stage.tenant.control('DELETE', '/faults');
  await stage.tenant.control('PUT', '/switches', { authenticatorLimit: 51 });
});
afterAll(() => stage.close());

const closed = async ({ handle }: Case) => {
  await handle.result().catch(() => undefined);
  return (await handle.describe()).status.name;
};

describe('a case that is cancelled', () => {
  const ways = {
    'by signal': ({ handle }: Case) => handle.signal(messages.cancelEnrollment, { reason: 'left the company' }),
    'by a client': ({ handle }: Case) => handle.cancel(),
  };

  test.each(Object.entries(ways))(
    '%s, closes as Canceled and leaves the user as it found them',
    async (_name, cancel) => {
      const userId = await stage.tenant.newUser();
      await stage.tenant.associateSms(await stage.tenant.token(userId));
      await stage.tenant.withOtp(userId);
      const started = await stage.start({ userId });
      expect(await started.records()).toEqual(['sms inactive', 'totp active', 'sms inactive']);
      await cancel(started);
      expect(await closed(started)).toBe('CANCELLED');
      expect(await started.records()).toEqual(['sms inactive', 'totp active']);
    },
  );

  test('while a text is on its way, waits for the answer and removes its record', async () => {
    await stage.tenant.fault({ route: 'POST /mfa/associate', type: 'delay', ms: 3_000, when: 'after' });
    const started = await stage.begin();
    while ((await started.texts()).length === 0) await sleep(20);
    await started.handle.cancel();
    expect(await closed(started)).toBe('CANCELLED');
    expect(await started.records()).toEqual([]);
  });

  test('while the last code is asked about, is completed: it has come to be true', async () => {
    const started = await stage.start({ factors: ['sms'] });
    await stage.tenant.fault({ route: 'POST /oauth/token', type: 'delay', ms: 3_000, when: 'after' });
    await started.handle.signal(messages.submitBindingCode, await started.texted());
    await started.until(({ state }) => state === 'confirming');
    await started.handle.signal(messages.cancelEnrollment);
    expect([await closed(started), (await started.status()).state]).toEqual(['COMPLETED', 'completed']);
  });

  test('answers every code that waits, and asks about none of them any more', async () => {
    const started = await stage.start();
    await stage.tenant.fault({ route: 'POST /oauth/token', type: 'delay', ms: 3_000, when: 'after' });
    const code = await started.texted();
    const wrong = started.confirm(otherThan(code));
    await started.until(({ state }) => state === 'confirming');
    const right = await started.handle.startUpdate(messages.confirmCode, {
      args: [{ factor: 'sms', code }],
      waitForStage: 'ACCEPTED',
    });
    await started.handle.cancel();
    expect([(await wrong).result, (await right.result()).result]).toEqual(['rejected', 'expired']);
    expect([await closed(started), (await started.confirms()).length]).toEqual(['CANCELLED', 1]);
  });
});

describe('a case whose time is over', () => {
  const options = { lifetimeSeconds: 4 };

  test('with one factor and the policy to keep, is partial and keeps it', async () => {
    const started = await stage.start({ options: { ...options, partialPolicy: 'keep' } });
    await started.confirm(await started.texted());
    expect(await started.handle.result()).toMatchObject({
      state: 'partial',
      factors: [{ active: true }, { active: false }],
    });
    expect([await closed(started), await started.records()]).toEqual(['COMPLETED', ['sms active']]);
  });

  test('with one factor and the policy to remove, is expired and has removed it', async () => {
    const started = await stage.start({ options: { ...options, partialPolicy: 'remove' } });
    await started.confirm(await started.texted());
    expect(await started.handle.result()).toMatchObject({
      state: 'expired',
      factors: [{ state: 'removed', active: false }, {}],
    });
    expect([await closed(started), await started.records()]).toEqual(['COMPLETED', []]);
  });

  test('with the policy to remove, keeps the factor that the user had before', async () => {
    const userId = await stage.tenant.newUser();
    await stage.tenant.withOtp(userId);
    const started = await stage.start({ userId, options: { ...options, partialPolicy: 'remove' } });
    expect(await started.handle.result()).toMatchObject({
      state: 'partial',
      factors: [{ active: false }, { active: true }],
    });
    expect(await started.records()).toEqual(['totp active']);
  });

  test('with the policy to remove, keeps a factor that was made active elsewhere meanwhile', async () => {
    const started = await stage.start({ options: { ...options, partialPolicy: 'remove' } });
    await stage.tenant.withSms(started.userId);
    expect(await started.handle.result()).toMatchObject({ state: 'partial', factors: [{ active: true }, {}] });
    expect(await started.records()).toEqual(['sms active']);
  });

  test('with nothing, is expired and leaves no record', async () => {
    const started = await stage.start({ options });
    expect(await started.handle.result()).toMatchObject({ state: 'expired' });
    expect([await closed(started), await started.records()]).toEqual(['COMPLETED', []]);
  });
});

describe('a closed door', () => {
  test('the MFA grant is off: the case fails by name, with the remedy and without a secret', async () => {
    const { tenant } = stage;
    const started = await stage.start();
    const code = await started.texted();
    const allowed = (grantTypes: readonly string[]) =>
      tenant.control('PATCH', `/clients/${tenant.clientId}`, { grantTypes });
    await allowed(['authorization_code', 'refresh_token']);
    const answer = await started
      .confirm(code)
      .finally(() =>
        allowed([
          'authorization_code',
          'refresh_token',
          ...['mfa-oob', 'mfa-otp'].map((grant) => `http://auth0.com/oauth/grant-type/${grant}`),
        ]),
      );
    expect(answer).toMatchObject({ result: 'unavailable', attemptsLeft: 5 });
    const failure = await started.handle.result().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      cause: { type: 'Auth0Configuration', message: expect.stringContaining('Tick MFA') },
    });
    expect(await started.status()).toMatchObject({
      state: 'failed',
      lastProblem: { code: 'configuration', message: expect.stringContaining('Grant Types') },
    });
    const events = (await started.handle.fetchHistory()).events ?? [];
    const last = historyToJSON({ events: events.slice(-1) });
    for (const secret of [code, tenant.clientSecret, 'eyJhbGci', '14155550123']) expect(last).not.toContain(secret);
  });

  test('the user has as many records as Auth0 keeps: named, no text counted, and it goes on when some are gone', async () => {
    const { tenant } = stage;
    const userId = await tenant.newUser();
    const token = await tenant.token(userId);
    await tenant.switches({ authenticatorLimit: 3 });
    for (let made = 0; made < 3; made += 1) await tenant.associateOtp(token);
    const started = await stage.start({ userId });
    expect(await started.status()).toMatchObject({
      state: 'associating',
      textsLeft: 10,
      lastProblem: { code: 'authenticator_limit', message: expect.stringContaining('51') },
      nextAction: expect.stringContaining('POST …/resend'),
    });
    for (const { id } of (await tenant.list(token)).slice(1)) await tenant.remove(token, id);
    expect(await started.handle.executeUpdate(messages.resend)).toMatchObject({ state: 'awaiting_code' });
    expect(await started.finish()).toMatchObject({ state: 'completed' });
    expect(await started.records()).toEqual(['totp inactive', 'sms active', 'totp active']);
  });

  test('the user comes near that wall: the case goes on and says so', async () => {
    const userId = await stage.tenant.newUser();
    const token = await stage.tenant.token(userId);
    for (let made = 0; made < 45; made += 1) await stage.tenant.associateOtp(token);
    const started = await stage.start({ userId });
    expect(await started.status()).toMatchObject({
      state: 'awaiting_code',
      lastProblem: { code: 'authenticator_limit' },
    });
  });
});
