import type { Authenticator, FactorName } from '../factors';
import { factors } from '../factors';
import { draw, emptied, fullBucket, giveBack, type Bucket } from './bucket';
import { limits } from './limits';
import { maskPhoneNumber } from './phone-number';
import type { Problem } from './problems';
import type { FactorProgressState, Outcome } from './status';

/** How far one factor of the plan has come. */
export interface FactorProgress {
  readonly factor: FactorName;
  readonly state: FactorProgressState;
  readonly alreadyActive: boolean;
  readonly authenticatorId?: string;
}

/** What the user must answer; the secret part stays with the workflow. */
export interface Challenge {
  readonly challengeId: string;
  readonly factor: FactorName;
  readonly type: 'oob' | 'otp';
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Auth0 said, or the clock did, that no code can answer it any more. */
  readonly over?: true;
}

/** Why a case that ought to associate waits: for a number, for somebody to ask again, or for Auth0 to come back. */
export type BlockedOn = 'phone_number' | 'resend' | 'auth0';

interface Facts {
  readonly plan: readonly FactorProgress[];
  readonly startedAt: number;
  readonly deadline: number;
  readonly attempts: Bucket;
  readonly texts: Bucket;
  /** Wrong codes in the whole case; never refilled. */
  readonly wrongCodes: number;
  readonly lastTextAt?: number;
  /** Masked. */
  readonly phoneNumber?: string;
  readonly lastProblem?: Problem;
}

export type Open =
  | (Facts & { readonly state: 'awaiting_token' })
  | (Facts & { readonly state: 'associating'; readonly blockedOn?: BlockedOn })
  | (Facts & { readonly state: 'awaiting_code'; readonly challenge: Challenge })
  | (Facts & { readonly state: 'confirming'; readonly challenge: Challenge })
  | (Facts & { readonly state: 'verifying' });

export type Settled = Facts & { readonly state: Outcome; readonly endedAt: number };

/** A case. Which fields it has follows from its state; nothing is optional by accident. */
export type Enrollment = Open | Settled;

export type EnrollmentEvent =
  | { readonly type: 'tokenNeeded'; readonly problem: Problem }
  | { readonly type: 'tokenProvided' }
  | {
      readonly type: 'authenticatorsRead';
      readonly authenticators: readonly Authenticator[];
      readonly opening: boolean;
    }
  | { readonly type: 'textSent'; readonly at: number }
  /** The text just counted has surely not left; `lastTextAt` is of the one before it. */
  | { readonly type: 'textNotSent'; readonly at: number; readonly lastTextAt?: number }
  | { readonly type: 'associated'; readonly challenge: Challenge; readonly at: number }
  | { readonly type: 'associationBlocked'; readonly blockedOn: BlockedOn; readonly problem: Problem }
  | { readonly type: 'textsRefused'; readonly at: number }
  | { readonly type: 'reassociationRequested' }
  | { readonly type: 'phoneNumberChanged'; readonly phoneNumber: string }
  | { readonly type: 'confirmStarted' }
  | { readonly type: 'codeRejected'; readonly problem: Problem; readonly at: number }
  | { readonly type: 'codesRefused'; readonly problem: Problem; readonly at: number }
  | { readonly type: 'challengeOver'; readonly problem?: Problem }
  | { readonly type: 'confirmUnavailable'; readonly problem: Problem }
  | { readonly type: 'codeAccepted'; readonly at: number }
  | { readonly type: 'problemMet'; readonly problem: Problem }
  | { readonly type: 'factorRemoved'; readonly factor: FactorName }
  | { readonly type: 'settled'; readonly outcome: Outcome; readonly at: number; readonly problem?: Problem };

/** The fresh case of a start at `now`. `phoneNumber` is E.164. Both who starts it and the run itself open it by this. */
export const startedEnrollment = (
  start: {
    readonly factors: readonly FactorName[];
    readonly phoneNumber?: string;
    readonly options?: { readonly lifetimeSeconds?: number };
  },
  now: number,
): Enrollment =>
  openEnrollment({
    factors: start.factors,
    now,
    lifetimeSeconds: start.options?.lifetimeSeconds ?? limits.lifetimeSeconds,
    ...(start.phoneNumber === undefined ? {} : { phoneNumber: maskPhoneNumber(start.phoneNumber) }),
  });

/** A fresh case at `now`: nothing read, nothing sent. `phoneNumber` is masked. */
export function openEnrollment(opening: {
  readonly factors: readonly FactorName[];
  readonly now: number;
  readonly lifetimeSeconds: number;
  readonly phoneNumber?: string;
}): Enrollment {
  return {
    state: 'associating',
    plan: opening.factors.map((factor) => ({ factor, state: 'waiting', alreadyActive: false })),
    startedAt: opening.now,
    deadline: opening.now + opening.lifetimeSeconds * 1000,
    attempts: fullBucket(limits.attempts, limits.attemptRefillSeconds, opening.now),
    texts: fullBucket(limits.texts, limits.textRefillSeconds, opening.now),
    wrongCodes: 0,
    ...(opening.phoneNumber === undefined ? {} : { phoneNumber: opening.phoneNumber }),
  };
}

