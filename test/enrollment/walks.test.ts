import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Authenticator, FactorName } from '../../src/factors';
import { levelAt } from '../../src/enrollment/bucket';
import { deliveriesOf } from '../../src/enrollment/deliveries';
import {
  advance,
  currentFactor,
  isSettled,
  type Enrollment,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { limits } from '../../src/enrollment/limits';
import { enrollmentStates, type FactorProgressState } from '../../src/enrollment/status';
import { after, fresh, now, otpActive, otpChallenge, smsActive, smsChallenge } from './samples';
import { anyWalk, walked, type Step } from './walks';

const runs = { numRuns: 300 };

/** What Auth0 means by an active authenticator of a factor, read off its documentation and not off src/factors. */
const isActive =
  (factor: 'sms' | 'otp') =>
  ({ active, authenticatorType, oobChannel }: Authenticator) =>
    active && (factor === 'otp' ? authenticatorType === 'otp' : authenticatorType === 'oob' && oobChannel === 'sms');

const progressOf = ({ plan }: Enrollment, factor: FactorName) => plan.find((progress) => progress.factor === factor);
const challengeOf = (enrollment: Enrollment) => ('challenge' in enrollment ? enrollment.challenge : undefined);
const timeOf = (event: EnrollmentEvent): number => ('at' in event ? event.at : now);

const everyStep = (claim: (step: Step, steps: readonly Step[], index: number) => void) =>
  fc.assert(
    fc.property(anyWalk, (walk) => {
      const steps = walked(walk);
      steps.forEach((step, index) => claim(step, steps, index));
    }),
    runs,
  );

test('the walks come to every state, and to every progress of a factor', () => {
  const steps = fc.sample(anyWalk, { numRuns: 1000, seed: 7 }).flatMap(walked);
  const progress: readonly FactorProgressState[] = ['waiting', 'challenged', 'accepted', 'confirmed', 'removed'];
  expect(new Set(steps.map((step) => step.after.state))).toEqual(new Set(enrollmentStates));
  expect(new Set(steps.flatMap((step) => step.after.plan.map(({ state }) => state)))).toEqual(new Set(progress));
});

describe('the truth', () => {
  test('an enrollment is completed only if the last reading listed every factor active', () => {
    everyStep((step, steps, index) => {
      if (step.after.state !== 'completed') return;
      const read = steps.slice(0, index).findLast(({ event }) => event.type === 'authenticatorsRead')?.event;
      const listed = read?.type === 'authenticatorsRead' ? read.authenticators : [];
      expect([listed.some(isActive('sms')), listed.some(isActive('otp'))]).toEqual([true, true]);
    });
  });

  test('a factor becomes confirmed only by a reading that lists the very authenticator it names as active', () => {
    everyStep(({ before, event, after: next }) => {
      for (const factor of ['sms', 'otp'] as const) {
        const progress = progressOf(next, factor);
        if (progress?.state !== 'confirmed' || progressOf(before, factor)?.state === 'confirmed') continue;
        const listed = event.type === 'authenticatorsRead' ? event.authenticators : [];
        expect(listed.filter(isActive(factor)).map(({ id }) => id)).toContain(progress.authenticatorId);
      }
    });
  });

  test('a factor stays confirmed over a reading only if that reading lists it', () => {
    everyStep(({ event, after: next }) => {
      if (event.type !== 'authenticatorsRead') return;
      for (const factor of ['sms', 'otp'] as const) {
        if (progressOf(next, factor)?.state === 'confirmed') {
          expect(event.authenticators.some(isActive(factor))).toBe(true);
        }
      }
    });
  });

  test('a factor is taken for one the user had only by the reading that opens the enrollment', () => {
    everyStep(({ before, event, after: next }) => {
      for (const factor of ['sms', 'otp'] as const) {
        if (progressOf(next, factor)?.alreadyActive !== true || progressOf(before, factor)?.alreadyActive === true)
          continue;
        expect(event).toMatchObject({ type: 'authenticatorsRead', opening: true });
      }
    });
  });

  test('an authenticator that Auth0 has deleted confirms nothing, though a list may still show it', () => {
    everyStep(({ before, event, after: next }) => {
      if (event.type !== 'authenticatorsRead') return;
      for (const factor of ['sms', 'otp'] as const) {
        const removed = progressOf(before, factor);
        if (removed?.state !== 'removed' || removed.authenticatorId === undefined) continue;
        const progress = progressOf(next, factor);
        if (progress?.state === 'confirmed') expect(progress.authenticatorId).not.toBe(removed.authenticatorId);
      }
    });
  });
});

describe('outcomes', () => {
  test('nothing moves an enrollment that has one', () => {
    fc.assert(
      fc.property(anyWalk, anyWalk, (walk, more) => {
        const end = walked(walk).at(-1)?.after ?? fresh();
        fc.pre(isSettled(end));
        expect(more.reduce(advance, end)).toBe(end);
      }),
      runs,
    );
  });

  test('only an ending gives one, and the one it names', () => {
    everyStep(({ event, after: next }) => {
      if (isSettled(next)) expect(event).toMatchObject({ type: 'settled', outcome: next.state, at: next.endedAt });
    });
  });
});

describe('codes', () => {
  test('no second one is asked about while the first is', () => {
    everyStep(({ before, event, after: next }) => {
      if (event.type === 'confirmStarted' && before.state !== 'awaiting_code') expect(next).toBe(before);
    });
  });

  test('one is judged by the challenge it was asked about, whatever comes in between', () => {
    everyStep((step, steps, index) => {
      if (step.event.type !== 'confirmStarted' || step.after.state !== 'confirming') return;
      const asked = step.after.challenge;
      for (const { before, after: next } of steps.slice(index + 1)) {
        if (before.state !== 'confirming') break;
        expect(challengeOf(before)).toEqual(asked);
        if (next.state === 'awaiting_code') expect(next.challenge.challengeId).toBe(asked.challengeId);
      }
    });
  });

  test('one that was accepted speaks for the factor of its challenge alone', () => {
    everyStep(({ before, event, after: next }) => {
      const challenge = challengeOf(before);
      if (event.type !== 'codeAccepted' || challenge === undefined) return;
      for (const progress of next.plan) {
        if (progress.factor === challenge.factor) expect(['accepted', 'confirmed']).toContain(progress.state);
        else expect(progress).toEqual(progressOf(before, progress.factor));
      }
    });
  });

  test('one without a challenge has no effect', () => {
    everyStep(({ before, event, after: next }) => {
      const ofCodes = ['confirmStarted', 'codeRejected', 'codesRefused', 'confirmUnavailable', 'codeAccepted'];
      if (challengeOf(before) === undefined && ofCodes.includes(event.type)) expect(next).toBe(before);
    });
  });

  test('while a challenge waits for its code, the factor under way is that of the challenge', () => {
    everyStep(({ after: next }) => {
      const challenge = challengeOf(next);
      if (challenge !== undefined) expect(currentFactor(next)).toBe(challenge.factor);
    });
  });
});

describe('attempts', () => {
  test('no event gives one back: not a resend, a new challenge, another number or another token', () => {
    fc.assert(
      fc.property(anyWalk, fc.nat(3 * 3_600_000), (walk, later) => {
        for (const { before, event, after: next } of walked(walk)) {
          const at = timeOf(event) + later;
          expect(levelAt(next.attempts, at)).toBeLessThanOrEqual(levelAt(before.attempts, at));
        }
      }),
      runs,
    );
  });

  test('none is lost but by a code', () => {
    everyStep(({ before, event, after: next }) => {
      if (event.type !== 'codeRejected' && event.type !== 'codesRefused') expect(next.attempts).toBe(before.attempts);
    });
  });

  test('every wrong code counts for good', () => {
    everyStep(({ before, event, after: next }) => {
      const wrong = event.type === 'codeRejected' && before.state === 'confirming' ? 1 : 0;
      expect(next.wrongCodes).toBe(before.wrongCodes + wrong);
    });
  });
});

describe.each([
  ['texts and calls', 'sms', 'phone', { capacity: 10, refillMs: 3_600_000 }],
  ['emails', 'email', 'email', { capacity: 20, refillMs: 60_000 }],
] as const)('%s', (_what, factor, bucket, { capacity, refillMs }) => {
  const wish = fc.record({
    wait: fc.oneof(fc.nat(40_000), fc.nat(2 * refillMs)),
    /** How long its answer takes; absent: it is sent. Present: it surely was not, and is given back then. */
    notSentAfter: fc.option(fc.nat(60_000), { nil: undefined, freq: 4 }),
  });

  /** An enrollment that sends whenever it is asked to and may; when the messages went out. */
  function sentAt(wishes: readonly { wait: number; notSentAfter: number | undefined }[]): readonly number[] {
    let enrollment = fresh();
    let at = now;
    const sent: number[] = [];
    for (const { wait, notSentAfter } of wishes) {
      at += wait;
      if (deliveriesOf(enrollment, factor, at)?.refused !== undefined) continue;
      const { lastDeliveryAt } = enrollment;
      enrollment = advance(enrollment, { type: 'deliveryCounted', bucket, at });
      if (notSentAfter === undefined) {
        sent.push(at);
        continue;
      }
      at += notSentAfter;
      enrollment = advance(enrollment, {
        type: 'deliveryWithdrawn',
        bucket,
        at,
        ...(lastDeliveryAt === undefined ? {} : { lastDeliveryAt }),
      });
    }
    return sent;
  }
  const wishes = fc.array(wish, { maxLength: 60, size: 'max' });

  test(`never more than ${capacity}, and one for every ${refillMs / 1000} seconds, in any stretch of time`, () => {
    fc.assert(
      fc.property(wishes, (asked) => {
        const sent = sentAt(asked);
        sent.forEach((from, first) =>
          sent.slice(first).forEach((to, more) => {
            expect(more + 1).toBeLessThanOrEqual(capacity + Math.floor((to - from) / refillMs));
          }),
        );
      }),
      runs,
    );
  });

  test('never two within the cool-down', () => {
    fc.assert(
      fc.property(wishes, (asked) => {
        const sent = sentAt(asked);
        sent.slice(1).forEach((at, index) => {
          expect(at - (sent[index] ?? 0)).toBeGreaterThanOrEqual(limits.cooldownSeconds * 1000);
        });
      }),
      runs,
    );
  });

  test(`${capacity} go out as fast as the cool-down allows, then only what comes back`, () => {
    const waits = Array.from({ length: 200 }, () => ({ wait: 30_000, notSentAfter: undefined }));
    const sent = sentAt(waits);
    const start = sent[0] ?? 0;
    expect(sent.slice(0, capacity).every((at, index) => at === start + index * 30_000)).toBe(true);
    const spent = 200 * 30_000;
    const refilled = Math.floor(spent / refillMs);
    expect(sent.length).toBeLessThanOrEqual(capacity + refilled);
    expect(sent.length).toBeGreaterThanOrEqual(capacity + refilled - 1);
  });

  test('one counts when it is sent, whether its answer comes or not, and on no other bucket', () => {
    everyStep(({ before, event, after: next }) => {
      const level = (of: Enrollment) => levelAt(of.deliveries[bucket], timeOf(event));
      const spent = level(before) - level(next);
      const isOwn = 'bucket' in event && event.bucket === bucket;
      if (isOwn && event.type === 'deliveryCounted') expect(spent).toBe(Math.min(1, level(before)));
      else if (isOwn && event.type === 'deliveriesRefused') expect(level(next)).toBe(0);
      else expect(next.deliveries[bucket]).toBe(before.deliveries[bucket]);
    });
  });
});

test('the cool-down holds over all factors: one person gets all of the messages', () => {
  const texted = after({ type: 'deliveryCounted', bucket: 'phone', at: now });
  for (const factor of ['sms', 'voice', 'email'] as const) {
    expect(deliveriesOf(texted, factor, now + 1)).toMatchObject({
      refused: 'resend_too_soon',
      allowedAt: now + 30_000,
    });
  }
});

test('the verified number is that of the last code that was accepted for a number, by answer or by list', () => {
  everyStep(({ before, event, after: next }) => {
    const isTaken =
      event.type === 'codeAccepted' && event.phoneNumber !== undefined && challengeOf(before) !== undefined;
    const isListed = event.type === 'phoneNumberVerified' && !isSettled(before);
    if (isTaken || isListed) expect(next.verifiedPhoneNumber).toBe(event.phoneNumber);
    else expect(next.verifiedPhoneNumber).toBe(before.verifiedPhoneNumber);
  });
});

describe('a factor that was taken back', () => {
  const removed = after(
    { type: 'authenticatorsRead', authenticators: [smsActive], opening: false, at: now },
    { type: 'factorRemoved', factor: 'sms' },
  );
  const read = (...authenticators: readonly Authenticator[]) =>
    advance(removed, { type: 'authenticatorsRead', authenticators, opening: false, at: now });

  test('stays so though a list that lags behind still shows its authenticator', () => {
    expect(progressOf(read(smsActive), 'sms')?.state).toBe('removed');
  });

  test('stays so when no list shows it any more', () => {
    expect(progressOf(read(), 'sms')?.state).toBe('removed');
  });

  test('is active again when the user has another authenticator of it: a reading tells the truth', () => {
    const another = { ...smsActive, id: 'sms|dev_9' };
    expect(progressOf(read(smsActive, another), 'sms')).toMatchObject({
      state: 'confirmed',
      authenticatorId: another.id,
    });
  });

  test('does not let an enrollment be called completed', () => {
    const both = advance(removed, {
      type: 'authenticatorsRead',
      authenticators: [smsActive, otpActive],
      opening: false,
      at: now,
    });
    expect(advance(both, { type: 'settled', outcome: 'completed', at: now })).toBe(both);
  });
});

test('a factor that is gone while another is under way is asked for when that one is done', () => {
  const underway = after(
    { type: 'associated', challenge: smsChallenge, at: now },
    { type: 'confirmStarted' },
    { type: 'codeAccepted', at: now },
    { type: 'associated', challenge: otpChallenge, at: now },
    { type: 'authenticatorsRead', authenticators: [], opening: false, at: now },
  );
  expect([underway.state, currentFactor(underway)]).toEqual(['awaiting_code', 'otp']);
  const done = [{ type: 'confirmStarted' } as const, { type: 'codeAccepted', at: now } as const].reduce(
    advance,
    underway,
  );
  expect([done.state, currentFactor(done)]).toEqual(['associating', 'sms']);
});
