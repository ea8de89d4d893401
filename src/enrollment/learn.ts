import { factorNames, factors, type Authenticator, type FactorName } from '../factors';
import {
  apply,
  block,
  challengeOf,
  forgetChallenge,
  hold,
  meetProblem,
  remember,
  withTask,
  type Case,
  type CodeDoubt,
  type HeldChallenge,
  type Memory,
  type Task,
  type Turn,
} from './case';
import type { Answer } from './commands';
import { beginEnding } from './ending';
import { defined } from './defined';
import { nextUnitAt } from './bucket';
import { currentFactor, isAccepted, outcomeOf } from './enrollment';
import { accept, afterConfirm, afterDoubt, doubtRemains, isRefusal, mayBeOurs } from './judge-code';
import { limits } from './limits';
import { maskPhoneNumber } from './phone-number';
import { problem } from './problems';
import type {
  Associated,
  AssociateOutcome,
  DeleteOutcome,
  EffectStep,
  Fault,
  ListOutcome,
  Performed,
  RecallOutcome,
  RefreshOutcome,
  TokenRefused,
  Unexpected,
} from './steps';
import { askAgainAt, pauseForToken } from './token-choice';
import { tokenFor, withoutRefreshToken, withoutToken, withToken } from './tokens';

/** A case that has learnt what came of a step. */
export interface Learnt {
  readonly case: Case;
  readonly answers: readonly Answer[];
}

/**
 * What a case makes of the outcome of the step that `decide` gave, at `now` (epoch ms). `of` is the case as it is now: messages
 * may have come while the step was performed. `challengeId`: the id of a challenge that may be new. `mindsLostCalls`: whether the
 * rules for a call that `leavesDoubt` apply; only runs that are older than these rules say no. Pure, and never throws.
 */
export function learn(
  of: Case,
  performed: Performed,
  now: number,
  challengeId: string,
  { mindsLostCalls }: { readonly mindsLostCalls: boolean },
): Learnt {
  const { outcome } = performed;
  if (mindsLostCalls && isLostAtTheEnd(of, performed)) return { case: readAgainAtTheEnd(of), answers: [] };
  const known = mindsLostCalls && mayHaveReplacedKey(of, performed) ? forgetChallenge(of) : of;
  const counted = remember(known, { outages: isOutage(performed) ? of.memory.outages + 1 : 0 });
  const turn =
    outcome.kind === 'fatal' ? afterFatal(counted, outcome, now) : afterStep(counted, performed, now, challengeId);
  return { case: turn.case, answers: turn.answers ?? [] };
}

/** Is this a lost call after which a run goes on in another way than runs did before these rules? */
export const leavesDoubt = (of: Case, performed: Performed): boolean =>
  isLostAtTheEnd(of, performed) || mayHaveReplacedKey(of, performed);

/** Auth0 takes the codes of the newest setup key alone, and there may be a newer one than the user has. */
const mayHaveReplacedKey = ({ held }: Case, { type, step, outcome }: Performed): boolean =>
  type === 'associate' &&
  (outcome.kind === 'lost' || outcome.kind === 'unexpected') &&
  held.challenge?.secret.type === 'otp' &&
  held.challenge.factor === step.input.factor;

/**
 * A call of the ending of which nothing is known, as when the worker died with it: what is left of the case can only be told by
 * another reading. An Auth0 that is down is known, and nobody waits for it at the end.
 */
const isLostAtTheEnd = ({ task }: Case, { step, outcome }: Performed): boolean =>
  task?.type === 'ending' &&
  outcome.kind === 'lost' &&
  outcome.outage === undefined &&
  (step.type === 'list' || (step.type === 'delete' && step.undo === undefined)) && // another reading follows a lost undo anyway
  (task.lost ?? 0) < limits.lostCallsAtTheEnd;

const readAgainAtTheEnd = (of: Case): Case =>
  of.task?.type === 'ending'
    ? withTask(of, { ...withoutReading(of.task), phase: 'read', lost: (of.task.lost ?? 0) + 1 })
    : of;

const isOutage = ({ type, outcome: { kind } }: Performed): boolean =>
  kind === 'unavailable' || kind === 'unexpected' || (kind === 'lost' && type === 'list');

