import { factors, type FactorName } from '../factors';
import type { Actor } from './actor';
import { apply, block, remember, type Case, type Task, type Turn } from './case';
import type { Answer } from './commands';
import { defined } from './defined';
import { deliveriesOf } from './deliveries';
import { close, endingOf, endingTurn } from './ending';
import { currentFactor, isAccepted, isSettled, type BlockedOn, type Open } from './enrollment';
import { limits } from './limits';
import { obey } from './obey';
import { outlookOf } from './outlook';
import { problem } from './problems';
import type { ReadingPurpose, Step } from './steps';
import { canGoOnWithoutSignIn, chooseToken, mayRefresh, pauseForToken, refreshTurn } from './token-choice';
import { tokenFor } from './tokens';
import { listTurn, sweepTurn } from './turns';

/** What comes next: the case as it is then, the answers given on the way, and the one step that leads on. */
export interface Decision {
  readonly case: Case;
  readonly answers: readonly Answer[];
  readonly step: Step;
}

/** Far more turns than any way between two steps takes. */
const turnsBound = 1_000;

/**
 * The next step of a case at `now` (epoch ms). Pure: the same case and time give the same decision. The case of the decision
 * must be kept before its step is performed: it says what the step was about to do. Throws only when the rules go round in
 * circles, which is a bug.
 */
export function decide(of: Case, now: number): Decision {
  let current = of;
  const answers: Answer[] = [];
  for (let turns = 0; turns < turnsBound; turns += 1) {
    const next = turn(current, now);
    answers.push(...(next.answers ?? []));
    if (next.step !== undefined) return { case: next.case, answers, step: next.step };
    current = next.case;
  }
  throw new Error(`no step found in state ${current.enrollment.state}`);
}

function turn(of: Case, now: number): Turn {
  const { enrollment, task } = of;
  if (isSettled(enrollment)) return close(of);
  if (of.memory.recall === 'needed') return recallTurn(of);
  if (task?.type === 'ending') return endingTurn(of, task, now);
  if (task?.type === 'code') return codeTurn(of, task, now);
  const ending = endingOf(of, enrollment, now);
  if (ending !== undefined) return { case: ending };
  switch (enrollment.state) {
    case 'awaiting_token':
      return awaitingTokenTurn(of, now);
    case 'associating':
      return enrollment.blockedOn === undefined
        ? associatingTurn(of, now)
        : blockedTurn(of, enrollment, enrollment.blockedOn, now);
    case 'awaiting_code':
      return awaitingCodeTurn(of, enrollment, now);
    case 'verifying':
      return verifyingTurn(of, enrollment, now);
    case 'confirming': // only a code under way is in this state, and it is a task
      throw new Error('a case cannot rest in confirming');
  }
}

// Steps

/** Rests until a message comes or the time has come for something. */
function wait(of: Case, until: number, summary: string, now: number): Turn {
  if (of.inbox.length > 0) return obey(of, now);
  const changesAt = outlookOf(of.enrollment, now).until ?? Infinity;
  const soonest = Math.min(until, changesAt > now ? changesAt : Infinity, of.enrollment.deadline);
  return { case: of, step: { type: 'wait', until: soonest, summary } };
}

/** Reads with any token that lives long enough for a call, or gets one first. */
function listWithToken(of: Case, purpose: ReadingPurpose, summary: string, now: number): Turn {
  const choice = chooseToken(of, limits.callMarginSeconds, now);
  return 'turn' in choice ? choice.turn : listTurn(of, purpose, choice.token.accessToken, summary);
}

// awaiting_token

/** Nothing goes on until somebody brings a token, or the refresh token is tried again; days may pass. */
function awaitingTokenTurn(of: Case, now: number): Turn {
  if (of.inbox.length > 0) return obey(of, now);
  if (of.memory.refreshAt !== undefined && mayRefresh(of, now)) return refreshTurn(of);
  const { enrollment } = of;
  const refreshAt = enrollment.state === 'awaiting_token' ? enrollment.refreshAt : undefined;
  return wait(of, refreshAt ?? Infinity, 'Waiting for a token', now);
}

/** Before anything else: what a lost try of the first workflow task has done is not in the history. */
const recallTurn = (of: Case): Turn => ({ case: of, step: recallStep(of) });

