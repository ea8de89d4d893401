import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  advance,
  currentFactor,
  inheritedFrom,
  isAtRest,
  isSettled,
  openEnrollment,
  outcomeOf,
  type BlockedOn,
  type Enrollment,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { levelAt } from '../../src/enrollment/bucket';
import { deliveryLimits, limits } from '../../src/enrollment/limits';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates, outcomes, type EnrollmentStateName } from '../../src/enrollment/status';
import { after, fresh, inState, masked, now, otpActive, otpChallenge, smsActive, smsChallenge } from './samples';

type EventType = EnrollmentEvent['type'];
type OpenState = 'awaiting_token' | 'associating' | 'awaiting_code' | 'confirming' | 'verifying';

const rejected = problem('code_rejected', now);
const phoneLeft = ({ deliveries }: Enrollment, at = now) => levelAt(deliveries.phone, at);

const events: { readonly [Type in EventType]: Extract<EnrollmentEvent, { type: Type }> } = {
  tokenNeeded: { type: 'tokenNeeded', problem: problem('token_expired', now) },
  tokenProvided: { type: 'tokenProvided' },
  authenticatorsRead: { type: 'authenticatorsRead', authenticators: [smsActive, otpActive], opening: false, at: now },
  readingsDiscarded: { type: 'readingsDiscarded' },
  deliveryCounted: { type: 'deliveryCounted', bucket: 'phone', at: now },
  associated: { type: 'associated', challenge: smsChallenge, at: now },
  associationBlocked: { type: 'associationBlocked', blockedOn: 'resend', problem: problem('answer_lost', now) },
  deliveryWithdrawn: { type: 'deliveryWithdrawn', bucket: 'phone', at: now },
  deliveriesRefused: { type: 'deliveriesRefused', bucket: 'phone', at: now },
  reassociationRequested: { type: 'reassociationRequested' },
  challengeForgotten: { type: 'challengeForgotten' },
  consentGiven: { type: 'consentGiven', at: now },
  tokenReplaced: { type: 'tokenReplaced', at: now },
  phoneNumberChanged: { type: 'phoneNumberChanged', phoneNumber: '•••89', at: now },
  phoneNumberVerified: { type: 'phoneNumberVerified', phoneNumber: '•••89' },
  challengeResumed: { type: 'challengeResumed', challenge: smsChallenge },
  confirmStarted: { type: 'confirmStarted' },
  codeRejected: { type: 'codeRejected', problem: rejected, at: now },
  codesRefused: { type: 'codesRefused', problem: problem('too_many_codes', now), at: now },
  challengeExpired: { type: 'challengeExpired', problem: problem('code_expired', now) },
  confirmUnavailable: { type: 'confirmUnavailable', problem: problem('auth0_unavailable', now) },
  codeAccepted: { type: 'codeAccepted', at: now },
  problemMet: { type: 'problemMet', problem: problem('auth0_unavailable', now) },
  readBackTried: { type: 'readBackTried' },
  recoveryCodeAwaited: { type: 'recoveryCodeAwaited' },
  factorRemoved: { type: 'factorRemoved', factor: 'sms' },
  factorDoubted: { type: 'factorDoubted', factor: 'sms' },
  settled: { type: 'settled', outcome: 'expired', at: now },
};
const eventTypes = Object.keys(events) as EventType[]; // Object.keys forgets the key type; the object is closed

/** Events that an open enrollment takes without leaving its state. */
const anywhere = [
  'deliveryCounted',
  'deliveryWithdrawn',
  'deliveriesRefused',
  'readingsDiscarded',
  'phoneNumberChanged',
  'phoneNumberVerified',
  'consentGiven',
  'tokenReplaced',
  'problemMet',
  'factorRemoved',
  'factorDoubted',
] as const;

