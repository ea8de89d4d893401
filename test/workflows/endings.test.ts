import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as messages from '../../src/workflows/messages';
import { onStage, otherThan, type Case } from './support';

const stage = onStage('real');
afterEach(() => stage().tenant.control('PUT', '/switches', { authenticatorLimit: 51 }));

const closed = async ({ handle }: Case) => {
  await handle.result().catch(() => undefined);
  return (await handle.describe()).status.name;
};

describe('an enrollment that is cancelled', () => {
  const ways = {
    'by signal': ({ handle }: Case) => handle.signal(messages.cancelEnrollment, { reason: 'left the company' }),
    'by a client': ({ handle }: Case) => handle.cancel(),
  };

  test.each(Object.entries(ways))(
    '%s, closes as Canceled and leaves the user as it found them',
    async (_name, cancel) => {
      const userId = await stage().tenant.newUser();
      await stage().tenant.associateSms(await stage().tenant.token(userId));
      await stage().tenant.withOtp(userId);
      const started = await stage().start({ userId });
      expect(await started.records()).toEqual(['sms inactive', 'totp active', 'sms inactive']);
      await cancel(started);
      expect(await closed(started)).toBe('CANCELLED');
      expect(await started.records()).toEqual(['sms inactive', 'totp active']);
    },
  );

  test('under the policy to remove takes its own factor back, and not the one that the user had before', async () => {
    const userId = await stage().tenant.newUser();
    await stage().tenant.withOtp(userId);
    const started = await stage().start({
      userId,
      factors: ['sms', 'otp', 'email'],
      options: { partialPolicy: 'remove' },
    });
    await started.confirm(await started.texted());
    expect(await started.records()).toEqual(['totp active', 'sms active']);
    await started.handle.signal(messages.cancelEnrollment);
    expect(await closed(started)).toBe('CANCELLED');
    expect(await started.status()).toMatchObject({
      state: 'cancelled',
      factors: [{ state: 'removed', active: false }, { alreadyActive: true, active: true }, { active: false }],
    });
    expect(await started.records()).toEqual(['totp active']);
  });

  test('while a text is on its way, waits for the answer and removes its authenticator', async () => {
    const userId = await stage().tenant.newUser();
    await stage().tenant.fault({ userId, route: 'POST /mfa/associate', type: 'delay', ms: 2_000, when: 'after' });
    const started = await stage().begin({ userId });
    while ((await started.texts()).length === 0) await sleep(20); // the test's own time limit ends it
    await started.handle.cancel();
    expect(await closed(started)).toBe('CANCELLED');
    expect(await started.records()).toEqual([]);
  });

  test('while the last code is asked about, is completed: it has come to be true', async () => {
    const started = await stage().start({ factors: ['sms'], options: { localFirst: false } });
    await started.fault({ route: 'POST /oauth/token', type: 'delay', ms: 2_000, when: 'after' });
    await started.handle.signal(messages.submitBindingCode, await started.texted());
    await started.until(({ state }) => state === 'confirming');
    await started.handle.signal(messages.cancelEnrollment);
    expect([await closed(started), (await started.status()).state]).toEqual(['COMPLETED', 'completed']);
  });

  test('answers every code that waits, and asks about none of them any more', async () => {
    const started = await stage().start({ options: { localFirst: false } });
    await started.fault({ route: 'POST /oauth/token', type: 'delay', ms: 2_000, when: 'after' });
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

test('a user with as many authenticators as Auth0 keeps: named, no text counted, and it goes on when some are gone', async () => {
  const { tenant } = stage();
  const userId = await tenant.newUser();
  const token = await tenant.token(userId);
  await tenant.switches({ authenticatorLimit: 3 });
  for (let made = 0; made < 3; made += 1) await tenant.associateOtp(token);
  const started = await stage().start({ userId });
  expect(await started.status()).toMatchObject({
    state: 'associating',
    textsLeft: 10,
    lastProblem: { code: 'authenticator_limit', message: expect.stringContaining('51') },
    waitingFor: { who: 'operator', what: 'delete_authenticators' },
    nextAction: expect.stringContaining('POST …/resend'),
  });
  for (const { id } of (await tenant.list(token)).slice(1)) await tenant.remove(token, id);
  expect(await started.resend()).toMatchObject({ state: 'awaiting_code' });
  expect(await started.finish()).toMatchObject({ state: 'completed' });
  expect(await started.records()).toEqual(['totp inactive', 'sms active', 'totp active']);
});