function afterStep(of: Case, performed: Performed, now: number, challengeId: string): Turn {
  switch (performed.type) {
    case 'list':
      return afterList(of, performed.step, performed.outcome, now);
    case 'associate':
      return afterAssociate(of, performed.step, performed.outcome, now, challengeId);
    case 'confirm':
      return of.task?.type === 'code' ? afterConfirm(of, of.task, performed.outcome, now) : { case: of };
    case 'delete':
      return { case: afterDelete(of, performed.step, performed.outcome) };
    case 'refresh':
      return { case: afterRefresh(of, performed.outcome, now) };
    case 'recall':
      return { case: afterRecall(of, performed.outcome, now) };
  }
}

/** The tenant or the application is misconfigured, or our request is malformed: the enrollment ends as failed. */
function afterFatal(of: Case, { failure, message }: Extract<Fault, { kind: 'fatal' }>, now: number): Turn {
  if (of.task?.type === 'ending') {
    return { case: withTask(of, { ...withoutReading(of.task), phase: 'undo' }) }; // it ends anyway, without the last reading
  }
  const answers: readonly Answer[] =
    of.task?.type === 'code' ? [{ id: of.task.commandId, type: 'code', result: 'unavailable' }] : [];
  const failed: Case = { ...remember(of, { associating: undefined }), failure: { type: failure, message } };
  return { case: beginEnding(failed, 'failed', { problem: problem('configuration', now, { message }) }), answers };
}

const withoutReading = ({ accessToken: _unused, ...task }: Extract<Task, { type: 'ending' }>) => task;
const withoutUndo = ({ undoing: _over, ...task }: Extract<Task, { type: 'ending' }>) => task;

/** Auth0 or we ourselves would not use a token: it is not tried again. */
const dropToken = (of: Case, accessToken: string, { problem: because }: TokenRefused): Case =>
  remember(hold(of, { tokens: withoutToken(of.held.tokens, accessToken) }), { tokenProblem: because });

// list

type ListStep = Extract<EffectStep, { type: 'list' }>;

function afterList(of: Case, step: ListStep, outcome: ListOutcome | Fault, now: number): Turn {
  if (of.task?.type === 'code' && step.purpose === 'reconcile')
    return afterCodeReading(of, of.task, step, outcome, now);
  switch (outcome.kind) {
    case 'listed':
      return afterReading(of, step, outcome.authenticators, now);
    case 'token_refused':
      return { case: dropToken(of, step.input.accessToken, outcome) };
    default:
      return { case: afterNoReading(of, step, outcome, now) };
  }
}

function afterReading(
  of: Case,
  { purpose, input }: ListStep,
  authenticators: readonly Authenticator[],
  now: number,
): Turn {
  switch (purpose) {
    case 'opening':
      return { case: noteReading(of, authenticators, now) };
    case 'leftovers':
      return { case: remember(creditHeld(noteReading(of, authenticators, now)), { leftoversRead: true }) };
    case 'reconcile': {
      const noted = noteReading(of, authenticators, now);
      const { enrollment } = noted;
      if (enrollment.state !== 'awaiting_code') return { case: creditHeld(noted) };
      const { factor } = enrollment.challenge;
      return listsActive(authenticators, factor)
        ? accept(noted, undefined, mayBeOurs(noted, factor), now)
        : { case: noted };
    }
    case 'readBack':
      return { case: afterReadBack(of, input.accessToken, authenticators, now) };
    case 'ending':
      return {
        case:
          of.task?.type === 'ending'
            ? withTask(creditAtTheEnd(noteReading(of, authenticators, now)), {
                ...of.task,
                phase: 'sweep',
                accessToken: input.accessToken,
              })
            : noteReading(of, authenticators, now),
      };
  }
}

