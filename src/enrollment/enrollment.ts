import { factors, type Authenticator, type DeliveryBucket, type FactorName } from '../factors';
import { draw, emptied, fullBucket, giveBack, type Bucket } from './bucket';
import { defined } from './defined';
import { deliveryLimits, limits } from './limits';
import { maskPhoneNumber } from './phone-number';
import type { Problem } from './problems';
import type { FactorProgressState, NoticeStatus, Outcome } from './status';

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
  readonly expired?: true;
}

/** Why an enrollment that ought to associate waits. `auth0`, `operator` and `cooldown` pass by themselves at `retryAt` of the problem. */
export type BlockedOn =
  /** For a phone number. */
  | 'phone_number'
  /** For somebody to ask again. */
  | 'resend'
  /** For Auth0 to come back. */
  | 'auth0'
  /** For an operator to look at what stands between us and Auth0. */
  | 'operator'
  /** For the time between two deliveries to pass. */
  | 'cooldown';

/** What happened that the user should hear of. */
export interface Notice extends Pick<NoticeStatus, 'type' | 'factor'> {
  /** Epoch ms. */
  readonly at: number;
}

interface Facts {
  readonly plan: readonly FactorProgress[];
  readonly startedAt: number;
  readonly deadline: number;
  readonly attempts: Bucket;
  readonly deliveries: Readonly<Record<DeliveryBucket, Bucket>>;
  /** Wrong codes in the whole enrollment; never refilled. */
  readonly wrongCodes: number;
  readonly lastDeliveryAt?: number;
  /** Masked: where the next code is sent. */
  readonly phoneNumber?: string;
  /** Masked: the number whose code Auth0 accepted. */
  readonly verifiedPhoneNumber?: string;
  /** How often the number was changed; absent while it was not. */
  readonly phoneNumberChanges?: number;
  /** When the user agreed to the number of now (epoch ms). */
  readonly consentedAt?: number;
  /** The newest `limits.notices`, oldest first; absent while there are none. */
  readonly notices?: readonly Notice[];
  readonly lastProblem?: Problem;
}

export type Open =
  /** `refreshAt` (epoch ms): when the refresh token at hand is tried again. */
  | (Facts & { readonly state: 'awaiting_token'; readonly refreshAt?: number })
  /** `blockedBy`: what it was blocked with; later problems leave that as it is. */
  /** `earlier`: the challenge before, whose code is still taken while another one cannot be asked for. */
  | (Facts & {
      readonly state: 'associating';
      readonly blockedOn?: BlockedOn;
      readonly blockedBy?: Problem;
      readonly earlier?: Challenge;
    })
  | (Facts & { readonly state: 'awaiting_code'; readonly challenge: Challenge })
  | (Facts & { readonly state: 'confirming'; readonly challenge: Challenge })
  /** `outage`: why the last reading did not come. */
  /** `recoveryCodeDue`: every factor is active, and the user has still to save the recovery code. */
  | (Facts & {
      readonly state: 'verifying';
      readonly outage?: 'auth0_unavailable' | 'unexpected_answer';
      readonly recoveryCodeDue?: true;
    });

export type Settled = Facts & { readonly state: Outcome; readonly endedAt: number };

/** What an enrollment shows of itself. Which fields it has follows from its state; nothing is optional by accident. */
export type Enrollment = Open | Settled;

