import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  advance,
  currentFactor,
  isSettled,
  outcomeOf,
  type BlockedOn,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { levelAt } from '../../src/enrollment/bucket';
import { limits } from '../../src/enrollment/limits';
import { problem } from '../../src/enrollment/problems';
import { enrollmentStates, outcomes, type EnrollmentStateName } from '../../src/enrollment/status';
import { after, fresh, inState, now, otpActive, otpChallenge, smsActive, smsChallenge } from './samples';

type EventType = EnrollmentEvent['type'];
type OpenState = 'awaiting_token' | 'associating' | 'awaiting_code' | 'confirming' | 'verifying';

const rejected = problem('code_rejected', now);

const events: { readonly [Type in EventType]: Extract<EnrollmentEvent, { type: Type }> } = {
  tokenNeeded: { type: 'tokenNeeded', problem: problem('token_expired', now) },
  tokenProvided: { type: 'tokenProvided' },
  authenticatorsRead: { type: 'authenticatorsRead', authenticators: [smsActive, otpActive], opening: false },
  textSent: { type: 'textSent', at: now },
  associated: { type: 'associated', challenge: smsChallenge, at: now },
  associationBlocked: { type: 'associationBlocked', blockedOn: 'resend', problem: problem('answer_lost', now) },
  textNotSent: { type: 'textNotSent', at: now },
  textsRefused: { type: 'textsRefused', at: now },
  reassociationRequested: { type: 'reassociationRequested' },
  phoneNumberChanged: { type: 'phoneNumberChanged', phoneNumber: '•••89' },
  confirmStarted: { type: 'confirmStarted' },
  codeRejected: { type: 'codeRejected', problem: rejected, at: now },
  codesRefused: { type: 'codesRefused', problem: problem('too_many_codes', now), at: now },
  challengeOver: { type: 'challengeOver', problem: problem('code_expired', now) },
  confirmUnavailable: { type: 'confirmUnavailable', problem: problem('auth0_unavailable', now) },
  codeAccepted: { type: 'codeAccepted', at: now },
  problemMet: { type: 'problemMet', problem: problem('auth0_unavailable', now) },
  factorRemoved: { type: 'factorRemoved', factor: 'sms' },
  settled: { type: 'settled', outcome: 'expired', at: now },
};
const eventTypes = Object.keys(events) as EventType[]; // Object.keys forgets the key type; the object is closed

/** Events that an open case takes without leaving its state. */
const anywhere = [
  'textSent',
  'textNotSent',
  'textsRefused',
  'phoneNumberChanged',
  'problemMet',
  'factorRemoved',
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
    challengeOver: 'awaiting_code',
    codeAccepted: 'associating',
    settled: 'expired',
  },
  confirming: {
    tokenNeeded: 'awaiting_token',
    authenticatorsRead: 'confirming',
    codeRejected: 'awaiting_code',
    codesRefused: 'awaiting_code',
    challengeOver: 'awaiting_code',
    confirmUnavailable: 'awaiting_code',
    codeAccepted: 'associating',
    settled: 'expired',
  },
  verifying: {
    tokenNeeded: 'awaiting_token',
    authenticatorsRead: 'verifying',
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
  test('a wrong code costs one attempt and is counted for the whole case', () => {
    const next = advance(inState.confirming, events.codeRejected);
    expect([levelAt(next.attempts, now), next.wrongCodes]).toEqual([limits.attempts - 1, 1]);
  });

  test('codes that Auth0 refuses empty the attempts and count as no wrong code', () => {
    const next = advance(inState.confirming, events.codesRefused);
    expect([levelAt(next.attempts, now), next.wrongCodes]).toEqual([0, 0]);
  });

  test('a text that was sent draws on the texts and starts the cooldown', () => {
    const next = advance(fresh(), events.textSent);
    expect([levelAt(next.texts, now), next.lastTextAt]).toEqual([limits.texts - 1, now]);
  });

  test('a text that did not leave is given back, and the cooldown is that of the text before', () => {
    const before = advance(fresh(), events.textSent);
    const again = advance(before, { type: 'textSent', at: now + 60_000 });
    const next = advance(again, { type: 'textNotSent', at: now + 60_000, lastTextAt: now });
    expect([levelAt(next.texts, now + 60_000), next.lastTextAt]).toEqual([limits.texts - 1, now]);
    expect(advance(before, events.textNotSent)).not.toHaveProperty('lastTextAt');
  });

  test('a challenge that is over says so and stays', () => {
    expect(advance(inState.confirming, events.challengeOver)).toMatchObject({
      challenge: { ...smsChallenge, over: true },
      lastProblem: { code: 'code_expired' },
    });
  });

  test('a new challenge clears the problem before it', () => {
    const next = after(events.problemMet, events.associated);
    expect(next.lastProblem).toBeUndefined();
  });

  test.each<[BlockedOn]>([['phone_number'], ['resend'], ['auth0']])('a case blocked on %s says so', (blockedOn) => {
    expect(advance(fresh(), { ...events.associationBlocked, blockedOn })).toMatchObject({ blockedOn });
  });

  test('asking again lifts the block', () => {
    expect(after(events.associationBlocked, events.reassociationRequested)).not.toHaveProperty('blockedOn');
  });

  test('a case that leaves its challenge holds it no more', () => {
    expect(advance(inState.awaiting_code, events.tokenNeeded)).not.toHaveProperty('challenge');
  });

  test('the next factor is the first that Auth0 has not accepted', () => {
    expect(currentFactor(advance(inState.confirming, events.codeAccepted))).toBe('otp');
  });
});

describe('reading the authenticators', () => {
  test('a factor that is listed active at the opening was there already', () => {
    const read = after({ type: 'authenticatorsRead', authenticators: [smsActive], opening: true });
    expect(read.plan[0]).toEqual({
      factor: 'sms',
      state: 'confirmed',
      alreadyActive: true,
      authenticatorId: smsActive.id,
    });
  });

  test('a record that is not active confirms nothing', () => {
    const inactive = { ...smsActive, active: false };
    const read = after({ type: 'authenticatorsRead', authenticators: [inactive], opening: false });
    expect(read.plan[0]?.state).toBe('waiting');
  });

  test('an accepted factor that is not listed goes back to the start of its step', () => {
    const read = advance(inState.verifying, { ...events.authenticatorsRead, authenticators: [otpActive] });
    expect([read.state, currentFactor(read)]).toEqual(['associating', 'sms']);
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
    }),
    fc.record({ type: fc.constant('settled' as const), outcome: fc.constantFrom(...outcomes), at }),
  );
  const start = fc.constantFrom(...enrollmentStates.map((state) => inState[state]));
  const walk = fc.array(anyEvent, { maxLength: 60 });

  test('never moves a settled case', () => {
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
