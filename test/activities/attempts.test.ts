import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { Auth0Verdict } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Authenticator } from '../../src/factors';
import { activitiesOf, auth0That, calls, environment, refusal, runIn, secrets } from './stage';

const sms = (id: string, active: boolean): Authenticator => ({
  id,
  authenticatorType: 'oob',
  oobChannel: 'sms',
  active,
});
const totp: Authenticator = { id: 'totp|dev_new', authenticatorType: 'otp', active: true };

const working: Partial<MfaClient> = {
  associate: () => Promise.resolve({ type: 'oob', oobCode: 'oob' }),
  confirm: () => Promise.resolve({ accessToken: 'next', expiresIn: 600, scope: [] }),
};

/** One call at this attempt, where Auth0 lists these authenticators: what became of it, and what Auth0 was asked. */
async function at(attempt: number, name: 'associate' | 'confirm', listed: readonly Authenticator[] | Auth0Verdict) {
  const { mfa, asked } = auth0That(
    refusal({ verdict: typeof listed === 'string' ? listed : 'pending', retryAfterMs: 20_000 }),
    typeof listed === 'string' ? working : { ...working, listAuthenticators: () => Promise.resolve(listed) },
  );
  const outcome: unknown = await runIn<object>(environment(attempt), () => calls[name](activitiesOf(mfa))).catch(
    (error: unknown) => error,
  );
  return { outcome, asked };
}

describe('the first attempt', () => {
  test.each(['associate', 'confirm'] as const)('of %s asks at once', async (name) => {
    expect((await at(1, name, [sms('sms|dev_new', true)])).asked).toEqual([name]);
  });
});

describe.each([2, 3, 6])('attempt %i of associate', (attempt) => {
  test.each([
    ['nothing', []],
    ['only what the user had', [sms('sms|dev_known', false)]],
    ['only an authenticator of another factor', [totp]],
  ])('asks when the list shows %s', async (_what, listed) => {
    const { outcome, asked } = await at(attempt, 'associate', listed);
    expect(outcome).toMatchObject({ kind: 'associated' });
    expect(asked).toEqual(['listAuthenticators', 'associate']);
  });

  test.each([false, true])('asks no more when the list shows a new authenticator, active: %p', async (active) => {
    const { outcome, asked } = await at(attempt, 'associate', [sms('sms|dev_new', active)]);
    expect(outcome).toMatchObject({ type: 'Auth0Ambiguous', nonRetryable: true });
    expect(asked).toEqual(['listAuthenticators']);
  });
});

describe.each([2, 3, 6])('attempt %i of confirm', (attempt) => {
  test.each([
    ['nothing', []],
    ['the authenticator unconfirmed', [sms('sms|dev_new', false)]],
    ['only what was active before', [sms('sms|dev_known', true)]],
    ['only another factor active', [totp]],
  ])('asks when the list shows %s', async (_what, listed) => {
    const { outcome, asked } = await at(attempt, 'confirm', listed);
    expect(outcome).toMatchObject({ kind: 'accepted', token: { accessToken: 'next' } });
    expect(asked).toEqual(['listAuthenticators', 'confirm']);
  });

  test('spends the code no second time when the list shows the factor active', async () => {
    const { outcome, asked } = await at(attempt, 'confirm', [sms('sms|dev_new', true)]);
    expect(outcome).toEqual({ kind: 'accepted' });
    expect(asked).toEqual(['listAuthenticators']);
  });
});

describe('a later attempt that cannot look', () => {
  test.each([
    ['associate', 'unreachable', false],
    ['associate', 'throttled', false],
    ['associate', 'unexpected', true],
    ['associate', 'denied', true],
    ['associate', 'token_expired', true],
    ['associate', 'token_wrong_kind', true],
    ['confirm', 'unreachable', false],
    ['confirm', 'throttled', false],
    ['confirm', 'unexpected', true],
    ['confirm', 'denied', true],
  ] as const)(
    '%s, on %s: sends nothing and says that the step may have had its effect',
    async (name, verdict, last) => {
      const { outcome, asked } = await at(2, name, verdict);
      expect(outcome).toMatchObject({ type: 'Auth0Ambiguous', nonRetryable: last, nextRetryDelay: 20_000 });
      expect(asked).toEqual(['listAuthenticators']);
    },
  );

  test.each(['token_expired', 'token_wrong_kind'] as const)('confirm, on %s: the token is refused', async (verdict) => {
    const { outcome, asked } = await at(2, 'confirm', verdict);
    expect(outcome).toMatchObject({ kind: 'token_refused' });
    expect(asked).toEqual(['listAuthenticators']);
  });

  test.each(['associate', 'confirm'] as const)('%s, at a misconfigured tenant: fails by its name', async (name) => {
    expect((await at(2, name, 'configuration')).outcome).toMatchObject({ type: 'Auth0Configuration' });
  });

  test.each(['associate', 'confirm'] as const)('%s: the failure holds nothing secret', async (name) => {
    const shown = inspect((await at(2, name, 'unreachable')).outcome, { depth: Infinity, showHidden: true });
    for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret);
  });
});