export type EnrollmentEvent =
  | { readonly type: 'tokenNeeded'; readonly problem: Problem; readonly refreshAt?: number }
  | { readonly type: 'tokenProvided' }
  | {
      readonly type: 'authenticatorsRead';
      readonly authenticators: readonly Authenticator[];
      readonly opening: boolean;
      readonly at: number;
    }
  /** The tokens it was read with turned out to be another user's: nothing that was read counts. */
  | { readonly type: 'readingsDiscarded' }
  | { readonly type: 'deliveryCounted'; readonly bucket: DeliveryBucket; readonly at: number }
  /** What was just counted has surely not been sent; `lastDeliveryAt` is of the one before it. */
  | {
      readonly type: 'deliveryWithdrawn';
      readonly bucket: DeliveryBucket;
      readonly at: number;
      readonly lastDeliveryAt?: number;
    }
  | { readonly type: 'associated'; readonly challenge: Challenge; readonly at: number }
  | { readonly type: 'associationBlocked'; readonly blockedOn: BlockedOn; readonly problem: Problem }
  | { readonly type: 'deliveriesRefused'; readonly bucket: DeliveryBucket; readonly at: number }
  /** `earlier`: the challenge that lives on meanwhile. */
  | { readonly type: 'reassociationRequested'; readonly earlier?: Challenge }
  /** No code can answer what was asked before. */
  | { readonly type: 'challengeForgotten' }
  /** Masked. */
  | { readonly type: 'phoneNumberChanged'; readonly phoneNumber: string; readonly at: number }
  /** The user agreed to the plan and to the number of now. */
  | { readonly type: 'consentGiven'; readonly at: number }
  /** Another token was brought in place of one that lived. */
  | { readonly type: 'tokenReplaced'; readonly at: number }
  /** Masked. */
  | { readonly type: 'phoneNumberVerified'; readonly phoneNumber: string }
  /** A code came for the challenge before, which still lives, while another one was to be asked for. */
  | { readonly type: 'challengeResumed'; readonly challenge: Challenge }
  | { readonly type: 'confirmStarted' }
  | { readonly type: 'codeRejected'; readonly problem: Problem; readonly at: number }
  | { readonly type: 'codesRefused'; readonly problem: Problem; readonly at: number }
  | { readonly type: 'challengeExpired'; readonly problem?: Problem }
  | { readonly type: 'confirmUnavailable'; readonly problem: Problem }
  /** `phoneNumber` (masked): where the code was sent. */
  | { readonly type: 'codeAccepted'; readonly at: number; readonly phoneNumber?: string }
  | { readonly type: 'problemMet'; readonly problem: Problem }
  /** A reading of accepted factors came, or did not because of `problem`. */
  | {
      readonly type: 'readBackTried';
      readonly problem?: Problem & { readonly code: 'auth0_unavailable' | 'unexpected_answer' };
    }
  /** Every factor was read back, and the user has still to save the recovery code. */
  | { readonly type: 'recoveryCodeAwaited' }
  | { readonly type: 'factorRemoved'; readonly factor: FactorName }
  /** Its deletion was asked for, and whether it happened is not known: only another reading confirms it again. */
  | { readonly type: 'factorDoubted'; readonly factor: FactorName }
  | { readonly type: 'settled'; readonly outcome: Outcome; readonly at: number; readonly problem?: Problem };

/** What an enrollment takes over from the one before it of the same user, so that starting anew gives no fresh budget. */
export type Inherited = Pick<Facts, 'attempts' | 'deliveries' | 'lastDeliveryAt'>;

export const inheritedFrom = ({ attempts, deliveries, lastDeliveryAt }: Inherited): Inherited => ({
  attempts,
  deliveries,
  ...defined({ lastDeliveryAt }),
});

/**
 * The fresh enrollment of a start at `now` (epoch ms): nothing read, nothing sent. `phoneNumber` is E.164. Used by the API and
 * by the workflow, so both build the same initial state.
 */
export const openEnrollment = (
  start: {
    readonly factors: readonly FactorName[];
    readonly phoneNumber?: string;
    readonly options?: { readonly lifetimeSeconds?: number };
    readonly inherited?: Inherited;
  },
  now: number,
): Enrollment => ({
  state: 'associating',
  plan: start.factors.map((factor) => ({ factor, state: 'waiting', alreadyActive: false })),
  startedAt: now,
  deadline: now + (start.options?.lifetimeSeconds ?? limits.lifetimeSeconds) * 1000,
  attempts: fullBucket(limits.attempts, limits.attemptRefillSeconds, now),
  deliveries: { phone: fullDeliveries('phone', now), email: fullDeliveries('email', now) },
  wrongCodes: 0,
  ...(start.phoneNumber === undefined ? {} : { phoneNumber: maskPhoneNumber(start.phoneNumber) }),
  ...(start.inherited === undefined ? {} : inheritedFrom(start.inherited)),
});

const fullDeliveries = (bucket: DeliveryBucket, now: number): Bucket =>
  fullBucket(deliveryLimits[bucket].capacity, deliveryLimits[bucket].refillSeconds, now);

/**
 * The enrollment after an event. A pair of state and event that makes no sense changes nothing and returns the same object, so
 * that a late answer can never undo an outcome.
 */
