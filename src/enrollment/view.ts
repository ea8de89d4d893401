import { factors } from '../factors';
import { levelAt, nextUnitAt } from './bucket';
import { currentFactor, isSettled, type Challenge, type Enrollment } from './enrollment';
import { limits } from './limits';
import type { Problem } from './problems';
import type { ChallengeStatus, EnrollmentStatus } from './status';

/** The public view of a case at `now` (epoch ms). `tokenExpiresAt`: of the token in use, when there is one. */
export function viewOf(enrollment: Enrollment, now: number, tokenExpiresAt?: number): EnrollmentStatus {
  const factor = isSettled(enrollment) ? undefined : currentFactor(enrollment);
  const challenge = 'challenge' in enrollment ? enrollment.challenge : undefined;
  const attemptsLeft = levelAt(enrollment.attempts, now);
  const nextAttemptAt = nextUnitAt(enrollment.attempts, now);
  const nextTextAt = textAllowedAt(enrollment, now);
  return {
    version: 1,
    state: enrollment.state,
    ...(factor === undefined ? {} : { factor }),
    factors: enrollment.plan.map(({ alreadyActive, ...progress }) => ({
      ...progress,
      active: progress.state === 'confirmed',
      ...(alreadyActive ? { alreadyActive } : {}),
    })),
    ...(challenge === undefined ? {} : { challenge: challengeView(challenge, enrollment.phoneNumber) }),
    attemptsLeft,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: iso(nextAttemptAt) }),
    textsLeft: levelAt(enrollment.texts, now),
    ...(nextTextAt > now ? { nextTextAt: iso(nextTextAt) } : {}),
    deadlines: {
      enrollment: iso(enrollment.deadline),
      ...(challenge === undefined ? {} : { challenge: iso(challenge.expiresAt) }),
      ...(tokenExpiresAt === undefined ? {} : { token: iso(tokenExpiresAt) }),
    },
    ...(enrollment.phoneNumber === undefined ? {} : { phoneNumber: enrollment.phoneNumber }),
    ...(enrollment.lastProblem === undefined ? {} : { lastProblem: problemView(enrollment.lastProblem) }),
    nextAction: nextAction(enrollment, now),
    startedAt: iso(enrollment.startedAt),
    ...(isSettled(enrollment) ? { endedAt: iso(enrollment.endedAt) } : {}),
  };
}

/** When the next text may be sent (epoch ms): the cooldown after the last one, and the bucket of texts. `now` when at once. */
export function textAllowedAt(enrollment: Enrollment, now: number): number {
  const cooledDown =
    enrollment.lastTextAt === undefined ? now : enrollment.lastTextAt + limits.resendCooldownSeconds * 1000;
  const refilled = levelAt(enrollment.texts, now) > 0 ? now : (nextUnitAt(enrollment.texts, now) ?? now);
  return Math.max(now, cooledDown, refilled);
}

/** Seconds from `now` to `at`, whole and at least 1: what `Retry-After` wants. */
export const secondsUntil = (at: number, now: number): number => Math.max(1, Math.ceil((at - now) / 1000));

/** One sentence for the person at the desk: what the case waits for. */
export function nextAction(enrollment: Enrollment, now: number): string {
  switch (enrollment.state) {
    case 'awaiting_token':
      return 'The user signs in again, and the new token goes to provideToken (PUT …/token).';
    case 'associating':
      return associatingAction(enrollment.blockedOn);
    case 'awaiting_code':
      return awaitingCodeAction(enrollment.challenge, now);
    case 'confirming':
      return 'None: Auth0 is being asked about a code.';
    case 'verifying':
      return 'None: the factors are being read back.';
    case 'completed':
      return 'None: every factor is active.';
    case 'partial':
      return 'Start a new enrollment for the factors that are missing; the active ones are skipped.';
    case 'expired':
    case 'cancelled':
      return 'Start a new enrollment when the user is ready.';
    case 'failed':
      return 'An operator mends what lastProblem names, then starts a new enrollment.';
  }
}

function associatingAction(blockedOn: 'phone_number' | 'resend' | 'auth0' | undefined): string {
  switch (blockedOn) {
    case 'phone_number':
      return 'Give a phone number that takes texts (changePhoneNumber, PUT …/phone-number).';
    case 'resend':
      return 'Mend what lastProblem names, then ask again (resendCode, POST …/resend).';
    case 'auth0':
      return 'None: Auth0 does not answer; it is asked again by itself.';
    case undefined:
      return 'None: Auth0 is being asked for a challenge.';
  }
}

function awaitingCodeAction(challenge: Challenge, now: number): string {
  if (challenge.type === 'otp') {
    return 'The user scans the QR code and sends the six digits of the app (submitOtp, POST …/otp).';
  }
  return challenge.over === true || challenge.expiresAt <= now
    ? `The code is too old: ask for another ${factors[challenge.factor].title} (resendCode, POST …/resend).`
    : 'The user sends the six digits of the text message (submitBindingCode, POST …/binding-code).';
}

const iso = (at: number): string => new Date(at).toISOString();

const problemView = ({ code, message, at, retryAt }: Problem): NonNullable<EnrollmentStatus['lastProblem']> => ({
  code,
  message,
  at: iso(at),
  ...(retryAt === undefined ? {} : { retryAt: iso(retryAt) }),
});

const challengeView = (challenge: Challenge, phoneNumber: string | undefined): ChallengeStatus => ({
  challengeId: challenge.challengeId,
  factor: challenge.factor,
  type: challenge.type,
  issuedAt: iso(challenge.issuedAt),
  expiresAt: iso(challenge.expiresAt),
  ...(challenge.type === 'oob' && phoneNumber !== undefined ? { phoneNumber } : {}),
});
