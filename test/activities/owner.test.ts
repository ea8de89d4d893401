import { describe, expect, test } from '@jest/globals';
import type { MfaClient } from '../../src/auth0/mfa';
import { activitiesOf, activityNames, auth0That, calls, environment, refusal, runIn, tokenOf, userId } from './stage';

const answering: Partial<MfaClient> = {
  associate: () => Promise.resolve({ type: 'oob', oobCode: 'oob' }),
  confirm: () => Promise.resolve({ accessToken: tokenOf(userId), expiresIn: 600, scope: [] }),
  listAuthenticators: () => Promise.resolve([]),
  deleteAuthenticator: () => Promise.resolve(),
};
const opaque = 'Fe26.2*opaque';

/** The activities that are called with an access token. */
const owned = activityNames.filter((name) => name !== 'refreshToken');

async function outcomeOf(
  name: (typeof owned)[number],
  accessToken: string,
  rule: 'refuse' | 'accept',
  attempt: number,
) {
  const { mfa, asked } = auth0That(refusal({ verdict: 'pending' }), answering);
  const outcome = await runIn<object>(environment(attempt), () => calls[name](activitiesOf(mfa, rule), accessToken));
  return { outcome, asked };
}

describe.each([1, 2])('attempt %i', (attempt) => {
  test.each(owned)(
    'of %s with a token of another user asks Auth0 nothing, whatever the rule for opaque ones',
    async (name) => {
      for (const rule of ['refuse', 'accept'] as const) {
        const { outcome, asked } = await outcomeOf(name, tokenOf('auth0|other'), rule, attempt);
        expect(outcome).toEqual({ kind: 'token_refused', problem: 'token_of_another_user' });
        expect(asked).toEqual([]);
      }
    },
  );

  test.each(owned)('of %s with a token whose user cannot be read asks Auth0 nothing', async (name) => {
    const { outcome, asked } = await outcomeOf(name, opaque, 'refuse', attempt);
    expect(outcome).toEqual({ kind: 'token_refused', problem: 'token_unreadable' });
    expect(asked).toEqual([]);
  });

  test.each(owned)('of %s uses such a token where the installation accepts it', async (name) => {
    const { outcome, asked } = await outcomeOf(name, opaque, 'accept', attempt);
    expect(outcome).not.toMatchObject({ kind: 'token_refused' });
    expect(asked).toContain(name);
  });
});

describe('a refreshed token', () => {
  const refreshed = async (accessToken: string, rule: 'refuse' | 'accept') => {
    const { mfa } = auth0That(refusal({ verdict: 'pending' }), {
      refresh: () => Promise.resolve({ accessToken, expiresIn: 600, refreshToken: 'next', scope: [] }),
    });
    return runIn<object>(environment(), () => calls.refreshToken(activitiesOf(mfa, rule)));
  };

  test.each(['refuse', 'accept'] as const)('of another user is not handed on (opaque tokens: %s)', async (rule) => {
    const outcome = await refreshed(tokenOf('auth0|other'), rule);
    expect(outcome).toEqual({ kind: 'foreign', problem: 'token_of_another_user' });
  });

  test('whose user cannot be read is handed on only where the installation accepts it', async () => {
    expect(await refreshed(opaque, 'refuse')).toEqual({ kind: 'foreign', problem: 'token_unreadable' });
    expect(await refreshed(opaque, 'accept')).toMatchObject({ kind: 'refreshed', token: { accessToken: opaque } });
  });
});