export function advance(enrollment: Enrollment, event: EnrollmentEvent): Enrollment {
  if (isSettled(enrollment)) return enrollment;
  switch (event.type) {
    case 'settled':
      return settle(enrollment, event);
    case 'problemMet':
      return { ...enrollment, lastProblem: event.problem };
    case 'deliveryCounted':
      return { ...counted(enrollment, event.bucket, draw, event.at), lastDeliveryAt: event.at };
    case 'deliveryWithdrawn': {
      const { lastDeliveryAt: _notSent, ...before } = counted(enrollment, event.bucket, giveBack, event.at);
      return { ...before, ...defined({ lastDeliveryAt: event.lastDeliveryAt }) };
    }
    case 'deliveriesRefused':
      return counted(enrollment, event.bucket, emptied, event.at);
    case 'readingsDiscarded':
      return {
        ...enrollment,
        plan: enrollment.plan.map(({ factor }) => ({ factor, state: 'waiting', alreadyActive: false })),
      };
    case 'phoneNumberChanged':
      return phoneNumberChanged(enrollment, event);
    case 'consentGiven':
      return { ...enrollment, consentedAt: event.at };
    case 'tokenReplaced':
      return withNotices(enrollment, [{ type: 'token_replaced', at: event.at }]);
    case 'phoneNumberVerified':
      return { ...enrollment, verifiedPhoneNumber: event.phoneNumber };
    case 'factorRemoved':
      return { ...enrollment, plan: mark(enrollment.plan, event.factor, { state: 'removed' }) };
    case 'factorDoubted':
      return { ...enrollment, plan: mark(enrollment.plan, event.factor, { state: 'accepted' }) };
    case 'authenticatorsRead':
      return afterReading(enrollment, event);
    case 'tokenNeeded':
      return {
        ...factsOf(enrollment),
        state: 'awaiting_token',
        lastProblem: event.problem,
        ...defined({ refreshAt: event.refreshAt }),
      };
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
  (enrollment.state === 'associating' && enrollment.blockedOn !== undefined) ||
  (enrollment.state === 'verifying' && enrollment.recoveryCodeDue === true);

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

/**
 * The challenge that a code can answer at `now` (epoch ms): the one that waits, or the one before it while another one cannot be
 * asked for.
 */
export function answerableChallenge(enrollment: Enrollment, now: number): Challenge | undefined {
  if ('challenge' in enrollment) return enrollment.challenge;
  if (enrollment.state !== 'associating' || enrollment.blockedOn === undefined) return undefined;
  const { earlier } = enrollment;
  const lives = earlier !== undefined && earlier.expiresAt > now && earlier.factor === currentFactor(enrollment);
  return lives ? earlier : undefined;
}

/** What the enrollment would end as, were it to end now for no other reason: all of its factors read back, some there, none. */
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
      | 'challengeForgotten'
      | 'challengeResumed'
      | 'confirmStarted'
      | 'codeRejected'
      | 'codesRefused'
      | 'challengeExpired'
      | 'confirmUnavailable'
      | 'codeAccepted'
      | 'readBackTried'
      | 'recoveryCodeAwaited';
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
      return fromVerifying(enrollment, event);
  }
}

function fromVerifying(enrollment: Extract<Open, { state: 'verifying' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'readBackTried':
      return {
        ...factsOf(enrollment),
        state: 'verifying',
        ...(event.problem === undefined ? {} : { outage: event.problem.code, lastProblem: event.problem }),
      };
    case 'recoveryCodeAwaited': {
      const { lastProblem: _solved, ...facts } = factsOf(enrollment);
      return { ...facts, state: 'verifying', recoveryCodeDue: true };
    }
    default:
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
      return { ...enrollment, blockedOn: event.blockedOn, blockedBy: event.problem, lastProblem: event.problem };
    case 'challengeResumed':
      return enrollment.blockedOn === undefined
        ? enrollment
        : { ...factsOf(enrollment), state: 'awaiting_code', challenge: event.challenge };
    case 'challengeForgotten': {
      const { earlier: _dead, ...without } = enrollment;
      return enrollment.earlier === undefined ? enrollment : without;
    }
    case 'reassociationRequested':
    case 'tokenProvided':
      return { ...factsOf(enrollment), state: 'associating', ...defined({ earlier: enrollment.earlier }) };
    default:
      return enrollment;
  }
}

function fromAwaitingCode(enrollment: Extract<Open, { state: 'awaiting_code' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'confirmStarted':
      return { ...enrollment, state: 'confirming' };
    case 'reassociationRequested':
      return { ...factsOf(enrollment), state: 'associating', ...defined({ earlier: event.earlier }) };
    case 'challengeExpired':
      return expired(enrollment, event.problem);
    case 'codeAccepted': // settled by reading the authenticators, after an answer that was lost
      return accepted(enrollment, event);
    default:
      return enrollment;
  }
}

