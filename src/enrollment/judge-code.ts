import { factors, type FactorName } from '../factors';
import { levelAt, nextUnitAt } from './bucket';
import {
  apply,
  challengeOf,
  forgetChallenge,
  hold,
  isDone,
  meetProblem,
  remember,
  withTask,
  type Case,
  type CodeDoubt,
  type HeldChallenge,
  type Task,
  type Turn,
} from './case';
import { isExpired } from './admission';
import type { Answer, CodeCommand, CodeResult, Refusal } from './commands';
import { defined } from './defined';
import { currentFactor } from './enrollment';
import { limits } from './limits';
import { problem } from './problems';
import type { ConfirmOutcome, Fault, TokenSet } from './steps';
import { askAgainAt, canGoOnWithoutSignIn, pauseForToken } from './token-choice';
import { readToken } from './token-owner';
import { withoutToken, withToken } from './tokens';
import { refuseHand } from './two-hands';

type CodeTask = Extract<Task, { type: 'code' }>;

const told = (id: number, result: CodeResult, retryAt?: number): readonly Answer[] => [
  { id, type: 'code', result, ...defined({ retryAt }) },
];

/** One code, before Auth0 is asked about it. Nothing that can be told without Auth0 costs one of its attempts. */
export function judgeCode(of: Case, id: number, command: CodeCommand, now: number): Turn {
  const { enrollment, held } = of;
  if (command.factor !== undefined && isDone(of, command.factor)) {
    return { case: of, answers: told(id, 'already_confirmed') };
  }
  const asked = held.challenge;
  const wrongHand = asked && isFor(command, asked) ? refuseHand(of, asked.factor, command.by) : undefined;
  if (wrongHand !== undefined) return refuse(of, id, wrongHand, now);
  switch (enrollment.state) {
    case 'awaiting_token': // a sign of life: a refresh token at hand is tried now
      return {
        case: enrollment.refreshAt === undefined ? of : remember(of, { refreshAt: now }),
        answers: told(id, 'token_needed'),
      };
    case 'verifying':
      return { case: of, answers: told(id, 'already_confirmed') };
    case 'awaiting_code':
      break;
    default: {
      const resumed = resume(of, now);
      return resumed === undefined
        ? { case: of, answers: told(id, 'unavailable') }
        : judgeCode(resumed, id, command, now);
    }
  }
  const { challenge, previous } = held;
  if (challenge === undefined || !isFor(command, challenge)) {
    return { case: of, answers: told(id, 'expired') };
  }
  const candidates = [challenge, ...(previous === undefined ? [] : [previous])]
    .filter(({ expiresAt }) => expiresAt > now) // Auth0 would say so, and count nothing
    .map(({ challengeId }) => challengeId)
    .filter((challengeId) => command.challengeId === undefined || command.challengeId === challengeId);
  if (candidates.length === 0) return { case: of, answers: told(id, 'expired') };
  if (levelAt(enrollment.attempts, now) === 0) return { case: of, answers: rateLimited(of, id, now) };
  if (isRefusedAlready(of, command.code, challenge, now)) return { case: of, answers: told(id, 'rejected') };
  if (isExpired(of, now)) return replaceChallenge(of, id, now);
  const task: Task = { type: 'code', commandId: id, command, candidates };
  if (of.memory.reconcileAt !== undefined) return { case: withTask(of, { ...task, doubt: 'before_asking' }) };
  return { case: withTask(apply(of, { type: 'confirmStarted' }), task) };
}

const isFor = (command: CodeCommand, { factor, secret }: HeldChallenge): boolean =>
  (command.factor === undefined || command.factor === factor) && command.answers === secret.type;

/**
 * Nothing is asked of Auth0 and nothing is counted. What an enrollment is blocked on is told by its problem, which stays; that the
 * user has not agreed to the number is told by the missing `consentedAt`.
 */
const refuse = (of: Case, id: number, refusal: Refusal, now: number): Turn => ({
  case:
    of.enrollment.state === 'associating' || refusal.type !== 'second_person_needed'
      ? of
      : meetProblem(of, refusal.type, now),
  answers: [{ id, type: 'refused', refusal }],
});

/**
 * While another challenge cannot be asked for, the one before it may still be answered: its code goes to Auth0 as if the wish
 * for another one had not come.
 */
function resume(of: Case, now: number): Case | undefined {
  const { challenge } = of.held;
  const resumable =
    challenge !== undefined && challenge.factor === currentFactor(of.enrollment) && challenge.expiresAt > now;
  if (!resumable || of.enrollment.state !== 'associating' || of.enrollment.blockedOn === undefined) return undefined;
  return apply(of, { type: 'challengeResumed', challenge: challengeOf(challenge) });
}