/** Where each event leads from each open state. A pair that is missing, here or in `anywhere`, changes nothing. */
const steps: Readonly<Record<OpenState, Partial<Record<EventType, EnrollmentStateName>>>> = {
  awaiting_token: {
    tokenNeeded: 'awaiting_token',
    tokenProvided: 'associating',
    authenticatorsRead: 'awaiting_token',
    settled: 'expired',
  },
  associating: {
    tokenNeeded: 'awaiting_token',
    tokenProvided: 'associating',
    authenticatorsRead: 'verifying',
    associated: 'awaiting_code',
    associationBlocked: 'associating',
    reassociationRequested: 'associating',
    settled: 'expired',
  },
  awaiting_code: {
    tokenNeeded: 'awaiting_token',
    authenticatorsRead: 'awaiting_code',
    reassociationRequested: 'associating',
    confirmStarted: 'confirming',
    challengeExpired: 'awaiting_code',
    codeAccepted: 'associating',
    settled: 'expired',
  },
  confirming: {
    tokenNeeded: 'awaiting_token',
    authenticatorsRead: 'confirming',
    codeRejected: 'awaiting_code',
    codesRefused: 'awaiting_code',
    challengeExpired: 'awaiting_code',
    confirmUnavailable: 'awaiting_code',
    codeAccepted: 'associating',
    settled: 'expired',
  },
  verifying: {
    tokenNeeded: 'awaiting_token',
    authenticatorsRead: 'verifying',
    readBackTried: 'verifying',
    recoveryCodeAwaited: 'verifying',
    settled: 'expired',
  },
};

const expectedNext = (state: EnrollmentStateName, type: EventType): EnrollmentStateName | 'unchanged' => {
  if (!(state in steps)) return 'unchanged';
  const open = state as OpenState; // the keys of `steps` are the open states
  return steps[open][type] ?? (anywhere.some((one) => one === type) ? open : 'unchanged');
};

const table = enrollmentStates.flatMap((state) =>
  eventTypes.map((type) => ({ state, type, next: expectedNext(state, type) })),
);

describe('state and event', () => {
  test.each(enrollmentStates.map((state) => [state]))('the sample of %s is in that state', (state) => {
    expect(inState[state].state).toBe(state);
  });

  test.each(table.filter(({ next }) => next !== 'unchanged'))('$state, on $type, goes to $next', (row) => {
    const before = inState[row.state];
    const next = advance(before, events[row.type]);
    expect([next.state, next === before]).toEqual([row.next, false]);
  });

  test.each(table.filter(({ next }) => next === 'unchanged'))('$state, on $type, stays the same object', (row) => {
    expect(advance(inState[row.state], events[row.type])).toBe(inState[row.state]);
  });
});

