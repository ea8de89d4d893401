import { factors } from '../factors';
import { isExpired, refusePhoneNumber, refuseResend, refuseShown } from './admission';
import { apply, challengeOf, forgetChallenge, hold, remember, type Case, type Turn } from './case';
import type { Answer, Command, Received, Refusal } from './commands';
import { defined } from './defined';
import { currentFactor } from './enrollment';
import { judgeCode } from './judge-code';
import { maskPhoneNumber } from './phone-number';
import { problem } from './problems';
import { takeToken } from './token-choice';

/** Takes the next command in line where the enrollment rests: what it changes, and its answer. */
export function obey(of: Case, now: number): Turn {
  const [first, ...inbox] = of.inbox;
  return first === undefined ? { case: of } : obeyOne({ ...of, inbox }, first, now);
}

function obeyOne(of: Case, { id, command }: Received, now: number): Turn {
  switch (command.type) {
    case 'code':
      return judgeCode(of, id, command, now);
    case 'token':
      return obeyToken(of, id, command, now);
    case 'resend': {
      const refusal = refuseResend(of, now);
      return refusal === undefined ? { case: askAgain(of, now), answers: done(id) } : refuse(of, id, refusal, now);
    }
    case 'changePhoneNumber': {
      const refusal = refusePhoneNumber(of, { phoneNumber: command.phoneNumber }, now);
      if (refusal !== undefined) return refuse(of, id, refusal, now);
      return { case: takePhoneNumber(of, command, now), answers: done(id) };
    }
    case 'acknowledgeRecoveryCode': // it is not shown any more; nothing, if there is none or it was said before
      return { case: hold(of, { recoveryCode: undefined }), answers: done(id) };
  }
}

function obeyToken(
  of: Case,
  id: number,
  { token, shown, consent }: Extract<Command, { type: 'token' }>,
  now: number,
): Turn {
  const refusal = refuseShown(of, shown);
  if (refusal !== undefined) return refuse(of, id, refusal, now);
  const taken = takeToken(of, token, now);
  const isTaken = taken.held.tokens !== of.held.tokens;
  const agreed = isTaken && consent === true ? apply(taken, { type: 'consentGiven', at: now }) : taken;
  return { case: isTaken ? goOnWithToken(agreed, now) : agreed, answers: done(id) };
}

const done = (id: number): readonly Answer[] => [{ id, type: 'done' }];

/** A signal has nobody who hears the refusal, so the last problem says it where it is about time. */
function refuse(of: Case, id: number, refusal: Refusal, now: number): Turn {
  const answers: readonly Answer[] = [{ id, type: 'refused', refusal }];
  if (refusal.type !== 'too_many_texts' && refusal.type !== 'resend_too_soon') return { case: of, answers };
  const met = problem(refusal.type, now, defined({ retryAt: refusal.retryAt }));
  // What an enrollment is blocked on is told by its problem, which stays.
  const blocked = of.enrollment.state === 'associating';
  return { case: blocked ? of : apply(of, { type: 'problemMet', problem: met }), answers };
}

function askAgain(of: Case, now: number): Case {
  if (of.enrollment.state === 'awaiting_token') return remember(of, { refreshAt: now });
  const { challenge } = of.held;
  const lives =
    challenge !== undefined && of.enrollment.state === 'awaiting_code' && of.enrollment.challenge.expired !== true;
  return apply(remember(of, { lostAnswers: 0 }), {
    type: 'reassociationRequested',
    ...(lives ? { earlier: challengeOf(challenge) } : {}),
  });
}

/** A code sent to the old number proves nothing about the new one, so its challenge is gone; another factor's goes on. */
function takePhoneNumber(
  of: Case,
  { phoneNumber, phoneNumberHash, by }: Extract<Command, { type: 'changePhoneNumber' }>,
  now: number,
): Case {
  const factor = currentFactor(of.enrollment);
  const changed = apply(hold(of, { phoneNumber, phoneNumberHash: phoneNumberHash ?? null, phoneNumberSetBy: by }), {
    type: 'phoneNumberChanged',
    phoneNumber: maskPhoneNumber(phoneNumber),
    at: now,
  });
  // Who enters a number for their own account agrees to it by that.
  const numbered = by?.accountHolder === true ? apply(changed, { type: 'consentGiven', at: now }) : changed;
  if (factor === undefined || factors[factor].needs !== 'phoneNumber') return numbered;
  return of.enrollment.state === 'awaiting_token' ? numbered : askAgain(forgetChallenge(numbered), now);
}

/** A token that was taken also opens what waited for Auth0, and replaces a challenge whose own token is gone. */
function goOnWithToken(of: Case, now: number): Case {
  const { state } = of.enrollment;
  const waitedForAuth0 = state === 'associating' && of.enrollment.blockedOn === 'auth0';
  const isGone = state === 'awaiting_code' && isExpired(of, now);
  return waitedForAuth0 || isGone ? apply(isGone ? forgetChallenge(of) : of, { type: 'reassociationRequested' }) : of;
}