/** What Auth0's answer to a code means. */
export function afterConfirm(of: Case, task: CodeTask, outcome: ConfirmOutcome | Fault, now: number): Turn {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.token === undefined
        ? accept(of, task.commandId, true, now)
        : acceptWith(of, task, outcome.token, now);
    case 'code_rejected':
    case 'challenge_expired': {
      const [, ...others] = task.candidates;
      const next = others.length > 0 && mayAskAgain(of, now);
      const doubt = task.doubt ?? outcome.kind;
      return { case: withTask(of, next ? { ...task, candidates: others, doubt } : { ...task, candidates: [], doubt }) };
    }
    case 'denied':
    case 'lost':
    case 'unexpected':
      return { case: withTask(of, { ...task, candidates: [], doubt: outcome.kind }) };
    case 'too_many_codes': {
      const refused = apply(of, { type: 'codesRefused', problem: problem('too_many_codes', now), at: now });
      const retryAt = nextUnitAt(refused.enrollment.attempts, now);
      return finish(
        apply(refused, { type: 'problemMet', problem: problem('too_many_codes', now, defined({ retryAt })) }),
        rateLimited(refused, task.commandId, now),
      );
    }
    case 'token_refused': {
      const dropped = remember(
        hold(of, { tokens: withoutToken(of.held.tokens, of.held.challenge?.token.accessToken ?? '') }),
        { tokenProblem: outcome.problem },
      );
      return replaceChallenge(withTask(dropped, undefined), task.commandId, now);
    }
    case 'unavailable':
      return unavailable(of, task.commandId, 'auth0_unavailable', now);
    case 'fatal':
      return finish(of, told(task.commandId, 'unavailable'));
  }
}

/** What the list says about a code whose answer is in doubt. */
export function afterDoubt(
  of: Case,
  task: CodeTask & { readonly doubt: CodeDoubt },
  seen: 'active' | 'inactive' | 'unknown',
  now: number,
): Turn {
  const id = task.commandId;
  if (seen === 'active') {
    const factor = 'challenge' in of.enrollment ? of.enrollment.challenge.factor : undefined;
    // A refusal of a local call may be the answer to its second time, after a try of the workflow task that was lost.
    const mayBeHere = of.localFirst === true || !isRefusal(task.doubt);
    const here = mayBeHere && factor !== undefined && mayBeOurs(of, factor);
    return accept(of, id, here, now);
  }
  if (task.doubt === 'before_asking') {
    if (seen === 'unknown') return finish(of, told(id, 'unavailable'));
    return { case: withTask(apply(of, { type: 'confirmStarted' }), withoutDoubt(task)) };
  }
  if (task.doubt === 'unexpected') return unavailable(of, id, 'unexpected_answer', now);
  if (seen === 'unknown' || task.doubt === 'lost') return unavailable(of, id, 'answer_lost', now);
  switch (task.doubt) {
    case 'code_rejected':
      return reject(of, task, now);
    case 'challenge_expired':
      return finish(
        apply(of, { type: 'challengeExpired', problem: problem('code_expired', now) }),
        told(id, 'expired'),
      );
    case 'denied':
      return finish(apply(of, { type: 'challengeExpired', problem: problem('denied', now) }), told(id, 'rejected'));
  }
}

/** The result as the sender hears it once the enrollment rests: without a token, an expired challenge is not replaced. */
export const resultAtRest = (result: CodeResult, of: Case): CodeResult =>
  result === 'expired' && of.enrollment.state === 'awaiting_token' ? 'token_needed' : result;

const withoutDoubt = ({ doubt: _answered, ...task }: CodeTask): CodeTask => task;

/** The code has had its turn. */
const finish = (of: Case, answers: readonly Answer[]): Turn => ({ case: withTask(of, undefined), answers });

/** Auth0 took the code. Its token opens the next step, if it is the user's and may enroll. */
function acceptWith(of: Case, task: CodeTask, token: TokenSet, now: number): Turn {
  const owner = readToken(token.accessToken);
  if (owner.type === 'readable' && owner.subject !== of.userId) return disown(of, task, now);
  const usable = (owner.type === 'readable' || of.opaqueTokens === 'accept') && mayEnroll(token.scope);
  return accept(usable ? hold(of, { tokens: withToken(of.held.tokens, token, now) }) : of, task.commandId, true, now);
}

/**
 * The token that came back is another user's, so the opaque token before it was too: nothing was enrolled for this user, and
 * nothing that was read counts. Only possible where the installation accepts opaque tokens.
 */
function disown(of: Case, task: CodeTask, now: number): Turn {
  const readable = of.held.tokens.held.filter(({ accessToken }) => readToken(accessToken).type === 'readable');
  const forgotten = remember(hold(of, { tokens: { held: readable }, refused: undefined, recoveryCode: undefined }), {
    opening: undefined,
    authenticators: [],
    made: {},
    acceptedHere: [],
    reconcileAt: undefined,
    tokenProblem: 'token_of_another_user',
  });
  return finish(
    pauseForToken(apply(forgotten, { type: 'readingsDiscarded' }), now),
    told(task.commandId, 'token_needed'),
  );
}

/**
 * May the active authenticator of this factor be one that this enrollment made? Not when all that it made are still listed as
 * unconfirmed.
 */