describe('what an event leaves behind', () => {
  test('a wrong code costs one attempt and is counted for the whole enrollment', () => {
    const next = advance(inState.confirming, events.codeRejected);
    expect([levelAt(next.attempts, now), next.wrongCodes]).toEqual([limits.attempts - 1, 1]);
  });

  test('codes that Auth0 refuses empty the attempts and count as no wrong code', () => {
    const next = advance(inState.confirming, events.codesRefused);
    expect([levelAt(next.attempts, now), next.wrongCodes]).toEqual([0, 0]);
  });

  test('a message that goes out draws on its own bucket and starts the cool-down', () => {
    const next = advance(fresh(), events.deliveryCounted);
    expect([phoneLeft(next), next.lastDeliveryAt]).toEqual([deliveryLimits.phone.capacity - 1, now]);
    expect(next.deliveries.email).toEqual(fresh().deliveries.email);
  });

  test('an email draws on the bucket of emails alone, and starts the same cool-down', () => {
    const next = advance(fresh(), { type: 'deliveryCounted', bucket: 'email', at: now });
    expect([levelAt(next.deliveries.email, now), next.lastDeliveryAt]).toEqual([
      deliveryLimits.email.capacity - 1,
      now,
    ]);
    expect(phoneLeft(next)).toBe(deliveryLimits.phone.capacity);
  });

  test('a message that surely did not leave is given back, and the cool-down is that of the one before', () => {
    const before = advance(fresh(), events.deliveryCounted);
    const again = advance(before, { type: 'deliveryCounted', bucket: 'phone', at: now + 60_000 });
    const next = advance(again, { type: 'deliveryWithdrawn', bucket: 'phone', at: now + 60_000, lastDeliveryAt: now });
    expect([phoneLeft(next, now + 60_000), next.lastDeliveryAt]).toEqual([deliveryLimits.phone.capacity - 1, now]);
    expect(advance(before, events.deliveryWithdrawn)).not.toHaveProperty('lastDeliveryAt');
  });

  test('messages that Auth0 refuses empty the bucket that they are of, and no other', () => {
    const next = advance(fresh(), events.deliveriesRefused);
    expect([phoneLeft(next), levelAt(next.deliveries.email, now)]).toEqual([0, deliveryLimits.email.capacity]);
  });

  test('readings that turn out to be of another user count for nothing, and neither does what was accepted meanwhile', () => {
    const waiting = fresh().plan;
    const confirmed = advance(inState.verifying, events.authenticatorsRead);
    for (const before of [inState.awaiting_code, inState.verifying, confirmed]) {
      expect(advance(before, events.readingsDiscarded).plan).toEqual(waiting);
    }
  });

  test('a challenge that has expired says so and stays', () => {
    expect(advance(inState.confirming, events.challengeExpired)).toMatchObject({
      challenge: { ...smsChallenge, expired: true },
      lastProblem: { code: 'code_expired' },
    });
  });

  test('a challenge that expires without a word leaves the last problem as it is', () => {
    const met = advance(inState.awaiting_code, events.problemMet);
    expect(advance(met, { type: 'challengeExpired' }).lastProblem).toEqual(events.problemMet.problem);
  });

  test('a new challenge clears the problem before it', () => {
    const next = after(events.problemMet, events.associated);
    expect(next.lastProblem).toBeUndefined();
  });

  test.each<BlockedOn>(['phone_number', 'resend', 'auth0', 'operator', 'cooldown'])(
    'an enrollment that is blocked on %s says so, and what blocked it stays, whatever else is met',
    (blockedOn) => {
      const blocked = advance(fresh(), { ...events.associationBlocked, blockedOn });
      const met = advance(blocked, events.problemMet);
      expect(met).toMatchObject({
        blockedOn,
        blockedBy: events.associationBlocked.problem,
        lastProblem: events.problemMet.problem,
      });
    },
  );

  test('asking again lifts the block', () => {
    const asked = after(events.associationBlocked, events.reassociationRequested);
    expect(asked).not.toHaveProperty('blockedOn');
    expect(asked).not.toHaveProperty('blockedBy');
  });

  test('an enrollment that leaves its challenge holds it no more', () => {
    expect(advance(inState.awaiting_code, events.tokenNeeded)).not.toHaveProperty('challenge');
  });

  test('an enrollment that waits for a token says when the refresh token is tried again, and only while it waits', () => {
    const waiting = after({ ...events.tokenNeeded, refreshAt: now + 30_000 });
    expect(waiting).toMatchObject({ state: 'awaiting_token', refreshAt: now + 30_000 });
    expect(advance(waiting, events.tokenNeeded)).not.toHaveProperty('refreshAt');
    expect(advance(waiting, events.tokenProvided)).not.toHaveProperty('refreshAt');
  });

  test('the number whose code was accepted is kept, whatever number is given afterwards', () => {
    const accepted = advance(inState.confirming, { ...events.codeAccepted, phoneNumber: masked });
    const changed = advance(accepted, events.phoneNumberChanged);
    expect(changed).toMatchObject({ phoneNumber: '•••89', verifiedPhoneNumber: masked });
  });

  test('a code that goes to no number leaves the verified number as it is', () => {
    const untilTheApp = [
      { ...events.codeAccepted, phoneNumber: masked },
      { ...events.associated, challenge: otpChallenge },
      events.confirmStarted,
      events.codeAccepted,
    ] as const;
    expect(untilTheApp.reduce<Enrollment>(advance, inState.confirming)).toMatchObject({ verifiedPhoneNumber: masked });
  });

  test('a reading that did not come is said while the factors are read back, and a reading that came ends that', () => {
    const outage = { ...problem('auth0_unavailable', now), code: 'auth0_unavailable' } as const;
    const met = advance(inState.verifying, { ...events.readBackTried, problem: outage });
    expect(met).toMatchObject({ state: 'verifying', outage: 'auth0_unavailable', lastProblem: outage });
    expect(advance(met, events.readBackTried)).not.toHaveProperty('outage');
  });

  test('the next factor is the first that Auth0 has not accepted', () => {
    expect(currentFactor(advance(inState.confirming, events.codeAccepted))).toBe('otp');
  });
});

