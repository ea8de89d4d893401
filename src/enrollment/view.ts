import { factors, type FactorName } from '../factors';
import { levelAt, nextUnitAt } from './bucket';
import { defined } from './defined';
import { deliveriesOf } from './deliveries';
import {
  answerableChallenge,
  currentFactor,
  isMissing,
  isSettled,
  type Challenge,
  type Enrollment,
} from './enrollment';
import { outlookOf } from './outlook';
import type { Problem } from './problems';
import type { ChallengeStatus, EnrollmentStatus } from './status';

/** The public view of an enrollment at `now` (epoch ms). `tokenExpiresAt`: of the token in use, when there is one. */
export function viewOf(enrollment: Enrollment, now: number, tokenExpiresAt?: number): EnrollmentStatus {
  const factor = isSettled(enrollment) ? undefined : currentFactor(enrollment);
  const challenge = answerableChallenge(enrollment, now);
  const { who, what, action } = outlookOf(enrollment, now);
  const deliveries = deliveriesShown(enrollment, factor, now);
  const nextAttemptAt = nextUnitAt(enrollment.attempts, now);
  return {
    version: 1,
    state: enrollment.state,
    ...defined({ factor }),
    factors: enrollment.plan.map(({ alreadyActive, ...progress }) => ({
      ...progress,
      active: progress.state === 'confirmed',
      ...(alreadyActive ? { alreadyActive } : {}),
    })),
    ...defined({ challenge: challenge && challengeView(challenge, enrollment.phoneNumber) }),
    attemptsLeft: levelAt(enrollment.attempts, now),
    ...defined({ nextAttemptAt: optionalIso(nextAttemptAt) }),
    textsLeft: deliveries.left,
    ...(deliveries.allowedAt > now ? { nextTextAt: iso(deliveries.allowedAt) } : {}),
    deadlines: {
      enrollment: iso(enrollment.deadline),
      ...defined({
        challenge: optionalIso(challenge?.expiresAt),
        token: optionalIso(tokenExpiresAt),
      }),
    },
    ...defined({
      phoneNumber: shownPhoneNumber(enrollment),
      consentedAt: optionalIso(enrollment.consentedAt),
      recoveryCodeDue: enrollment.state === 'verifying' ? enrollment.recoveryCodeDue : undefined,
      lastProblem: enrollment.lastProblem && problemView(enrollment.lastProblem),
    }),
    phoneNumberChanges: enrollment.phoneNumberChanges ?? 0,
    notices: (enrollment.notices ?? []).map(({ at, ...notice }) => ({ ...notice, at: iso(at) })),
    waitingFor: { who, what },
    nextAction: action,
    startedAt: iso(enrollment.startedAt),
    ...(isSettled(enrollment) ? { endedAt: iso(enrollment.endedAt) } : {}),
  };
}

/** Of the factor under way, or of text messages where that one sends nothing. */
function deliveriesShown(enrollment: Enrollment, factor: FactorName | undefined, now: number) {
  const ofFactor = factor === undefined ? undefined : deliveriesOf(enrollment, factor, now);
  return ofFactor ?? deliveriesOf(enrollment, 'sms', now) ?? { left: 0, allowedAt: now };
}

/**
 * Masked: the number that was verified, once one is. Before, the one that codes go to, as long as a factor is open that uses it:
 * a number that was only asked for, for a factor the user had already, says nothing about the user's phone.
 */
export function shownPhoneNumber(enrollment: Enrollment): string | undefined {
  const isOpen = enrollment.plan.some(
    (progress) => factors[progress.factor].needs === 'phoneNumber' && isMissing(progress),
  );
  return enrollment.verifiedPhoneNumber ?? (isOpen ? enrollment.phoneNumber : undefined);
}

/** Seconds from `now` to `at`, whole and at least 1: what `Retry-After` wants. */
export const secondsUntil = (at: number, now: number): number => Math.max(1, Math.ceil((at - now) / 1000));

const iso = (at: number): string => new Date(at).toISOString();
const optionalIso = (at: number | undefined): string | undefined => (at === undefined ? undefined : iso(at));

const problemView = ({ code, message, at, retryAt }: Problem): NonNullable<EnrollmentStatus['lastProblem']> => ({
  code,
  message,
  at: iso(at),
  ...defined({ retryAt: optionalIso(retryAt) }),
});

const challengeView = (challenge: Challenge, phoneNumber: string | undefined): ChallengeStatus => ({
  challengeId: challenge.challengeId,
  factor: challenge.factor,
  type: challenge.type,
  issuedAt: iso(challenge.issuedAt),
  expiresAt: iso(challenge.expiresAt),
  ...defined({ phoneNumber: factors[challenge.factor].needs === 'phoneNumber' ? phoneNumber : undefined }),
});