/** A challenge that was answered just before it was to be replaced: its factor is done, and by this enrollment. */
function creditHeld(of: Case): Case {
  const { challenge } = of.held;
  if (challenge === undefined || !listsActive(of.memory.authenticators, challenge.factor)) return of;
  if (of.memory.acceptedHere.includes(challenge.factor)) return of;
  const { factor, phoneNumber } = challenge;
  const done = forgetChallenge(of);
  if (!mayBeOurs(of, factor)) return done;
  const credited = remember(done, { acceptedHere: [...of.memory.acceptedHere, factor] });
  return phoneNumber === undefined ? credited : apply(credited, { type: 'phoneNumberVerified', phoneNumber });
}

/** At the end of an enrollment whose steps are local: a try of a workflow task that was lost may have answered the challenge that waits. */
const creditAtTheEnd = (of: Case): Case => (of.localFirst === true ? creditHeld(of) : of);

/**
 * What was made, when a reading shows that the challenge which waits was answered, and nobody has told: a try of a workflow task
 * was lost after Auth0 accepted the code. Such a try goes on to the next setup key, and the reading shows whether it has come to that.
 */
function madeByLostTry(
  { localFirst, held, memory, enrollment, task }: Case,
  read: readonly Authenticator[],
): Memory['made'] {
  const { made } = memory;
  const answered = held.challenge?.factor;
  if (localFirst !== true || answered === undefined || !listsActive(read, answered)) return made;
  if (memory.acceptedHere.includes(answered)) return made;
  const doubt = task?.type === 'code' ? task.doubt : 'lost_ahead';
  if (doubt === undefined || !(isRefusal(doubt) || doubt === 'lost_ahead')) return made; // this very try has asked, and nothing else
  const next = enrollment.plan.find((each) => each.factor !== answered && !isAccepted(each))?.factor;
  if (next === undefined || factors[next].delivery.type !== 'setupKey') return made;
  const known = new Set([...memory.authenticators, ...(memory.opening ?? [])].map(({ id }) => id));
  const isNew = (each: Authenticator) => !each.active && !known.has(each.id) && factors[next].matches(each);
  return read.some(isNew) ? { ...made, [next]: (made[next] ?? 0) + 1 } : made;
}

/** The counts after one of the authenticators that were made is gone. */
function withoutOne(made: Memory['made'], gone: Authenticator | undefined): Memory['made'] {
  const factor = gone && factorNames.find((name) => factors[name].matches(gone));
  return factor === undefined ? made : { ...made, [factor]: Math.max(0, (made[factor] ?? 0) - 1) };
}

/** Takes a reading as the truth. The first one tells what the user had. */
function noteReading(of: Case, authenticators: readonly Authenticator[], now: number): Case {
  const opening = of.memory.opening === undefined;
  return apply(
    remember(of, {
      authenticators,
      made: madeByLostTry(of, authenticators),
      opening: of.memory.opening ?? before(of, authenticators),
      reconcileAt: undefined,
    }),
    { type: 'authenticatorsRead', authenticators, opening, at: now },
  );
}

/** What of the first reading was there before a lost try of the first workflow task sent its text. */
function before({ memory, enrollment }: Case, authenticators: readonly Authenticator[]): readonly Authenticator[] {
  const { knownAtFirst } = memory;
  const first = enrollment.plan[0]?.factor;
  if (knownAtFirst === undefined || first === undefined) return authenticators;
  return authenticators.filter(
    (authenticator) =>
      authenticator.active || knownAtFirst.includes(authenticator.id) || !factors[first].matches(authenticator),
  );
}

/** Does a reading show this factor active? */
const listsActive = (authenticators: readonly Authenticator[], factor: FactorName): boolean =>
  authenticators.some((authenticator) => authenticator.active && factors[factor].matches(authenticator));

/** Auth0 may take a while to list what it has accepted; meanwhile the person, who was told that it worked, is left alone. */
function afterReadBack(of: Case, accessToken: string, authenticators: readonly Authenticator[], now: number): Case {
  const { readings } = of.memory.readBack;
  const allActive = of.enrollment.plan.every(({ factor }) => listsActive(authenticators, factor));
  const waitSeconds = limits.readBackSeconds[readings];
  if (!allActive && waitSeconds !== undefined) {
    return remember(apply(of, { type: 'readBackTried' }), {
      readBack: { readings: readings + 1, nextAt: now + waitSeconds * 1000 },
    });
  }
  const noted = noteReading(of, authenticators, now);
  if (outcomeOf(noted.enrollment) === 'completed') return beginEnding(noted, 'completed', { readWith: accessToken });
  // A factor that is still not listed goes back to the start of its step, and nobody is sent another code unasked.
  return noted.enrollment.state === 'associating' ? block(noted, 'resend', 'not_listed', now) : noted;
}