describe('reading the authenticators', () => {
  test('a factor that is listed active at the opening was there already', () => {
    const read = after({ type: 'authenticatorsRead', authenticators: [smsActive], opening: true, at: now });
    expect(read.plan[0]).toEqual({
      factor: 'sms',
      state: 'confirmed',
      alreadyActive: true,
      authenticatorId: smsActive.id,
    });
  });

  test('an authenticator that is not active confirms nothing', () => {
    const inactive = { ...smsActive, active: false };
    const read = after({ type: 'authenticatorsRead', authenticators: [inactive], opening: false, at: now });
    expect(read.plan[0]?.state).toBe('waiting');
  });

  test('an accepted factor that is not listed goes back to the start of its step', () => {
    const read = advance(inState.verifying, { ...events.authenticatorsRead, authenticators: [otpActive] });
    expect([read.state, currentFactor(read)]).toEqual(['associating', 'sms']);
  });
});

describe('a factor whose deletion was asked for, and nobody knows whether it happened', () => {
  const doubted = advance(advance(inState.verifying, events.authenticatorsRead), events.factorDoubted);

  test('does not count as read back: no enrollment is completed with it', () => {
    expect(doubted.plan.map(({ state }) => state)).toEqual(['accepted', 'confirmed']);
    expect(advance(doubted, { type: 'settled', outcome: 'completed', at: now })).toBe(doubted);
  });

  test.each([
    ['confirmed', [smsActive, otpActive]],
    ['waiting', [otpActive]],
  ] as const)('is %s when the next reading says so', (state, authenticators) => {
    const read = advance(doubted, { type: 'authenticatorsRead', authenticators, opening: false, at: now });
    expect(read.plan[0]?.state).toBe(state);
  });
});

describe('the start of an enrollment', () => {
  test('shows of its number the last two digits', () => {
    expect(JSON.stringify(fresh())).not.toContain('4155550');
    expect(fresh().phoneNumber).toBe(masked);
  });

  test('lives as long as its options say, and 72 hours otherwise', () => {
    const { deadline } = openEnrollment({ factors: ['sms'], options: { lifetimeSeconds: 60 } }, now);
    expect([deadline, openEnrollment({ factors: ['sms'] }, now).deadline]).toEqual([
      now + 60_000,
      now + 72 * 3_600_000,
    ]);
  });

  test('takes over what is left of attempts and messages from the enrollment before, and nothing else', () => {
    const before = after(
      events.deliveryCounted,
      { type: 'deliveryCounted', bucket: 'email', at: now },
      events.associated,
      events.confirmStarted,
      events.codeRejected,
    );
    const next = openEnrollment({ factors: ['otp'], inherited: inheritedFrom(before) }, now + 1);
    const { attempts, deliveries, lastDeliveryAt } = before;
    expect(next).toEqual({ ...openEnrollment({ factors: ['otp'] }, now + 1), attempts, deliveries, lastDeliveryAt });
    expect(inheritedFrom(fresh())).not.toHaveProperty('lastDeliveryAt');
  });
});

test('of what is taken over, nothing else is believed than the attempts, the messages, and when the last one was sent', () => {
  const inherited = { ...inheritedFrom(fresh()), lastDeliveryAt: now };
  const more = {
    ...inState.completed,
    verifiedPhoneNumber: '•••99',
    wrongCodes: 29,
    deadline: Number.MAX_SAFE_INTEGER,
  };
  const start = { factors: ['sms', 'otp'], phoneNumber: '+14155550167' } as const;
  const opened = openEnrollment({ ...start, inherited: { ...more, ...inherited } }, now);
  expect(opened).toEqual(openEnrollment({ ...start, inherited }, now));
  expect([opened.state, isSettled(opened)]).toEqual(['associating', false]);
});