/**
 * The case after an event. A pair of state and event that makes no sense changes nothing and returns the same object, so
 * that a late answer can never undo an outcome.
 */
export function advance(enrollment: Enrollment, event: EnrollmentEvent): Enrollment {
  if (isSettled(enrollment)) return enrollment;
  switch (event.type) {
    case 'settled':
      return settle(enrollment, event);
    case 'problemMet':
      return { ...enrollment, lastProblem: event.problem };
    case 'textSent':
      return { ...enrollment, texts: draw(enrollment.texts, event.at), lastTextAt: event.at };
    case 'textNotSent':
      return withoutText(enrollment, event);
    case 'textsRefused':
      return { ...enrollment, texts: emptied(enrollment.texts, event.at) };
    case 'phoneNumberChanged':
      return { ...enrollment, phoneNumber: event.phoneNumber };
    case 'factorRemoved':
      return { ...enrollment, plan: mark(enrollment.plan, event.factor, { state: 'removed' }) };
    case 'authenticatorsRead':
      return afterReading(enrollment, event);
    case 'tokenNeeded':
      return { ...factsOf(enrollment), state: 'awaiting_token', lastProblem: event.problem };
    default:
      return fromState(enrollment, event);
  }
}

export const isSettled = (enrollment: Enrollment): enrollment is Settled => 'endedAt' in enrollment;

/** Waiting for a person, or over: nothing happens by itself soon. */
export const isAtRest = (enrollment: Enrollment): boolean =>
  isSettled(enrollment) ||
  enrollment.state === 'awaiting_token' ||
  enrollment.state === 'awaiting_code' ||
  (enrollment.state === 'associating' && enrollment.blockedOn !== undefined);

/** Has Auth0 not accepted this factor yet? */
export const isMissing = ({ state }: Pick<FactorProgress, 'state'>): boolean =>
  state === 'waiting' || state === 'challenged';

/** Has Auth0 accepted this factor, read back or not? */
export const isAccepted = ({ state }: Pick<FactorProgress, 'state'>): boolean =>
  state === 'accepted' || state === 'confirmed';

/**
 * The factor under way: that of the challenge which waits, else the first of the plan that Auth0 has not accepted yet. The
 * two differ when a factor before goes missing in the meantime: its turn comes again when the challenge is done with.
 */
export const currentFactor = (enrollment: {
  readonly plan: readonly FactorProgress[];
  readonly challenge?: Challenge;
}): FactorName | undefined => enrollment.challenge?.factor ?? enrollment.plan.find(isMissing)?.factor;

/** What the case would end as, were it to end now for no other reason: all of its factors read back, some there, none. */
export function outcomeOf(enrollment: Enrollment): 'completed' | 'partial' | 'expired' {
  if (enrollment.plan.every(({ state }) => state === 'confirmed')) return 'completed';
  return enrollment.plan.some(isAccepted) ? 'partial' : 'expired';
}

type StepEvent = Extract<
  EnrollmentEvent,
  {
    type:
      | 'tokenProvided'
      | 'associated'
      | 'associationBlocked'
      | 'reassociationRequested'
      | 'confirmStarted'
      | 'codeRejected'
      | 'codesRefused'
      | 'challengeOver'
      | 'confirmUnavailable'
      | 'codeAccepted';
  }
>;

function fromState(enrollment: Open, event: StepEvent): Enrollment {
  switch (enrollment.state) {
    case 'awaiting_token':
      return event.type === 'tokenProvided' ? nextStep(factsOf(enrollment)) : enrollment;
    case 'associating':
      return fromAssociating(enrollment, event);
    case 'awaiting_code':
      return fromAwaitingCode(enrollment, event);
    case 'confirming':
      return fromConfirming(enrollment, event);
    case 'verifying':
      return enrollment;
  }
}

function fromAssociating(enrollment: Extract<Open, { state: 'associating' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'associated': {
      const { lastProblem: _solved, ...facts } = factsOf(enrollment);
      const plan = mark(facts.plan, event.challenge.factor, { state: 'challenged' });
      return { ...facts, plan, state: 'awaiting_code', challenge: event.challenge };
    }
    case 'associationBlocked':
      return { ...enrollment, blockedOn: event.blockedOn, lastProblem: event.problem };
    case 'reassociationRequested':
    case 'tokenProvided':
      return { ...factsOf(enrollment), state: 'associating' };
    default:
      return enrollment;
  }
}

