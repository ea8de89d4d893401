import { ApplicationFailure } from '@temporalio/workflow';
import { levelAt, nextUnitAt } from '../enrollment/bucket';
import { currentFactor, isAccepted, isMissing, isSettled } from '../enrollment/enrollment';
import { secondsUntil } from '../enrollment/view';
import { factors, isFactorName } from '../factors';
import { resendRefusal } from './commands';
import { parseCode, parsePhoneNumber, parseToken } from './inbox';
import type { LiveCase } from './live-case';
import type * as messages from './messages';

// Validators of updates: synchronous and pure. What they refuse leaves no event.

export function validateCode(live: LiveCase, input: unknown): void {
  const { factor, code, challengeId } = asRecord(input);
  if (!isFactorName(factor) || !live.enrollment.plan.some((progress) => progress.factor === factor)) {
    throw refused('malformed', 'factor must name a factor of this enrollment.', live);
  }
  if (parseCode(code) === undefined) throw refused('malformed', 'code must be six digits.', live);
  if (challengeId !== undefined && typeof challengeId !== 'string') {
    throw refused('malformed', 'challengeId must be the text that came with the challenge.', live);
  }
  refuseSettled(live);
  const progress = live.enrollment.plan.find((each) => each.factor === factor);
  if (progress !== undefined && isAccepted(progress)) return; // a repeated code learns that it worked
  if (live.enrollment.state === 'awaiting_token') return; // answered with token_needed
  const early = live.texting && challengeId === undefined;
  if (currentFactor(live.enrollment) !== factor || (live.live === undefined && !early)) {
    throw refused('wrong_step', `No code for ${factor} is awaited now.`, live);
  }
  if (
    challengeId !== undefined &&
    challengeId !== live.live?.challengeId &&
    challengeId !== live.previous?.challengeId
  ) {
    throw refused('stale_challenge', 'This challenge was replaced by a newer one.', live);
  }
  if (levelAt(live.enrollment.attempts, Date.now()) === 0) {
    throw refused(
      'rate_limited',
      'Too many wrong codes. One more try comes back every 6 minutes.',
      live,
      nextUnitAt(live.enrollment.attempts, Date.now()),
    );
  }
}

export function validateResend(live: LiveCase): void {
  refuseSettled(live);
  const { enrollment } = live;
  const factor = currentFactor(enrollment);
  const now = Date.now();
  if (enrollment.state === 'associating' && enrollment.blockedOn === 'phone_number') {
    throw refused('wrong_step', 'A phone number is needed first.', live);
  }
  const blocked = enrollment.state === 'associating' && enrollment.blockedOn !== undefined;
  const awaiting = enrollment.state === 'awaiting_code' || enrollment.state === 'confirming';
  if (factor === undefined || (!blocked && !awaiting))
    throw refused('wrong_step', 'No text message is awaited now.', live);
  const refusal = resendRefusal(live, factor, now);
  switch (refusal?.type) {
    case undefined:
      return;
    case 'not_resendable':
      throw refused(refusal.type, 'An authenticator app is sent nothing: the QR code stays valid.', live);
    case 'too_many_texts':
      throw refused(refusal.type, 'No more text messages for this user for now.', live, refusal.retryAt);
    case 'resend_too_soon':
      throw refused(refusal.type, 'A text message was sent a moment ago.', live, refusal.retryAt);
  }
}

export function validatePhoneNumber(live: LiveCase, input: unknown): void {
  if (parsePhoneNumber(input) === undefined)
    throw refused('malformed', 'phoneNumber must be E.164, such as +14155550123.', live);
  refuseSettled(live);
  const open = live.enrollment.plan.some(
    (progress) => factors[progress.factor].needs === 'phoneNumber' && isMissing(progress),
  );
  if (!open) throw refused('wrong_step', 'No factor of this enrollment that is still open uses a phone number.', live);
  const now = Date.now();
  if (levelAt(live.enrollment.texts, now) === 0) {
    throw refused(
      'too_many_texts',
      'No more text messages for this user for now.',
      live,
      nextUnitAt(live.enrollment.texts, now),
    );
  }
}

export function validateToken(live: LiveCase, input: unknown): void {
  if (parseToken(input) === undefined) throw refused('malformed', 'accessToken must be a non-empty text.', live);
  refuseSettled(live);
}

function refuseSettled(live: LiveCase): void {
  if (isSettled(live.enrollment)) throw refused('settled', `The enrollment has ended: ${live.enrollment.state}.`, live);
}

export function refused(
  type: messages.RefusalType,
  message: string,
  live: LiveCase,
  retryAt?: number,
): ApplicationFailure {
  const now = Date.now();
  const factor = currentFactor(live.enrollment);
  const details: messages.RefusalDetails = {
    attemptsLeft: levelAt(live.enrollment.attempts, now),
    ...(retryAt === undefined ? {} : { retryAfter: secondsUntil(retryAt, now) }),
    ...(factor === undefined ? {} : { factor }),
  };
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