export const recallStep = ({ held }: Case): Extract<Step, { type: 'recall' }> => ({
  type: 'recall',
  input: { phoneNumber: held.phoneNumber ?? '' }, // there is one where this is needed
  summary: 'Find out whether a text was sent already',
});

// associating

/** Reads what the user has, then asks Auth0 for the challenge of the first factor that is missing. */
function associatingTurn(of: Case, now: number): Turn {
  const { enrollment, held, memory } = of;
  if (memory.opening === undefined) {
    return listWithToken(of, 'opening', 'Read which factors the user has', now);
  }
  if (memory.reconcileAt !== undefined) {
    return listWithToken(of, 'reconcile', 'Read what became of a lost answer', now);
  }
  const name = currentFactor(enrollment);
  if (name === undefined) throw new Error('associating without a factor that is missing');
  if (factors[name].needs === 'phoneNumber' && held.phoneNumber === undefined) {
    return { case: block(of, 'phone_number', 'phone_number_needed', now) };
  }
  const deliveries = deliveriesOf(enrollment, name, now);
  if (deliveries?.refused === 'too_many_texts') {
    return { case: block(of, 'resend', 'too_many_texts', now, deliveries.allowedAt) };
  }
  if (deliveries?.refused === 'resend_too_soon') {
    return { case: block(of, 'cooldown', 'cooldown', now, deliveries.allowedAt) };
  }
  const choice = chooseToken(of, limits.tokenMarginSeconds, now);
  if ('turn' in choice) return choice.turn;
  const { accessToken } = choice.token;
  if (leftoverCount(of) === 0) return associate(of, name, accessToken, now);
  // Only what was read since the last code says what is a leftover: that code may have made one of them active.
  if (!memory.leftoversRead) return listTurn(of, 'leftovers', accessToken, 'Read which authenticators are left over');
  // A resend leaves the challenge before it alive: texts arrive late, and a late code should still do.
  const spared = (id: string) => held.challenge !== undefined && !memory.stale.includes(id);
  return sweepTurn(of, accessToken, spared) ?? associate(of, name, accessToken, now);
}

/** Authenticators this enrollment may have left unconfirmed: associates sent, less the ones that became active. */
const leftoverCount = ({ memory, enrollment }: Case): number =>
  Object.values(memory.made).reduce((sum, made) => sum + made, 0) -
  enrollment.plan.filter((progress) => !progress.alreadyActive && isAccepted(progress)).length;

/** Who answers for a text: whoever set the number, and for an account holder the system that lets them in. */
const causeOf = ({ held, startedBy }: Case): Actor | undefined =>
  held.phoneNumberSetBy?.accountHolder === true ? startedBy : held.phoneNumberSetBy;

/** Counted before it is sent: a lost answer counts too. */
function associate(of: Case, name: FactorName, accessToken: string, now: number): Turn {
  const { memory, held, userId } = of;
  const { delivery, title, needs, matches } = factors[name];
  const intended = remember(of, {
    made: { ...memory.made, [name]: (memory.made[name] ?? 0) + 1 },
    associating: name,
    lastDeliveryBefore: of.enrollment.lastDeliveryAt,
    leftoversRead: false,
    sweepStopped: false,
  });
  return {
    case:
      delivery.type === 'sent'
        ? apply(intended, { type: 'deliveryCounted', bucket: delivery.bucket, at: now })
        : intended,
    step: {
      type: 'associate',
      input: {
        userId,
        accessToken,
        factor: name,
        knownIds: memory.authenticators.filter(matches).map(({ id }) => id),
        ...(needs === 'phoneNumber' ? defined({ phoneNumber: held.phoneNumber, caller: causeOf(of)?.caller }) : {}),
      },
      summary: `Ask for a challenge: ${title}`,
    },
  };
}