function afterNoReading(of: Case, { purpose }: ListStep, outcome: Fault | Unexpected, now: number): Case {
  const [blockedOn, code] =
    outcome.kind === 'unexpected'
      ? (['operator', 'unexpected_answer'] as const)
      : (['auth0', 'auth0_unavailable'] as const);
  const retryAt = askAgainAt(of, now, outcome.kind === 'unavailable' ? outcome.retryAfterMs : undefined);
  if (purpose === 'ending') {
    return of.task?.type === 'ending' ? withTask(of, { ...withoutReading(of.task), phase: 'undo' }) : of;
  }
  if (purpose === 'readBack') {
    const { readings } = of.memory.readBack;
    const met = { ...problem(code, now, { retryAt }), code };
    return remember(apply(of, { type: 'readBackTried', problem: met }), { readBack: { readings, nextAt: retryAt } });
  }
  if (of.enrollment.state === 'awaiting_code') return remember(of, { reconcileAt: retryAt });
  return block(of, blockedOn, code, now, retryAt);
}

/** A reading that a code waits for. */
function afterCodeReading(
  of: Case,
  task: Extract<Task, { type: 'code' }>,
  { input }: ListStep,
  outcome: ListOutcome | Fault,
  now: number,
): Turn {
  const doubt: CodeDoubt = task.doubt ?? 'before_asking';
  const doubted = { ...task, doubt };
  if (outcome.kind === 'listed') {
    const noted = noteReading(of, outcome.authenticators, now);
    const factor = currentFactor(noted.enrollment);
    const isActive = factor !== undefined && listsActive(outcome.authenticators, factor);
    return afterDoubt(noted, doubted, isActive ? 'active' : 'inactive', now);
  }
  const told = outcome.kind === 'token_refused' ? dropToken(of, input.accessToken, outcome) : of;
  const retryAfterMs = outcome.kind === 'unavailable' ? outcome.retryAfterMs : undefined;
  return afterDoubt(doubtRemains(told, now, retryAfterMs), doubted, 'unknown', now);
}

// associate

type AssociateStep = Extract<EffectStep, { type: 'associate' }>;

function afterAssociate(
  before: Case,
  { input }: AssociateStep,
  outcome: AssociateOutcome | Fault,
  now: number,
  challengeId: string,
): Turn {
  const of = remember(before, { associating: undefined });
  const { factor, accessToken } = input;
  switch (outcome.kind) {
    case 'associated':
      return { case: issue(of, input, outcome.challenge, now, challengeId) };
    case 'token_refused':
      return { case: forgetChallenge(dropToken(withoutEffect(of, factor, now), accessToken, outcome)) };
    case 'phone_number_invalid':
      if (factors[factor].needs !== 'phoneNumber') {
        // Nobody could give another number: what Auth0 says makes no sense for this factor.
        const retryAt = askAgainAt(of, now);
        return { case: block(withoutEffect(of, factor, now), 'operator', 'unexpected_answer', now, retryAt) };
      }
      return { case: block(withoutEffect(of, factor, now), 'phone_number', 'phone_number_invalid', now) };
    case 'too_many_texts': {
      const { delivery } = factors[factor];
      const spared = withoutEffect(of, factor, now);
      if (delivery.type !== 'sent') return { case: block(spared, 'resend', 'too_many_texts', now) };
      const refused = apply(spared, { type: 'deliveriesRefused', bucket: delivery.bucket, at: now });
      const nextAt = nextUnitAt(refused.enrollment.deliveries[delivery.bucket], now);
      return { case: block(refused, 'resend', 'too_many_texts', now, nextAt) };
    }
    case 'authenticator_limit':
      return { case: block(withoutEffect(of, factor, now), 'resend', 'authenticator_limit', now) };
    case 'not_sent': {
      const spared = withoutEffect(of, factor, now);
      if (outcome.why === 'stopped') {
        const retryAt = now + Math.round(limits.stoppedAskAgainSeconds * 1000 * (1 + of.spread / 2));
        return { case: block(spared, 'operator', 'texts_stopped', now, retryAt) };
      }
      const code = outcome.why === 'number' ? 'number_limit_reached' : 'caller_limit_reached';
      return { case: block(spared, 'resend', code, now, outcome.retryAt) };
    }
    case 'unavailable': {
      const retryAt = askAgainAt(of, now, outcome.retryAfterMs);
      return { case: block(withoutEffect(of, factor, now), 'auth0', 'auth0_unavailable', now, retryAt) };
    }
    case 'unexpected':
    case 'lost':
      return afterLostAssociate(of, outcome.kind === 'lost' ? 'answer_lost' : 'unexpected_answer', now);
    case 'fatal':
      return { case: of };
  }
}

