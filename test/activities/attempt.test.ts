import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { attemptMs, withinAttempt } from '../../src/activities/attempt';
import type { MfaClient } from '../../src/auth0/mfa';
import { activitiesOf, auth0That, calls, environment, refusal, runIn } from './stage';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** An Auth0 that answers no call before its signal is aborted, but for the readings that are let through. */
function silentAuth0({ readings }: { readings: 'answered' | 'silent' }) {
  const signals: AbortSignal[] = [];
  const never = (signal: AbortSignal | undefined) =>
    new Promise<never>((_resolve, reject) => {
      if (signal === undefined) throw new Error('a call without a signal');
      signals.push(signal);
      signal.addEventListener('abort', () => reject(refusal({ verdict: 'ambiguous' })));
    });
  const own: Partial<MfaClient> = {
    associate: (_token, _request, signal) => never(signal),
    confirm: (_token, _proof, signal) => never(signal),
    listAuthenticators: (_token, signal) => {
      if (readings === 'silent') return never(signal);
      if (signal !== undefined) signals.push(signal);
      return new Promise((resolve) => setTimeout(() => resolve([]), 8_000));
    },
    deleteAuthenticator: (_token, _id, signal) => never(signal),
    refresh: (_token, signal) => never(signal),
  };
  return { ...auth0That(refusal({ verdict: 'pending' }), own), signals };
}

describe.each(['associate', 'confirm'] as const)('the two calls of a second attempt of %s', (name) => {
  test('share one time: the second call has only what the first has left', async () => {
    const { mfa, asked, signals } = silentAuth0({ readings: 'answered' });
    const outcome = runIn<object>(environment(2), () => calls[name](activitiesOf(mfa))).catch(
      (error: unknown) => error,
    );
    await jest.advanceTimersByTimeAsync(8_000);
    expect(asked).toEqual(['listAuthenticators', name]);
    expect(new Set(signals).size).toBe(1);
    await jest.advanceTimersByTimeAsync(attemptMs - 8_000 - 1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await outcome).toMatchObject({ type: 'Auth0Ambiguous' });
  });
});

test.each(['listAuthenticators', 'associate', 'confirm', 'deleteAuthenticator', 'refreshToken'] as const)(
  '%s gives up before Temporal starts the next attempt, 15 seconds after this one',
  async (name) => {
    const { mfa, signals } = silentAuth0({ readings: 'silent' });
    const outcome = runIn<object>(environment(), () => calls[name](activitiesOf(mfa))).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(14_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await outcome).toBeInstanceOf(Error);
  },
);

test('an attempt that is told to stop hands the reason on to the call under way', async () => {
  const own = environment();
  let reason: unknown;
  const work = runIn(own, () =>
    withinAttempt(
      (signal) =>
        new Promise<string>((resolve) =>
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            resolve('stopped');
          }),
        ),
    ),
  );
  own.cancel('WORKER_SHUTDOWN');
  expect(await work).toBe('stopped');
  expect(reason).toMatchObject({ message: 'WORKER_SHUTDOWN' });
});

test('an attempt that was told to stop before it began gives its calls an aborted signal', async () => {
  const own = environment();
  own.cancel('WORKER_SHUTDOWN');
  expect(await runIn(own, () => withinAttempt(async ({ aborted }) => aborted))).toBe(true);
});

test.each([
  ['answers', async () => 'done'],
  ['fails', () => Promise.reject(new Error('a fault'))],
])('an attempt that %s leaves no timer behind', async (_how, work) => {
  await runIn<unknown>(environment(), () => withinAttempt(work)).catch(() => undefined);
  expect(jest.getTimerCount()).toBe(0);
});