/** Blocked: a person, the end of an outage, or the end of the cool-down has to come first. */
function blockedTurn(
  of: Case,
  enrollment: Extract<Open, { state: 'associating' }>,
  blockedOn: BlockedOn,
  now: number,
): Turn {
  const passes = blockedOn === 'auth0' || blockedOn === 'operator' || blockedOn === 'cooldown';
  const until = passes ? (enrollment.blockedBy?.retryAt ?? now) : Infinity;
  if (now >= until) return { case: apply(of, { type: 'reassociationRequested' }) };
  const summary = blockedOn === 'cooldown' ? 'Waiting for the cool-down' : 'Waiting for what the last problem asks';
  return wait(of, until, summary, now);
}

// awaiting_code

/** The next thing that happens is a code, a wish, or the end of what the challenge lives on. */
function awaitingCodeTurn(of: Case, enrollment: Extract<Open, { state: 'awaiting_code' }>, now: number): Turn {
  const { challenge } = of.held;
  const { factor, expired } = enrollment.challenge;
  if (challenge === undefined) return { case: apply(of, { type: 'reassociationRequested' }) };
  if (expired !== true && now >= challenge.expiresAt) {
    return { case: apply(of, { type: 'challengeExpired', problem: problem('code_expired', now) }) };
  }
  const { reconcileAt } = of.memory;
  // Another code is sent only when somebody asks for it; what that will need is said now.
  if (expired === true && reconcileAt === undefined && !canGoOnWithoutSignIn(of, now)) {
    return { case: pauseForToken(of, now) };
  }
  if (of.inbox.length > 0) return obey(of, now);
  if (reconcileAt !== undefined && now >= reconcileAt) {
    return listWithToken(of, 'reconcile', 'Read whether the code has worked', now);
  }
  const until =
    expired === true ? (reconcileAt ?? tokenDeath(of, now)) : Math.min(challenge.expiresAt, reconcileAt ?? Infinity);
  return wait(of, until, `Waiting for a code: ${factors[factor].title}`, now);
}

/** When no token is left that a new challenge could begin with (epoch ms): from then on the user has to sign in first. */
function tokenDeath({ held }: Case, now: number): number {
  if (held.tokens.refreshToken !== undefined) return Infinity;
  const latest = Math.max(...held.tokens.held.map(({ expiresAt }) => expiresAt));
  return Math.max(now + 1, latest - limits.tokenMarginSeconds * 1000 + 1);
}

/** A code under way: asked about with each challenge it may answer, then read back where the answer is in doubt. */
function codeTurn(of: Case, task: Extract<Task, { type: 'code' }>, now: number): Turn {
  const [candidate] = task.candidates;
  if (task.doubt === 'before_asking' || candidate === undefined) {
    const token = tokenFor(of.held.tokens, limits.callMarginSeconds, now);
    const accessToken = token?.accessToken ?? of.held.challenge?.token.accessToken ?? '';
    return listTurn(of, 'reconcile', accessToken, 'Read whether the code has worked');
  }
  const challenge = [of.held.challenge, of.held.previous].find((each) => each?.challengeId === candidate);
  const factor = currentFactor(of.enrollment);
  if (challenge === undefined || factor === undefined) throw new Error('a code without its challenge');
  const { code } = task.command;
  return {
    case: of,
    step: {
      type: 'confirm',
      input: {
        userId: of.userId,
        accessToken: challenge.token.accessToken,
        factor,
        proof:
          challenge.secret.type === 'oob'
            ? { type: 'oob', oobCode: challenge.secret.oobCode, bindingCode: code }
            : { type: 'otp', otp: code },
        activeIds: of.memory.authenticators.filter(({ active }) => active).map(({ id }) => id),
      },
      summary: `Ask Auth0 about a code: ${factors[factor].title}`,
    },
  };
}

// verifying

/** Every factor is accepted; nothing is `completed` before Auth0 lists them all active. */
function verifyingTurn(of: Case, { recoveryCodeDue }: Extract<Open, { state: 'verifying' }>, now: number): Turn {
  if (recoveryCodeDue === true) {
    return of.held.recoveryCode === undefined
      ? { case: apply(of, { type: 'settled', outcome: 'completed', at: now }) }
      : wait(of, Infinity, 'Waiting for the user to save the recovery code', now);
  }
  const { nextAt } = of.memory.readBack;
  if (now < nextAt) return wait(of, nextAt, 'Waiting to read the factors back', now);
  return listWithToken(of, 'readBack', 'Read the factors back', now);
}
