import { describe, expect, test } from '@jest/globals';
import { countOf, outcomeLabels, restAt, type RestOver } from '../../src/enrollment/metrics';
import { inState, now } from './samples';
import { createWorld } from './world';

describe('what is counted', () => {
  test('a code by its factor and result, and nothing that names a challenge or a hand', () => {
    const hand = { hand: 'caller-hash', handPerson: 'person-hash' };
    expect(
      countOf({ action: 'code_result', factor: 'sms', result: 'rejected', challengeId: 'c1', sealed: true, ...hand }),
    ).toEqual({ metric: 'code', labels: { factor: 'sms', result: 'rejected' } });
    expect(countOf({ action: 'code_result', result: 'expired', sealed: false })?.labels).toEqual({
      factor: 'none',
      result: 'expired',
    });
  });

  test('a challenge by its factor, a token by what became of it', () => {
    expect(countOf({ action: 'challenge_sent', factor: 'voice', challengeId: 'c1' })).toEqual({
      metric: 'challenge',
      labels: { factor: 'voice' },
    });
    expect(countOf({ action: 'token_taken', consent: true })).toEqual({ metric: 'token', labels: { result: 'taken' } });
    expect(countOf({ action: 'token_refused', why: 'token_of_another_user' })?.labels).toEqual({
      result: 'token_of_another_user',
    });
  });

  test('the end by its outcome, and a failure by the type that the run closes with', () => {
    const { case: open } = createWorld();
    expect(outcomeLabels({ ...open, enrollment: inState.partial })).toEqual({ outcome: 'partial', failure: 'none' });
    const failure = { type: 'configuration', message: 'The grant is off.' } as const;
    expect(outcomeLabels({ ...open, enrollment: inState.failed, failure })).toEqual({
      outcome: 'failed',
      failure: 'Auth0Configuration',
    });
  });
});

describe('how long an enrollment rests', () => {
  /** The rests that are over after these looks, of seconds after `now`. */
  const over = (...looks: readonly (readonly [keyof typeof inState, number])[]): readonly RestOver[] => {
    let rest: Parameters<typeof restAt>[0];
    return looks.flatMap(([state, seconds]) => {
      const next = restAt(rest, inState[state], now + seconds * 1000);
      rest = next.rest;
      return next.over ?? [];
    });
  };

  test('is told when the next state begins, with who had to act', () => {
    expect(over(['awaiting_token', 0], ['awaiting_code', 90], ['verifying', 100])).toEqual([
      { state: 'awaiting_token', factor: 'sms', who: 'user', seconds: 90 },
      { state: 'awaiting_code', factor: 'sms', who: 'user', seconds: 10 },
    ]);
  });

  test('goes on while nothing changes, however often it is looked at', () => {
    expect(over(['awaiting_code', 0], ['awaiting_code', 20], ['awaiting_code', 40], ['confirming', 60])).toEqual([
      { state: 'awaiting_code', factor: 'sms', who: 'user', seconds: 60 },
    ]);
  });

  test('is over with the enrollment, which rests no more', () => {
    expect(over(['verifying', 0], ['completed', 3], ['completed', 9])).toEqual([
      { state: 'verifying', factor: 'none', who: 'auth0', seconds: 3 },
    ]);
  });
});