function fromAwaitingCode(enrollment: Extract<Open, { state: 'awaiting_code' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'confirmStarted':
      return { ...enrollment, state: 'confirming' };
    case 'reassociationRequested':
      return { ...factsOf(enrollment), state: 'associating' };
    case 'challengeOver':
      return over(enrollment, event.problem);
    case 'codeAccepted': // settled by reading the authenticators, after an answer that was lost
      return accepted(enrollment);
    default:
      return enrollment;
  }
}

function fromConfirming(enrollment: Extract<Open, { state: 'confirming' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'codeAccepted':
      return accepted(enrollment);
    case 'codeRejected':
      return {
        ...enrollment,
        state: 'awaiting_code',
        attempts: draw(enrollment.attempts, event.at),
        wrongCodes: enrollment.wrongCodes + 1,
        lastProblem: event.problem,
      };
    case 'codesRefused':
      return {
        ...enrollment,
        state: 'awaiting_code',
        attempts: emptied(enrollment.attempts, event.at),
        lastProblem: event.problem,
      };
    case 'challengeOver':
      return over({ ...enrollment, state: 'awaiting_code' }, event.problem);
    case 'confirmUnavailable':
      return { ...enrollment, state: 'awaiting_code', lastProblem: event.problem };
    default:
      return enrollment;
  }
}

function withoutText(enrollment: Open, { at, lastTextAt }: Extract<EnrollmentEvent, { type: 'textNotSent' }>): Open {
  const { lastTextAt: _notSent, ...before } = enrollment;
  return { ...before, texts: giveBack(enrollment.texts, at), ...(lastTextAt === undefined ? {} : { lastTextAt }) };
}

function over(enrollment: Extract<Open, { state: 'awaiting_code' }>, problem: Problem | undefined): Enrollment {
  return {
    ...enrollment,
    challenge: { ...enrollment.challenge, over: true },
    ...(problem === undefined ? {} : { lastProblem: problem }),
  };
}

function accepted(enrollment: Extract<Open, { challenge: Challenge }>): Enrollment {
  const { lastProblem: _solved, ...facts } = factsOf(enrollment);
  const listed = facts.plan.some(
    ({ factor, state }) => factor === enrollment.challenge.factor && state === 'confirmed',
  );
  return nextStep(
    listed ? facts : { ...facts, plan: mark(facts.plan, enrollment.challenge.factor, { state: 'accepted' }) },
  );
}

/**
 * A reading is the truth about every factor. What it lists active is confirmed; an accepted factor that it does not list
 * goes back to the start of its step. Only a record that Auth0 has deleted for us proves nothing: ids are not used twice,
 * so a list that still shows it is older than the deletion.
 */
function afterReading(
  enrollment: Open,
  { authenticators, opening }: Extract<EnrollmentEvent, { type: 'authenticatorsRead' }>,
): Enrollment {
  const plan = enrollment.plan.map((progress): FactorProgress => {
    const deleted = progress.state === 'removed' ? progress.authenticatorId : undefined;
    const listed = authenticators.find(
      (record) => record.active && record.id !== deleted && factors[progress.factor].lists(record),
    );
    if (listed === undefined) {
      return isAccepted(progress) ? { factor: progress.factor, state: 'waiting', alreadyActive: false } : progress;
    }
    return {
      factor: progress.factor,
      state: 'confirmed',
      alreadyActive: opening || progress.alreadyActive,
      authenticatorId: listed.id,
    };
  });
  const read = { ...enrollment, plan };
  if (read.state === 'associating' && currentFactor(read) === undefined) return nextStep(factsOf(read));
  if (read.state === 'verifying' && currentFactor(read) !== undefined) return nextStep(factsOf(read));
  return read;
}

function nextStep(facts: Facts): Enrollment {
  return { ...facts, state: currentFactor(facts) === undefined ? 'verifying' : 'associating' };
}

/** `completed` is not anybody's to claim: it stands only on factors that were read back. */
function settle(enrollment: Open, event: Extract<EnrollmentEvent, { type: 'settled' }>): Enrollment {
  if (event.outcome === 'completed' && outcomeOf(enrollment) !== 'completed') return enrollment;
  const facts = factsOf(enrollment);
  const { lastProblem: _solved, ...solved } = facts;
  return {
    ...(event.outcome === 'completed' ? solved : facts),
    ...(event.problem === undefined ? {} : { lastProblem: event.problem }),
    state: event.outcome,
    endedAt: event.at,
  };
}

const mark = (plan: readonly FactorProgress[], factor: FactorName, change: Pick<FactorProgress, 'state'>) =>
  plan.map((progress) => (progress.factor === factor ? { ...progress, ...change } : progress));

function factsOf(enrollment: Open): Facts {
  const { plan, startedAt, deadline, attempts, texts, wrongCodes, lastTextAt, phoneNumber, lastProblem } = enrollment;
  return {
    plan,
    startedAt,
    deadline,
    attempts,
    texts,
    wrongCodes,
    ...(lastTextAt === undefined ? {} : { lastTextAt }),
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    ...(lastProblem === undefined ? {} : { lastProblem }),
  };
}