export function mayBeOurs({ memory }: Case, factor: FactorName): boolean {
  const had = new Set(memory.opening?.map(({ id }) => id));
  const unconfirmed = memory.authenticators.filter(
    (authenticator) => !authenticator.active && !had.has(authenticator.id) && factors[factor].matches(authenticator),
  );
  return unconfirmed.length < (memory.made[factor] ?? 0);
}

/** Auth0 plainly refused the code. If the factor is active all the same, somebody made it so elsewhere. */
export const isRefusal = (doubt: CodeDoubt): boolean =>
  doubt === 'code_rejected' || doubt === 'challenge_expired' || doubt === 'denied';

/**
 * The factor of the challenge is accepted: by Auth0's answer, or by its list. `here`: a code of this enrollment did it, or may
 * have, so that the policy to take half an enrollment back includes it.
 */
export function accept(of: Case, commandId: number | undefined, here: boolean, now: number): Turn {
  const factor = 'challenge' in of.enrollment ? of.enrollment.challenge.factor : undefined;
  const phoneNumber = here ? of.held.challenge?.phoneNumber : undefined;
  const done = remember(
    apply(hold(forgetChallenge(of), { refused: undefined }), {
      type: 'codeAccepted',
      at: now,
      ...defined({ phoneNumber }),
    }),
    {
      acceptedHere: here && factor !== undefined ? [...of.memory.acceptedHere, factor] : of.memory.acceptedHere,
      reconcileAt: undefined,
      leftoversRead: false,
      readBack: { readings: 0, nextAt: now },
    },
  );
  return finish(done, commandId === undefined ? [] : told(commandId, 'confirmed'));
}

function reject(of: Case, { commandId, command }: CodeTask, now: number): Turn {
  const { challenge } = of.held;
  const kept =
    challenge === undefined
      ? of
      : hold(of, {
          refused: {
            code: command.code,
            challengeId: challenge.challengeId,
            until: challenge.secret.type === 'otp' ? now + limits.sameOtpSeconds * 1000 : Number.MAX_SAFE_INTEGER,
          },
        });
  const counted = apply(kept, { type: 'codeRejected', problem: problem('code_rejected', now), at: now });
  if (levelAt(counted.enrollment.attempts, now) > 0) return finish(counted, told(commandId, 'rejected'));
  const retryAt = nextUnitAt(counted.enrollment.attempts, now);
  const limited = apply(counted, { type: 'problemMet', problem: problem('too_many_codes', now, defined({ retryAt })) });
  return finish(limited, told(commandId, 'rejected', retryAt));
}

/** The answer is open. The list is read again by itself; the sender may try again in the meantime. */
function unavailable(
  of: Case,
  id: number,
  code: 'answer_lost' | 'unexpected_answer' | 'auth0_unavailable',
  now: number,
): Turn {
  const retryAt = code === 'auth0_unavailable' ? undefined : (of.memory.reconcileAt ?? undefined);
  const met = problem(code, now, defined({ retryAt }));
  return finish(apply(of, { type: 'confirmUnavailable', problem: met }), told(id, 'unavailable'));
}

/** The list could not be read: it is read again before the next code is asked about, or after a while. */
export const doubtRemains = (of: Case, now: number, retryAfterMs?: number): Case =>
  remember(of, { reconcileAt: askAgainAt(of, now, retryAfterMs) });

/** Somebody acts on a challenge whose token is gone: another one at once if a token is at hand, else the user signs in. */
function replaceChallenge(of: Case, id: number, now: number): Turn {
  const stopped = of.enrollment.state === 'confirming' ? apply(of, { type: 'challengeExpired' }) : of;
  if (canGoOnWithoutSignIn(stopped, now)) {
    return finish(apply(forgetChallenge(stopped), { type: 'reassociationRequested' }), told(id, 'expired'));
  }
  const explained = remember(stopped, { tokenProblem: stopped.memory.tokenProblem ?? 'token_expired' });
  return finish(pauseForToken(explained, now), told(id, 'token_needed'));
}

const rateLimited = ({ enrollment }: Case, id: number, now: number): readonly Answer[] =>
  told(id, 'rate_limited', nextUnitAt(enrollment.attempts, now));

/** Each look of Auth0 at a code may count, so the challenge before the newest is asked about only if there is room for two. */
const mayAskAgain = ({ enrollment, held }: Case, now: number): boolean =>
  levelAt(enrollment.attempts, now) >= 2 && held.previous !== undefined && held.previous.expiresAt > now;

const isRefusedAlready = ({ held }: Case, code: string, challenge: HeldChallenge, now: number): boolean =>
  held.refused?.code === code && held.refused.challengeId === challenge.challengeId && now < held.refused.until;

/** A token without the scope to enroll would only be refused; Auth0 leaves `scope` out when it is what was asked for. */
const mayEnroll = (scope: readonly string[]): boolean => scope.length === 0 || scope.includes('enroll');
