import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, openEnrollment, type Enrollment, type EnrollmentEvent } from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import { maskPhoneNumber } from '../../src/enrollment/phone-number';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates } from '../../src/enrollment/status';
import { nextAction, secondsUntil, textAllowedAt, viewOf } from '../../src/enrollment/view';
import { after, fresh, inState, now, otpActive, otpChallenge, smsActive, smsChallenge } from './samples';
import { anyWalk } from './walks';

const iso = (at: number) => new Date(at).toISOString();
const textSent = (at: number): EnrollmentEvent => ({ type: 'textSent', at });
const blocked = (blockedOn: 'phone_number' | 'resend' | 'auth0') =>
  after({ type: 'associationBlocked', blockedOn, problem: problem('answer_lost', now) });
const read = (opening: boolean, ...authenticators: readonly (typeof smsActive)[]): EnrollmentEvent => ({
  type: 'authenticatorsRead',
  authenticators,
  opening,
});

describe('the view', () => {
  test('of a fresh case: nothing active, everything allowed', () => {
    expect(viewOf(fresh(), now)).toEqual({
      version: 1,
      state: 'associating',
      factor: 'sms',
      factors: [
        { factor: 'sms', state: 'waiting', active: false },
        { factor: 'otp', state: 'waiting', active: false },
      ],
      attemptsLeft: limits.attempts,
      textsLeft: limits.texts,
      deadlines: { enrollment: iso(now + 3_600_000) },
      phoneNumber: '•••67',
      nextAction: 'None: Auth0 is being asked for a challenge.',
      startedAt: iso(now),
    });
  });

  test('of a texted challenge: which one, how long, and to which number', () => {
    expect(viewOf(inState.awaiting_code, now, now + 600_000)).toMatchObject({
      factor: 'sms',
      challenge: {
        challengeId: smsChallenge.challengeId,
        factor: 'sms',
        type: 'oob',
        issuedAt: iso(now),
        expiresAt: iso(now + 300_000),
        phoneNumber: '•••67',
      },
      deadlines: { challenge: iso(now + 300_000), token: iso(now + 600_000) },
    });
  });

  test("of the app's challenge: no number", () => {
    const view = viewOf(after({ type: 'associated', challenge: otpChallenge, at: now }), now);
    expect(view.challenge).toMatchObject({ factor: 'otp', type: 'otp' });
    expect(view.challenge).not.toHaveProperty('phoneNumber');
  });

  test('of a factor that Auth0 accepted: not active before it is read back', () => {
    const accepted = advance(inState.confirming, { type: 'codeAccepted', at: now });
    expect(viewOf(accepted, now).factors[0]).toEqual({ factor: 'sms', state: 'accepted', active: false });
  });

  test('of factors that were read: active, with the id, and whether they were there before', () => {
    expect(viewOf(after(read(true, smsActive), read(false, smsActive, otpActive)), now).factors).toEqual([
      { factor: 'sms', state: 'confirmed', active: true, alreadyActive: true, authenticatorId: smsActive.id },
      { factor: 'otp', state: 'confirmed', active: true, authenticatorId: otpActive.id },
    ]);
  });

  test('of a factor that was taken back: not active', () => {
    const removed = after(read(false, smsActive), { type: 'factorRemoved', factor: 'sms' });
    expect(viewOf(removed, now).factors[0]).toMatchObject({ state: 'removed', active: false });
  });

  test('of a wrong code: an attempt less, when it comes back, and what happened', () => {
    const rejected: EnrollmentEvent = { type: 'codeRejected', problem: problem('code_rejected', now), at: now };
    expect(viewOf(advance(inState.confirming, rejected), now + 60_000)).toMatchObject({
      attemptsLeft: limits.attempts - 1,
      nextAttemptAt: iso(now + 360_000),
      lastProblem: { code: 'code_rejected', at: iso(now) },
    });
  });

  test('of a problem with a time: when trying again makes sense', () => {
    const met = after({ type: 'problemMet', problem: problem('auth0_unavailable', now, { retryAt: now + 30_000 }) });
    expect(viewOf(met, now).lastProblem).toMatchObject({ retryAt: iso(now + 30_000) });
  });

  test.each(enrollmentStates)('of %s says so, and when it ended if it has', (state) => {
    const view = viewOf(inState[state], now);
    expect(view.state).toBe(state);
    expect(view.endedAt !== undefined).toBe(enrollmentStates.indexOf(state) >= 5);
    expect(view.endedAt !== undefined && view.factor !== undefined).toBe(false);
  });
});