/** The associate surely had no effect: what was counted before it is taken back. */
function withoutEffect(of: Case, factor: FactorName, now: number): Case {
  const { made } = of.memory;
  const uncounted = remember(of, { made: { ...made, [factor]: Math.max(0, (made[factor] ?? 0) - 1) } });
  const { delivery } = factors[factor];
  if (delivery.type !== 'sent') return uncounted;
  const { lastDeliveryBefore } = of.memory;
  return apply(uncounted, {
    type: 'deliveryWithdrawn',
    bucket: delivery.bucket,
    at: now,
    ...defined({ lastDeliveryAt: lastDeliveryBefore }),
  });
}

/** It may have had its effect. It is made again after a reading and the cool-down, a few times; then somebody has to ask. */
function afterLostAssociate(before: Case, lost: 'answer_lost' | 'unexpected_answer', now: number): Turn {
  const { lostAnswers } = before.memory;
  const again = lostAnswers < limits.lostAnswers;
  const { case: of, answers } = dropEarlyCodes(
    remember(before, { reconcileAt: now, lostAnswers: again ? lostAnswers + 1 : 0 }),
  );
  return { case: again ? of : block(of, 'resend', lost, now), answers };
}

/** Codes for a message whose challenge got lost can be asked about with no other, so they go. */
function dropEarlyCodes(of: Case): { readonly case: Case; readonly answers: readonly Answer[] } {
  if (of.held.challenge !== undefined) return { case: of, answers: [] }; // they may be for the challenge before
  return {
    case: { ...of, inbox: of.inbox.filter(({ command }) => command.type !== 'code') },
    answers: of.inbox
      .filter(({ command }) => command.type === 'code')
      .map(({ id }) => ({ id, type: 'code', result: 'expired' })),
  };
}

/** Auth0's answer, not our request, says what the user must do next. */
function issue(
  of: Case,
  { factor, accessToken, phoneNumber }: AssociateStep['input'],
  answer: Associated,
  now: number,
  challengeId: string,
): Case {
  const { held, memory } = of;
  const token = held.tokens.held.find((each) => each.accessToken === accessToken) ?? { accessToken, expiresAt: now };
  // The code has to reach Auth0 before its token dies.
  const tokenEnds = token.expiresAt - limits.callMarginSeconds * 1000;
  const codeDies = now + limits.codeLifeSeconds * 1000;
  const challenge: HeldChallenge = {
    challengeId,
    factor,
    issuedAt: now,
    token,
    secret:
      answer.type === 'oob'
        ? { type: 'oob', oobCode: answer.oobCode }
        : { type: 'otp', setupKey: answer.setupKey, barcodeUri: answer.barcodeUri },
    expiresAt: answer.type === 'oob' ? Math.min(codeDies, tokenEnds) : tokenEnds,
    ...(phoneNumber === undefined ? {} : { phoneNumber: maskPhoneNumber(phoneNumber) }),
  };
  const keepsPrevious = answer.type === 'oob' && held.challenge?.token.accessToken === accessToken;
  const issued = remember(
    hold(of, {
      challenge,
      previous: keepsPrevious ? held.challenge : undefined,
      refused: undefined,
      recoveryCode: answer.recoveryCode ?? held.recoveryCode,
    }),
    { stale: memory.authenticators.map(({ id }) => id), lostAnswers: 0 },
  );
  const associated = apply(issued, {
    type: 'associated',
    at: now,
    challenge: challengeOf(challenge),
  });
  return memory.authenticators.length >= limits.nearAuthenticatorLimit
    ? meetProblem(associated, 'authenticator_limit', now)
    : associated;
}