function fromConfirming(enrollment: Extract<Open, { state: 'confirming' }>, event: StepEvent): Enrollment {
  switch (event.type) {
    case 'codeAccepted':
      return accepted(enrollment, event);
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
    case 'challengeExpired':
      return expired({ ...enrollment, state: 'awaiting_code' }, event.problem);
    case 'confirmUnavailable':
      return { ...enrollment, state: 'awaiting_code', lastProblem: event.problem };
    default:
      return enrollment;
  }
}

/** A number that the user has not seen: what they agreed to was another one. */
function phoneNumberChanged(
  enrollment: Open,
  { phoneNumber, at }: Extract<EnrollmentEvent, { type: 'phoneNumberChanged' }>,
): Open {
  const { consentedAt: _toAnother, ...before } = enrollment;
  return withNotices({ ...before, phoneNumber, phoneNumberChanges: (enrollment.phoneNumberChanges ?? 0) + 1 }, [
    { type: 'phone_number_changed', at },
  ]);
}

const withNotices = (enrollment: Open, notices: readonly Notice[]): Open =>
  notices.length === 0
    ? enrollment
    : { ...enrollment, notices: [...(enrollment.notices ?? []), ...notices].slice(-limits.notices) };

const counted = (
  enrollment: Open,
  bucket: DeliveryBucket,
  count: (of: Bucket, at: number) => Bucket,
  at: number,
): Open => ({
  ...enrollment,
  deliveries: { ...enrollment.deliveries, [bucket]: count(enrollment.deliveries[bucket], at) },
});

function expired(enrollment: Extract<Open, { state: 'awaiting_code' }>, problem: Problem | undefined): Enrollment {
  return {
    ...enrollment,
    challenge: { ...enrollment.challenge, expired: true },
    ...(problem === undefined ? {} : { lastProblem: problem }),
  };
}

function accepted(
  enrollment: Extract<Open, { challenge: Challenge }>,
  { phoneNumber }: Extract<EnrollmentEvent, { type: 'codeAccepted' }>,
): Enrollment {
  const { lastProblem: _solved, ...before } = factsOf(enrollment);
  const facts = { ...before, ...defined({ verifiedPhoneNumber: phoneNumber ?? before.verifiedPhoneNumber }) };
  const listed = facts.plan.some(
    ({ factor, state }) => factor === enrollment.challenge.factor && state === 'confirmed',
  );
  return nextStep(
    listed ? facts : { ...facts, plan: mark(facts.plan, enrollment.challenge.factor, { state: 'accepted' }) },
  );
}

/**
 * A reading is the truth about every factor. What it lists active is confirmed; an accepted factor that it does not list
 * goes back to the start of its step. An authenticator that Auth0 has deleted for us proves nothing: ids are
 * not used twice, so a list that still shows it is older than the deletion.
 */
function afterReading(
  enrollment: Open,
  { authenticators, opening, at }: Extract<EnrollmentEvent, { type: 'authenticatorsRead' }>,
): Enrollment {
  const plan = enrollment.plan.map((progress): FactorProgress => {
    const deleted = progress.state === 'removed' ? progress.authenticatorId : undefined;
    const listed = authenticators.find(
      (authenticator) =>
        authenticator.active && authenticator.id !== deleted && factors[progress.factor].matches(authenticator),
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
  const confirmed = plan.filter(
    ({ state, alreadyActive, authenticatorId }, index) =>
      state === 'confirmed' && !alreadyActive && authenticatorId !== enrollment.plan[index]?.authenticatorId,
  );
  const read = withNotices(
    { ...enrollment, plan },
    confirmed.map(({ factor }) => ({ type: 'factor_confirmed', at, factor })),
  );
  if (read.state === 'associating' && currentFactor(read) === undefined) return nextStep(factsOf(read));
  if (read.state === 'verifying' && currentFactor(read) !== undefined) return nextStep(factsOf(read));
  return read;
}

function nextStep(facts: Facts): Enrollment {
  return { ...facts, state: currentFactor(facts) === undefined ? 'verifying' : 'associating' };
}

/** `completed` requires every factor to have been read back. */
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
  const { plan, startedAt, deadline, attempts, deliveries, wrongCodes } = enrollment;
  const { lastDeliveryAt, phoneNumber, verifiedPhoneNumber, lastProblem } = enrollment;
  const { phoneNumberChanges, consentedAt, notices } = enrollment;
  return {
    plan,
    startedAt,
    deadline,
    attempts,
    deliveries,
    wrongCodes,
    ...defined({
      lastDeliveryAt,
      phoneNumber,
      verifiedPhoneNumber,
      phoneNumberChanges,
      consentedAt,
      notices,
      lastProblem,
    }),
  };
}
