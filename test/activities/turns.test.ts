import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Activities } from '../../src/activities';
import type { PacedCall } from '../../src/auth0/pace';
import { paced } from '../../src/auth0/paced';
import { failureTypes } from '../../src/enrollment/failures';
import { activitiesOf, activityNames, auth0That, calls, refusal, secrets, userId } from './stage';

const logger = new DefaultLogger('ERROR', () => undefined);

/** The turn that the first call of an activity asks for, and gets none. */
async function turnOf(call: (activities: Activities) => Promise<unknown>, isLocal: boolean): Promise<PacedCall> {
  const asked: PacedCall[] = [];
  const pace = {
    async admit(turn: PacedCall) {
      asked.push(turn);
      return { type: 'refused', retryAfterMs: 1_234 } as const;
    },
  };
  const { mfa, asked: sent } = auth0That(refusal({ verdict: 'unexpected' }));
  const activities = activitiesOf(paced(mfa, pace));
  const attempt = new MockActivityEnvironment({ isLocal }, { logger }).run(() => call(activities));
  await expect(attempt).rejects.toMatchObject({
    type: failureTypes.throttled,
    nextRetryDelay: 1_234,
    nonRetryable: false,
  });
  expect(sent).toEqual([]);
  const [turn] = asked;
  if (turn === undefined) throw new Error('expected a call to ask for its turn');
  return turn;
}

test.each(activityNames)(
  '%s waits for its turn for a moment inside a workflow task, and for seconds elsewhere',
  async (name) => {
    const local = await turnOf(calls[name], true);
    expect(local.waitMs).toBeGreaterThan(0);
    expect(local.waitMs).toBeLessThanOrEqual(500);
    const remote = await turnOf(calls[name], false);
    expect(remote.waitMs).toBeGreaterThan(1_000);
    expect(remote.waitMs).toBeLessThanOrEqual(5_000); // leaves time for the calls themselves
  },
);

test('a deletion is background work, as is a reading that is said to be; a person waits for everything else', async () => {
  const priorities = await Promise.all(
    activityNames.map(async (name) => [name, (await turnOf(calls[name], false)).priority]),
  );
  expect(Object.fromEntries(priorities)).toEqual({
    listAuthenticators: 'interactive',
    associate: 'interactive',
    confirm: 'interactive',
    deleteAuthenticator: 'background',
    refreshToken: 'interactive',
  });
  const input = { userId, accessToken: secrets.accessToken };
  const told = await turnOf((activities) => activities.listAuthenticators(input, 'background'), false);
  expect(told.priority).toBe('background');
});