// delete

function afterDelete(
  of: Case,
  { input, undo }: Extract<EffectStep, { type: 'delete' }>,
  outcome: DeleteOutcome | Fault,
): Case {
  if (outcome.kind === 'deleted') {
    const deleted = of.memory.authenticators.find(({ id }) => id === input.id);
    const gone = remember(of, {
      authenticators: of.memory.authenticators.filter(({ id }) => id !== input.id),
      made: undo === undefined ? withoutOne(of.memory.made, deleted) : of.memory.made,
    });
    if (undo === undefined) return gone;
    const removed = apply(gone, { type: 'factorRemoved', factor: undo });
    return removed.task?.type === 'ending' ? withTask(removed, withoutUndo(removed.task)) : removed;
  }
  const told = outcome.kind === 'token_refused' ? dropToken(of, input.accessToken, outcome) : of;
  // The others are left to the next sweep: what Auth0 would not do for one, it would not do for them.
  if (undo === undefined) return remember(told, { sweepStopped: true });
  if (told.task?.type !== 'ending') return told;
  // Whatever the answer, it may have been deleted: what is active is read once more, and it is not tried again.
  return withTask(apply(told, { type: 'factorDoubted', factor: undo }), {
    ...withoutUndo(told.task),
    phase: 'read',
    kept: [...told.task.kept, undo],
  });
}

// refresh

/** Whatever the answer was, the refresh token has been used, unless Auth0 was surely not reached. */
function afterRefresh(of: Case, outcome: RefreshOutcome | Fault, now: number): Case {
  const used = hold(of, { tokens: withoutRefreshToken(of.held.tokens) });
  switch (outcome.kind) {
    case 'refreshed': {
      const tokens = withToken(used.held.tokens, outcome.token, now, used.held.challenge?.token);
      const renewed = remember(hold(used, { tokens }), {
        refreshAt: undefined,
        tokenProblem: undefined,
        refreshUseless: tokenFor(tokens, limits.tokenMarginSeconds, now) === undefined,
      });
      return apply(renewed, { type: 'tokenProvided' });
    }
    case 'foreign':
      return explain(remember(used, { refreshAt: undefined, tokenProblem: outcome.problem }), now);
    case 'refused':
    case 'lost':
      return explain(remember(used, { refreshAt: undefined }), now);
    case 'unavailable':
    case 'unexpected':
    case 'fatal': {
      const retryAfterMs = outcome.kind === 'unavailable' ? outcome.retryAfterMs : undefined;
      return explain(remember(of, { refreshAt: askAgainAt(of, now, retryAfterMs) }), now);
    }
  }
}

// recall

/**
 * A text that a lost try of the first workflow task may have sent is counted, and treated as any other whose answer was lost.
 * Where that cannot be found out, it counts as a text, and nothing is deleted because of it.
 */
function afterRecall(of: Case, outcome: RecallOutcome | Fault, now: number): Case {
  const recalled = remember(of, { recall: undefined });
  const first = of.enrollment.plan[0]?.factor;
  const delivery = first && factors[first].delivery;
  if (outcome.kind === 'none' || first === undefined || delivery?.type !== 'sent') return recalled;
  const counted = apply(recalled, { type: 'deliveryCounted', bucket: delivery.bucket, at: now });
  if (outcome.kind !== 'reserved') return counted;
  return remember(counted, {
    made: { ...of.memory.made, [first]: (of.memory.made[first] ?? 0) + 1 },
    knownAtFirst: outcome.knownIds,
    lostAnswers: 1,
  });
}

/** An enrollment that waits for a token says why anew. */
const explain = (of: Case, now: number): Case =>
  of.enrollment.state === 'awaiting_token' ? pauseForToken(of, now) : of;
