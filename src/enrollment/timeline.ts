import type { FactorName } from '../factors';
import { defined } from './defined';
import { currentFactor, isAccepted, isSettled, type Enrollment, type FactorProgress } from './enrollment';
import type { ProblemCode } from './problems';
import type { EnrollmentStateName, FactorProgressState, Outcome } from './status';

/** One thing that happened to an enrollment, as far as its public part shows it. Holds no token, no code, no key; a number is masked. */
export type Change =
  | { readonly what: 'started'; readonly factors: readonly FactorName[] }
  | { readonly what: 'state'; readonly state: EnrollmentStateName; readonly factor?: FactorName }
  /** A challenge was made: a code was sent, or a setup key given. */
  | { readonly what: 'challenge'; readonly factor: FactorName; readonly challengeId: string }
  | { readonly what: 'wrong_codes'; readonly count: number }
  /** A factor came further, or went back to the start of its step (`waiting`). */
  | { readonly what: 'factor'; readonly factor: FactorName; readonly state: FactorProgressState }
  /** `phoneNumber`: masked. */
  | { readonly what: 'phone_number_changed'; readonly phoneNumber?: string }
  | { readonly what: 'consent' }
  | { readonly what: 'token_replaced' }
  | { readonly what: 'recovery_code_due' }
  | { readonly what: 'problem'; readonly code: ProblemCode; readonly message: string }
  | { readonly what: 'ended'; readonly state: Outcome };

/** Messages that change something, by their names; who waits for the first challenge changes nothing. */
export const messageNames = [
  'submitBindingCode',
  'submitOtp',
  'provideToken',
  'resendCode',
  'cancelEnrollment',
  'confirmCode',
  'resend',
  'changePhoneNumber',
  'acknowledgeRecoveryCode',
  'renewToken',
  /** Temporal's own. */
  'cancelRequest',
  /** Sent by somebody who writes to Temporal directly, under a name that is none of ours. */
  'unknown',
] as const;

/** A signal or an update that was taken. Whether it did anything is told by the changes after it. */
export interface TakenMessage {
  readonly what: 'message';
  readonly name: (typeof messageNames)[number];
}

/** With the moment (epoch ms), where the enrollment itself has kept it. */
export type Changed = Change & { readonly at?: number };

/**
 * What happened between two looks at one enrollment, in the order in which an enrollment goes. `before` is absent for the first look.
 * Things that came and went in between are not seen: an enrollment is looked at whenever it rests.
 */
export function changesOf(before: Enrollment | undefined, after: Enrollment): readonly Changed[] {
  if (before === undefined) {
    return [{ what: 'started', factors: after.plan.map(({ factor }) => factor), at: after.startedAt }];
  }
  return [
    ...numberChanges(before, after),
    ...(after.consentedAt === undefined || after.consentedAt === before.consentedAt
      ? []
      : [{ what: 'consent', at: after.consentedAt } as const]),
    ...newNotices(before, after)
      .filter(({ type }) => type === 'token_replaced')
      .map(({ at }): Changed => ({ what: 'token_replaced', at })),
    ...wrongCodes(before, after),
    ...factorChanges(before, after),
    ...challengeMade(before, after),
    ...problemMet(before, after),
    ...stateChange(before, after),
  ];
}

function numberChanges(before: Enrollment, after: Enrollment): readonly Changed[] {
  const count = (after.phoneNumberChanges ?? 0) - (before.phoneNumberChanges ?? 0);
  const times = newNotices(before, after).filter(({ type }) => type === 'phone_number_changed');
  return Array.from({ length: Math.max(0, count) }, (_none, index): Changed => {
    const isLast = index === count - 1; // the ones before it were never seen
    return {
      what: 'phone_number_changed',
      ...defined({ phoneNumber: isLast ? after.phoneNumber : undefined, at: times[index]?.at }),
    };
  });
}

function wrongCodes(before: Enrollment, after: Enrollment): readonly Changed[] {
  const count = after.wrongCodes - before.wrongCodes;
  const last = after.lastProblem;
  const at = last?.code === 'code_rejected' || last?.code === 'too_many_codes' ? last.at : undefined;
  return count > 0 ? [{ what: 'wrong_codes', count, ...defined({ at }) }] : [];
}

function factorChanges(before: Enrollment, after: Enrollment): readonly Changed[] {
  const confirmed = newNotices(before, after).filter(({ type }) => type === 'factor_confirmed');
  return after.plan.flatMap(({ factor, state }): readonly Changed[] => {
    const earlier = before.plan.find((each) => each.factor === factor);
    if (earlier === undefined || !isNoteworthy(earlier, state)) return [];
    const at = state === 'confirmed' ? confirmed.find((each) => each.factor === factor)?.at : undefined;
    return [{ what: 'factor', factor, state, ...defined({ at }) }];
  });
}

/** That a challenge waits for its code is told by the challenge itself. */
const isNoteworthy = (earlier: FactorProgress, state: FactorProgressState): boolean =>
  earlier.state !== state && (state === 'waiting' || state === 'challenged' ? isAccepted(earlier) : true);

function challengeMade(before: Enrollment, after: Enrollment): readonly Changed[] {
  const made = challengeIn(after);
  if (made === undefined || made.challengeId === challengeIn(before)?.challengeId) return [];
  const { factor, challengeId, issuedAt } = made;
  return [{ what: 'challenge', factor, challengeId, at: issuedAt }];
}

const challengeIn = (of: Enrollment) =>
  'challenge' in of ? of.challenge : of.state === 'associating' ? of.earlier : undefined;

function problemMet({ lastProblem: before }: Enrollment, { lastProblem: last }: Enrollment): readonly Changed[] {
  if (last === undefined || (last.at === before?.at && last.code === before.code)) return [];
  return [{ what: 'problem', code: last.code, message: last.message, at: last.at }];
}

function stateChange(before: Enrollment, after: Enrollment): readonly Changed[] {
  if (isSettled(after)) return isSettled(before) ? [] : [{ what: 'ended', state: after.state, at: after.endedAt }];
  const state: readonly Changed[] =
    after.state === before.state
      ? []
      : [{ what: 'state', state: after.state, ...defined({ factor: currentFactor(after) }) }];
  return isDue(after) && !isDue(before) ? [...state, { what: 'recovery_code_due' }] : state;
}

const isDue = (of: Enrollment): boolean => of.state === 'verifying' && of.recoveryCodeDue === true;

/** Those of `after` that are not among those of `before`; the oldest may have gone in between. */
export function newNotices({ notices: before = [] }: Pick<Enrollment, 'notices'>, { notices: after = [] }: Enrollment) {
  const known = before.map((notice) => JSON.stringify(notice));
  return after.filter((notice) => {
    const index = known.indexOf(JSON.stringify(notice));
    if (index >= 0) known.splice(index, 1); // two of one moment look alike
    return index < 0;
  });
}