describe('when the next text may be sent', () => {
  const spent = (count: number, at: number) => Array.from({ length: count }, () => textSent(at));
  test.each([
    ['at once when none was sent', fresh(), now, now],
    ['30 seconds after the last', after(textSent(now)), now + 1, now + 30_000],
    ['at once when 30 seconds are over', after(textSent(now)), now + 30_000, now + 30_000],
    ['an hour after the first of ten', after(...spent(10, now)), now + 60_000, now + 3_600_000],
    [
      'after the cooldown when that ends later',
      after(...spent(9, now), textSent(now + 3_590_000), textSent(now + 3_595_000)),
      now + 3_600_000,
      now + 3_625_000,
    ],
    ['an hour after Auth0 refused', after({ type: 'textsRefused', at: now + 5 }), now + 10, now + 3_600_005],
  ])('%s', (_when, enrollment, at, allowed) => {
    expect(textAllowedAt(enrollment, at)).toBe(allowed);
  });

  test('the view names it, and leaves it out when it is now', () => {
    expect(viewOf(after(textSent(now)), now)).toMatchObject({ textsLeft: 9, nextTextAt: iso(now + 30_000) });
    expect(viewOf(after(textSent(now)), now + 30_000)).not.toHaveProperty('nextTextAt');
  });
});

test.each([
  [now + 1, 1],
  [now + 1_000, 1],
  [now + 1_001, 2],
  [now + 360_000, 360],
  [now, 1],
  [now - 5_000, 1],
])('a wait until %p is given in whole seconds that are never too few: %p', (at, seconds) => {
  expect(secondsUntil(at, now)).toBe(seconds);
});

describe('what happens next', () => {
  test.each([
    ['a token is missing', inState.awaiting_token, /provideToken/],
    ['a number is missing', blocked('phone_number'), /changePhoneNumber/],
    ['a person has to ask again', blocked('resend'), /resendCode/],
    ['Auth0 does not answer', blocked('auth0'), /^None:/],
    ['a text is out', inState.awaiting_code, /submitBindingCode/],
    ['the code is marked as too old', advance(inState.confirming, { type: 'challengeOver' }), /resendCode/],
    ['the app shows codes', after({ type: 'associated', challenge: otpChallenge, at: now }), /submitOtp/],
    ['Auth0 is asked about a code', inState.confirming, /^None:/],
    ['factors are read back', inState.verifying, /^None:/],
    ['it is done', inState.completed, /^None:/],
    ['a part is done', inState.partial, /missing/],
    ['time ran out', inState.expired, /new enrollment/],
    ['somebody cancelled', inState.cancelled, /new enrollment/],
    ['the tenant is closed', inState.failed, /operator/],
  ])('%s', (_when, enrollment, says) => {
    expect(nextAction(enrollment, now)).toMatch(says);
  });

  test('a texted code is too old from the moment it expires', () => {
    expect(nextAction(inState.awaiting_code, smsChallenge.expiresAt - 1)).toMatch(/submitBindingCode/);
    expect(nextAction(inState.awaiting_code, smsChallenge.expiresAt)).toMatch(/resendCode/);
  });
});

describe('secrets', () => {
  const phoneNumber = '+14155550123';
  const secrets = {
    accessToken: 'planted-access-token',
    refreshToken: 'planted-refresh-token',
    oobCode: 'planted-oob-code',
    bindingCode: 'planted-271828',
    setupKey: 'plantedJBSWY3DPEHPK3PXP',
    barcodeUri: 'otpauth://totp/planted',
    recoveryCode: 'plantedRECOVERY',
    phoneNumber,
    name: phoneNumber,
  };

  /** The same value with every secret beside each field, at every depth: what a careless spread would carry along. */
  function planted<Value>(value: Value): Value {
    if (Array.isArray(value)) return value.map((item: unknown) => planted(item)) as Value; // an array of the same shape
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value).map(([name, field]: [string, unknown]) => [name, planted(field)]);
    return { ...secrets, ...Object.fromEntries(fields) } as Value; // what it had, it still has
  }

  const opened = (): Enrollment =>
    openEnrollment({
      factors: ['sms', 'otp'],
      now,
      lifetimeSeconds: 3600,
      ...secrets,
      phoneNumber: maskPhoneNumber(phoneNumber),
    });
  const changed: EnrollmentEvent = { type: 'phoneNumberChanged', phoneNumber: maskPhoneNumber(phoneNumber) };

  test('whatever a case has been through, its view holds none, and no phone number', () => {
    fc.assert(
      fc.property(anyWalk, (walk) => {
        let enrollment = advance(opened(), changed);
        for (const event of walk) {
          enrollment = advance(enrollment, planted(event));
          const shown = JSON.stringify(viewOf(enrollment, now));
          expect(shown).not.toMatch(/planted/);
          expect(shown).not.toContain(phoneNumber.slice(1));
        }
      }),
      { numRuns: 300 },
    );
  });
});
