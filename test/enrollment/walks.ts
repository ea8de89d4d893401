import fc from 'fast-check';
import type { Authenticator } from '../../src/factors';
import {
  advance,
  isSettled,
  type BlockedOn,
  type Enrollment,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { problem, problemCodes } from '../../src/enrollment/problems';
import { outcomes } from '../../src/enrollment/status';
import { fresh, now, otpActive, smsActive } from './samples';

/** What Auth0 may list of a user: both factors, more than once, unconfirmed ones, and kinds that no factor makes. */
const listable: readonly Authenticator[] = [
  smsActive,
  otpActive,
  { ...smsActive, id: 'sms|dev_3' },
  { ...otpActive, id: 'totp|dev_4' },
  { ...smsActive, active: false },
  { ...otpActive, active: false },
  { id: 'voice|dev_1', authenticatorType: 'oob', oobChannel: 'voice', active: true },
  { id: 'push|dev_2', authenticatorType: 'oob', oobChannel: 'auth0', active: true },
  { id: 'recovery-code|dev_5', authenticatorType: 'recovery-code', active: true },
];

type Draft = (at: number, step: number) => EnrollmentEvent;

const draft = <Value>(
  values: fc.Arbitrary<Value>,
  event: (value: Value, at: number, step: number) => EnrollmentEvent,
) =>
  values.map(
    (value): Draft =>
      (at, step) =>
        event(value, at, step),
  );

const anyFactor = fc.constantFrom('sms' as const, 'otp' as const);
const anyProblem = fc.constantFrom(...problemCodes);
const nothing = fc.constant(undefined);
const anyBucket = fc.constantFrom('phone' as const, 'email' as const);

const anyDraft: fc.Arbitrary<Draft> = fc.oneof(
  draft(anyProblem, (code, at) => ({ type: 'tokenNeeded', problem: problem(code, at) })),
  draft(nothing, () => ({ type: 'tokenProvided' })),
  {
    weight: 3,
    arbitrary: draft(fc.tuple(fc.subarray([...listable]), fc.boolean()), ([authenticators, opening], at) => ({
      type: 'authenticatorsRead',
      authenticators,
      opening,
      at,
    })),
  },
  {
    weight: 2,
    arbitrary: draft(nothing, (_, at) => ({
      type: 'authenticatorsRead',
      authenticators: listable,
      opening: false,
      at,
    })),
  },
  draft(nothing, () => ({ type: 'readingsDiscarded' })),
  draft(anyBucket, (bucket, at) => ({ type: 'deliveryCounted', bucket, at })),
  draft(anyBucket, (bucket, at) => ({ type: 'deliveriesRefused', bucket, at })),
  {
    weight: 5,
    arbitrary: draft(anyFactor, (factor, at, step) => ({
      type: 'associated',
      at,
      challenge: {
        challengeId: `challenge-${step}`,
        factor,
        type: factor === 'sms' ? 'oob' : 'otp',
        issuedAt: at,
        expiresAt: at + 300_000,
      },
    })),
  },
  draft(
    fc.tuple(fc.constantFrom<BlockedOn>('phone_number', 'resend', 'auth0', 'operator', 'cooldown'), anyProblem),
    ([blockedOn, code], at) => ({ type: 'associationBlocked', blockedOn, problem: problem(code, at) }),
  ),
  draft(nothing, () => ({ type: 'reassociationRequested' })),
  draft(nothing, (_, at) => ({ type: 'phoneNumberChanged', phoneNumber: '••••••••••99', at })),
  draft(nothing, (_, at) => ({ type: 'consentGiven', at })),
  draft(nothing, (_, at) => ({ type: 'tokenReplaced', at })),
  draft(nothing, () => ({ type: 'challengeForgotten' })),
  draft(nothing, () => ({ type: 'phoneNumberVerified', phoneNumber: '••••••••••77' })),
  draft(nothing, (_, at, step) => ({
    type: 'challengeResumed',
    challenge: {
      challengeId: `challenge-${step}`,
      factor: 'sms',
      type: 'oob',
      issuedAt: at,
      expiresAt: at + 300_000,
    },
  })),
  { weight: 5, arbitrary: draft(nothing, () => ({ type: 'confirmStarted' })) },
  draft(nothing, (_, at) => ({ type: 'codeRejected', problem: problem('code_rejected', at), at })),
  draft(nothing, (_, at) => ({ type: 'codesRefused', problem: problem('too_many_codes', at), at })),
  draft(nothing, (_, at) => ({ type: 'challengeExpired', problem: problem('code_expired', at) })),
  draft(nothing, (_, at) => ({ type: 'confirmUnavailable', problem: problem('auth0_unavailable', at) })),
  {
    weight: 4,
    arbitrary: draft(fc.constantFrom({}, { phoneNumber: '••••••••••23' }), (more, at) => ({
      type: 'codeAccepted',
      at,
      ...more,
    })),
  },
  draft(fc.constantFrom(undefined, 'auth0_unavailable' as const, 'unexpected_answer' as const), (code, at) => ({
    type: 'readBackTried',
    ...(code === undefined ? {} : { problem: { ...problem(code, at), code } }),
  })),
  draft(anyProblem, (code, at) => ({ type: 'problemMet', problem: problem(code, at) })),
  draft(anyFactor, (factor) => ({ type: 'factorRemoved', factor })),
  draft(anyFactor, (factor) => ({ type: 'factorDoubted', factor })),
  draft(nothing, (_, at) => ({ type: 'settled', outcome: 'completed', at })),
  draft(fc.constantFrom(...outcomes), (outcome, at) => ({ type: 'settled', outcome, at })),
);

const anyWait = fc.oneof(fc.nat(1_000), fc.nat(600_000), fc.nat(3 * 3_600_000));

/** Events in any order, at times that only rise. */
export const anyWalk: fc.Arbitrary<readonly EnrollmentEvent[]> = fc
  .array(fc.tuple(anyWait, anyDraft), { minLength: 1, maxLength: 60, size: 'max' })
  .map((steps) => {
    let at = now;
    return steps.map(([wait, event], step) => event((at += wait), step));
  });

export interface Step {
  readonly before: Enrollment;
  readonly event: EnrollmentEvent;
  readonly after: Enrollment;
}

/** A fresh enrollment that takes a walk, step by step, up to its outcome. */
export function walked(walk: readonly EnrollmentEvent[]): readonly Step[] {
  const steps: Step[] = [];
  let before = fresh();
  for (const event of walk) {
    if (isSettled(before)) break;
    const after = advance(before, event);
    steps.push({ before, event, after });
    before = after;
  }
  return steps;
}
