import { expect, test } from '@jest/globals';
import { advance, isSettled, type Enrollment, type EnrollmentEvent } from '../../src/enrollment/enrollment';
import { problem } from '../../src/enrollment/problems';
import { fresh, now, otpActive, otpChallenge, smsActive, smsChallenge } from '../enrollment/samples';
import { read } from './markdown';

const met = problem('answer_lost', now);
const down = { ...met, code: 'auth0_unavailable' } as const;

/** Every kind of event, in each form that may lead elsewhere. Endings are not drawn. */
const events: {
  readonly [Type in Exclude<EnrollmentEvent['type'], 'settled'>]: readonly Extract<EnrollmentEvent, { type: Type }>[];
} = {
  tokenNeeded: [{ type: 'tokenNeeded', problem: met }],
  tokenProvided: [{ type: 'tokenProvided' }],
  authenticatorsRead: [[], [smsActive], [smsActive, otpActive]].map((authenticators) => ({
    type: 'authenticatorsRead',
    authenticators,
    opening: false,
    at: now,
  })),
  readingsDiscarded: [{ type: 'readingsDiscarded' }],
  deliveryCounted: [{ type: 'deliveryCounted', bucket: 'phone', at: now }],
  deliveryWithdrawn: [{ type: 'deliveryWithdrawn', bucket: 'phone', at: now }],
  deliveriesRefused: [{ type: 'deliveriesRefused', bucket: 'phone', at: now }],
  associated: [smsChallenge, otpChallenge].map((challenge) => ({ type: 'associated', challenge, at: now })),
  associationBlocked: [{ type: 'associationBlocked', blockedOn: 'resend', problem: met }],
  reassociationRequested: [{ type: 'reassociationRequested' }],
  challengeForgotten: [{ type: 'challengeForgotten' }],
  consentGiven: [{ type: 'consentGiven', at: now }],
  tokenReplaced: [{ type: 'tokenReplaced', at: now }],
  phoneNumberChanged: [{ type: 'phoneNumberChanged', phoneNumber: '•••89', at: now }],
  phoneNumberVerified: [{ type: 'phoneNumberVerified', phoneNumber: '•••89' }],
  challengeResumed: [{ type: 'challengeResumed', challenge: smsChallenge }],
  confirmStarted: [{ type: 'confirmStarted' }],
  codeRejected: [{ type: 'codeRejected', problem: met, at: now }],
  codesRefused: [{ type: 'codesRefused', problem: met, at: now }],
  challengeExpired: [{ type: 'challengeExpired', problem: met }],
  confirmUnavailable: [{ type: 'confirmUnavailable', problem: met }],
  codeAccepted: [{ type: 'codeAccepted', at: now }],
  problemMet: [{ type: 'problemMet', problem: met }],
  readBackTried: [{ type: 'readBackTried' }, { type: 'readBackTried', problem: down }],
  recoveryCodeAwaited: [{ type: 'recoveryCodeAwaited' }],
  factorRemoved: [{ type: 'factorRemoved', factor: 'sms' }],
  factorDoubted: [{ type: 'factorDoubted', factor: 'sms' }],
};

/** Every arrow between two states that some walk of events from a fresh case can take. */
function arrows(): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open: Enrollment[] = [fresh()];
  for (let enrollment = open.pop(); enrollment !== undefined; enrollment = open.pop()) {
    const { state, plan } = enrollment;
    const challenge = 'challenge' in enrollment ? enrollment.challenge : null;
    const key = JSON.stringify([state, plan, challenge, 'blockedOn' in enrollment]);
    if (seen.has(key) || isSettled(enrollment)) continue;
    seen.add(key);
    for (const event of Object.values<readonly EnrollmentEvent[]>(events).flat()) {
      const next = advance(enrollment, event);
      if (next.state !== state) found.add(`${state} --> ${next.state}`);
      open.push(next);
    }
  }
  return [...found].sort();
}

test('the README draws every arrow between two open states that the reducer can take, and no other', () => {
  const drawn = [...read('README.md').matchAll(/^ {2}(\w+ --> \w+):/gm)]
    .map(([, arrow]) => arrow ?? '')
    .filter((arrow) => !arrow.endsWith('completed'));
  expect(drawn.sort()).toEqual(arrows());
});