describe('a challenge that is taken up again', () => {
  const resumed: EnrollmentEvent = { type: 'challengeResumed', challenge: smsChallenge };

  test.each<BlockedOn>(['phone_number', 'resend', 'auth0', 'operator', 'cooldown'])(
    'waits for its code, where another one cannot be asked for: %s',
    (blockedOn) => {
      const blocked = advance(after(), { type: 'associationBlocked', blockedOn, problem: problem('answer_lost', now) });
      const next = advance(blocked, resumed);
      expect(next).toMatchObject({ state: 'awaiting_code', challenge: smsChallenge });
      expect(next).not.toHaveProperty('blockedOn');
      expect(next).not.toHaveProperty('blockedBy');
    },
  );

  test('is none while another one is being asked for', () => {
    expect(advance(inState.associating, resumed)).toBe(inState.associating);
  });
});

test('a number is verified without its code having been accepted in this state, and shown from then on', () => {
  const verified = after({ type: 'phoneNumberVerified', phoneNumber: '•••77' });
  expect(verified.verifiedPhoneNumber).toBe('•••77');
  expect(advance(verified, { type: 'phoneNumberChanged', phoneNumber: '•••89', at: now }).verifiedPhoneNumber).toBe(
    '•••77',
  );
});

describe('rest', () => {
  test.each(enrollmentStates)('in %s, nothing happens by itself: only with a person, or after the end', (state) => {
    const moves = ['associating', 'confirming', 'verifying'];
    expect(isAtRest(inState[state])).toBe(!moves.includes(state));
  });

  test('an enrollment that is blocked rests', () => {
    expect(isAtRest(after(events.associationBlocked))).toBe(true);
  });
});

describe('outcome', () => {
  test('nobody can claim completed before every factor is read back', () => {
    expect(advance(inState.verifying, { type: 'settled', outcome: 'completed', at: now })).toBe(inState.verifying);
  });

  test.each([
    ['expired', 'nothing was accepted', inState.awaiting_code],
    ['partial', 'one factor was accepted', advance(inState.confirming, events.codeAccepted)],
    ['partial', 'every factor was accepted, none read back', inState.verifying],
    ['completed', 'every factor was read back', advance(inState.verifying, events.authenticatorsRead)],
  ])('is %s when %s', (outcome, _when, enrollment) => {
    expect(outcomeOf(enrollment)).toBe(outcome);
  });
});

describe('any walk of events', () => {
  const at = fc.integer({ min: now, max: now + 3 * 3600_000 });
  const anyEvent = fc.oneof(
    fc.constantFrom(...Object.values(events).filter(({ type }) => type !== 'settled')),
    fc.constant<EnrollmentEvent>({ type: 'associated', challenge: otpChallenge, at: now }),
    fc.constantFrom<EnrollmentEvent>({ type: 'confirmStarted' }, events.codeRejected),
    at.map((time): EnrollmentEvent => ({ type: 'codeRejected', problem: rejected, at: time })),
    fc.record({
      type: fc.constant('authenticatorsRead' as const),
      authenticators: fc.subarray([smsActive, otpActive, { ...smsActive, active: false }]),
      opening: fc.boolean(),
      at,
    }),
    fc.record({ type: fc.constant('settled' as const), outcome: fc.constantFrom(...outcomes), at }),
  );
  const start = fc.constantFrom(...enrollmentStates.map((state) => inState[state]));
  const walk = fc.array(anyEvent, { maxLength: 60 });

  test('never moves a settled enrollment', () => {
    fc.assert(
      fc.property(start, walk, (enrollment, path) => {
        path.reduce((before, event) => {
          const next = advance(before, event);
          if (isSettled(before)) expect(next).toBe(before);
          return next;
        }, enrollment);
      }),
    );
  });

  test('ends completed only when every factor is confirmed', () => {
    fc.assert(
      fc.property(start, walk, (enrollment, path) => {
        const end = advance(path.reduce(advance, enrollment), { type: 'settled', outcome: 'completed', at: now });
        const everyConfirmed = end.plan.every(({ state }) => state === 'confirmed');
        expect(end.state !== 'completed' || everyConfirmed).toBe(true);
      }),
    );
  });

  test('keeps the attempts between none and the limit', () => {
    fc.assert(
      fc.property(start, walk, at, (enrollment, path, time) => {
        const left = levelAt(path.reduce(advance, enrollment).attempts, time);
        expect(left >= 0 && left <= limits.attempts).toBe(true);
      }),
    );
  });
});
