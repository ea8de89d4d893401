import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { challengeSecretsOf } from '../../src/enrollment/challenge-secrets';
import {
  advance,
  openEnrollment,
  type BlockedOn,
  type Enrollment,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { deliveryLimits, limits } from '../../src/enrollment/limits';
import { outlookOf } from '../../src/enrollment/outlook';
import { maskPhoneNumber } from '../../src/enrollment/phone-number';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates } from '../../src/enrollment/status';
import { secondsUntil, viewOf } from '../../src/enrollment/view';
import type { FactorName } from '../../src/factors';
import { after, fresh, inState, masked, now, otpActive, otpChallenge, smsActive, smsChallenge } from './samples';
import { situations, troubled } from './situations';
import { anyWalk } from './walks';

const iso = (at: number) => new Date(at).toISOString();
const counted = (at: number, bucket: 'phone' | 'email' = 'phone'): EnrollmentEvent => ({
  type: 'deliveryCounted',
  bucket,
  at,
});
const blocked = (blockedOn: BlockedOn) =>
  after({ type: 'associationBlocked', blockedOn, problem: problem('answer_lost', now) });
const opened = (factors: readonly FactorName[], ...events: readonly EnrollmentEvent[]) =>
  events.reduce(advance, openEnrollment({ factors, phoneNumber: '+14155550167' }, now));
const read = (opening: boolean, ...authenticators: readonly (typeof smsActive)[]): EnrollmentEvent => ({
  type: 'authenticatorsRead',
  authenticators,
  opening,
  at: now,
});

describe('the view', () => {
  test('of a fresh enrollment: nothing active, everything allowed', () => {
    expect(viewOf(fresh(), now)).toEqual({
      version: 1,
      state: 'associating',
      factor: 'sms',
      factors: [
        { factor: 'sms', state: 'waiting', active: false },
        { factor: 'otp', state: 'waiting', active: false },
      ],
      attemptsLeft: limits.attempts,
      textsLeft: deliveryLimits.phone.capacity,
      deadlines: { enrollment: iso(now + 3_600_000) },
      phoneNumber: masked,
      phoneNumberChanges: 0,
      notices: [],
      waitingFor: { who: 'auth0', what: 'challenge' },
      nextAction: 'Nothing to do: Auth0 is being asked for a challenge.',
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
        phoneNumber: masked,
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
    expect(view.waitingFor.what === 'nothing').toBe(['completed', 'partial', 'expired', 'cancelled'].includes(state));
  });
});

describe('when the next message may be sent', () => {
  test('the view names it, and leaves it out when it is now', () => {
    expect(viewOf(after(counted(now)), now)).toMatchObject({ textsLeft: 9, nextTextAt: iso(now + 30_000) });
    expect(viewOf(after(counted(now)), now + 30_000)).not.toHaveProperty('nextTextAt');
  });

  test('is told of the factor under way: emails have a bucket of their own', () => {
    const emailing = opened(['email', 'sms'], counted(now, 'email'));
    expect(viewOf(emailing, now + 30_000).textsLeft).toBe(deliveryLimits.email.capacity - 1);
  });

  test('is told of text messages where the factor under way sends nothing', () => {
    const withApp = opened(['otp', 'sms'], counted(now));
    expect(viewOf(withApp, now)).toMatchObject({ textsLeft: 9, nextTextAt: iso(now + 30_000) });
  });
});

describe('the phone number', () => {
  const accepted = advance(inState.confirming, { type: 'codeAccepted', at: now, phoneNumber: masked });
  const changed: EnrollmentEvent = { type: 'phoneNumberChanged', phoneNumber: '•••89', at: now };

  test('is the one that was verified, whatever number was given since', () => {
    expect(viewOf(advance(accepted, changed), now).phoneNumber).toBe(masked);
  });

  test('is the one that codes go to, as long as none is verified and a factor needs one', () => {
    expect(viewOf(advance(inState.awaiting_code, changed), now).phoneNumber).toBe('•••89');
  });

  test.each([
    ['the user had the factor already', after(read(true, smsActive))],
    ['no factor needs one', opened(['otp'])],
    ['no factor needs one: emails go to the mailbox', opened(['email'])],
    ['the factor was settled by reading, and where its code went is not known', after(read(false, smsActive))],
  ])('is not shown where %s', (_why, enrollment) => {
    expect(viewOf(enrollment, now)).not.toHaveProperty('phoneNumber');
  });

  test('goes with the challenge of a call as with that of a text', () => {
    const call = { ...smsChallenge, factor: 'voice' } as const;
    const view = viewOf(opened(['voice'], { type: 'associated', challenge: call, at: now }), now);
    expect([view.challenge?.phoneNumber, view.phoneNumber]).toEqual([masked, masked]);
  });

  test('does not go with the challenge of an email', () => {
    const mail = { ...smsChallenge, factor: 'email' } as const;
    const view = viewOf(opened(['email', 'sms'], { type: 'associated', challenge: mail, at: now }), now);
    expect(view.challenge).not.toHaveProperty('phoneNumber');
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
    ['a token is missing', inState.awaiting_token, /POST …\/links.*PUT …\/token/],
    ['a number is missing', blocked('phone_number'), /PUT …\/phone-number/],
    ['a person has to ask again', blocked('resend'), /POST …\/resend/],
    ['Auth0 does not answer', blocked('auth0'), /^Nothing to do:/],
    ['nobody knows what answers there', blocked('operator'), /^An operator/],
    ['the cool-down has to pass', blocked('cooldown'), /^Nothing to do:/],
    ['a text is out', inState.awaiting_code, /POST …\/binding-code/],
    ['the code is marked as too old', advance(inState.confirming, { type: 'challengeExpired' }), /POST …\/resend/],
    ['the app shows codes', after({ type: 'associated', challenge: otpChallenge, at: now }), /POST …\/otp/],
    ['Auth0 is asked about a code', inState.confirming, /^Nothing to do:/],
    ['factors are read back', inState.verifying, /^Nothing to do:/],
    ['it is done', inState.completed, /^Nothing to do:/],
    ['a part is done', inState.partial, /missing/],
    ['time ran out', inState.expired, /new enrollment/],
    ['somebody cancelled', inState.cancelled, /new enrollment/],
    ['the tenant is misconfigured', inState.failed, /operator/],
  ])('%s', (_when, enrollment, says) => {
    expect(viewOf(enrollment, now).nextAction).toMatch(says);
  });

  test('a texted code is too old from the moment it expires', () => {
    const nextAction = (at: number) => viewOf(inState.awaiting_code, at).nextAction;
    expect(nextAction(smsChallenge.expiresAt - 1)).toMatch(/POST …\/binding-code/);
    expect(nextAction(smsChallenge.expiresAt)).toMatch(/POST …\/resend/);
  });

  test.each(enrollmentStates)('in %s, the view says for people what it says for programs', (state) => {
    const { who, what, action } = outlookOf(inState[state], now);
    expect(viewOf(inState[state], now)).toMatchObject({ waitingFor: { who, what }, nextAction: action });
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

  const begun = (): Enrollment =>
    openEnrollment({ ...planted({ options: { lifetimeSeconds: 3600 } }), factors: ['sms', 'otp'], phoneNumber }, now);
  /** A code that was accepted names a number itself, masked: nothing is planted in its place. */
  const numbered = (event: EnrollmentEvent): EnrollmentEvent =>
    event.type === 'codeAccepted' ? { phoneNumber: maskPhoneNumber(phoneNumber), ...event } : event;
  const changed: EnrollmentEvent = { type: 'phoneNumberChanged', phoneNumber: maskPhoneNumber(phoneNumber), at: now };

  test('whatever an enrollment has been through, its view holds none, and no phone number', () => {
    fc.assert(
      fc.property(anyWalk, (walk) => {
        let enrollment = advance(begun(), changed);
        for (const event of walk) {
          enrollment = advance(enrollment, planted(numbered(event)));
          const shown = JSON.stringify(viewOf(enrollment, now));
          expect(shown).not.toMatch(/planted/);
          expect(shown).not.toContain(phoneNumber.slice(1));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the challenge before, while another one that was asked for cannot be made', () => {
  test.each([
    'another text was asked for, and Auth0 does not answer',
    'another text was asked for, and Auth0 sends no more',
  ] as const)('%s: it is shown as long as its code is taken', (name) => {
    const world = situations[name]();
    const code = world.rightCode();
    const { view } = world;
    expect(view).toMatchObject({
      state: 'associating',
      challenge: { factor: 'sms', expiresAt: view.deadlines.challenge },
    });
    expect(viewOf(world.case.enrollment, now + 300_000).challenge).toBeUndefined();
    expect(challengeSecretsOf(world.case)).toMatchObject({ type: 'oob', challengeId: view.challenge?.challengeId });
    expect(world.code(code)).toBe('confirmed');
  });

  test('is not shown when the number was changed, nor when Auth0 calls it expired', () => {
    const changed = situations['another text was asked for, and Auth0 does not answer']();
    changed.changeNumber();
    expect(changed.view).toMatchObject({ state: 'associating' });
    expect(changed.view.challenge).toBeUndefined();
    const expired = situations['Auth0 says that the code has expired']();
    troubled(expired, 'associate', 'unavailable');
    expired.resend();
    expect(expired.view).toMatchObject({ state: 'associating' });
    expect(expired.view.challenge).toBeUndefined();
  });
});
