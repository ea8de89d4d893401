import { factors } from '../factors';
import { apply, forgetChallenge, isDone, remember, withTask, type Case, type Task, type Turn } from './case';
import type { Answer, Refusal } from './commands';
import { defined } from './defined';
import { outcomeOf, type Open } from './enrollment';
import { isOursAlone } from './leftovers';
import { limits } from './limits';
import { problem, type Problem } from './problems';
import type { Outcome } from './status';
import { mayRefresh, refreshTurn } from './token-choice';
import { tokenFor } from './tokens';
import { listTurn, sweepTurn } from './turns';

/** The case with its ending begun, if it ends now; `undefined` when it goes on. */
export function endingOf(of: Case, enrollment: Open, now: number): Case | undefined {
  // Every code was accepted and nothing is in the way: what is left is to say so.
  const allButDone =
    enrollment.state === 'verifying' && enrollment.outage === undefined && enrollment.recoveryCodeDue !== true;
  if (of.cancelled !== undefined && !allButDone) {
    const { reason } = of.cancelled;
    const message = reason === undefined ? {} : { message: `The enrollment was cancelled: ${reason}` };
    return beginEnding(of, 'cancelled', { problem: problem('cancelled', now, message) });
  }
  if (now >= enrollment.deadline) {
    const outage = outageOf(enrollment);
    if (outage === undefined) return beginEnding(of, 'expired');
    const message = 'Auth0 could not be reached until the deadline of the enrollment.';
    return beginEnding({ ...of, failure: { type: 'unavailable', message } }, 'failed', {
      problem: problem(outage, now, { message }),
    });
  }
  if (enrollment.wrongCodes >= limits.attemptsInAll) {
    return beginEnding(of, 'expired', { problem: problem('too_many_codes', now) });
  }
  return undefined;
}

/** Why Auth0 cannot be reached, where that is what the enrollment waits for: then its deadline is a failure, not an expected ending. */
function outageOf(enrollment: Open): 'auth0_unavailable' | 'unexpected_answer' | undefined {
  if (enrollment.state === 'verifying') return enrollment.outage;
  if (enrollment.state !== 'associating') return undefined;
  if (enrollment.blockedOn === 'auth0') return 'auth0_unavailable';
  return enrollment.blockedOn === 'operator' ? 'unexpected_answer' : undefined;
}

/**
 * Ends a case with the truth: reads once more if a token is to be had, removes what the case left lying about, and undoes
 * half an enrollment where the policy says so. `readWith`: the token of a reading that was made just now.
 */
export function beginEnding(
  of: Case,
  wanted: Outcome,
  more: { readonly problem?: Problem; readonly readWith?: string } = {},
): Case {
  const { readWith, ...because } = more;
  return withTask(remember(of, { sweepStopped: false, refreshAt: undefined }), {
    type: 'ending',
    wanted,
    phase: readWith === undefined ? 'read' : 'sweep',
    kept: [],
    ...because,
    ...defined({ accessToken: readWith }),
  });
}

/** The next turn of an ending: read, sweep, undo, settle. */
export function endingTurn(of: Case, task: Extract<Task, { type: 'ending' }>, now: number): Turn {
  // A failed enrollment has just met a fault that no repetition helps: nothing more is asked of Auth0.
  if (task.wanted === 'failed') return { case: settle(of, task, now) };
  switch (task.phase) {
    case 'read': {
      const token = tokenFor(of.held.tokens, limits.callMarginSeconds, now);
      if (token !== undefined) return listTurn(of, 'ending', token.accessToken, 'Read once more before the end');
      return mayRefresh(of, now) ? refreshTurn(of) : { case: settle(of, task, now) };
    }
    case 'sweep': {
      const swept = task.accessToken === undefined ? undefined : sweepTurn(of, task.accessToken);
      return swept ?? { case: withTask(of, { ...task, phase: 'undo' }) };
    }
    case 'undo':
      return undoTurn(of, task) ?? { case: settle(of, task, now) };
  }
}

/** Takes back a factor that this enrollment made active; what the user had before, or got elsewhere, is not touched. */
function undoTurn(of: Case, task: Extract<Task, { type: 'ending' }>): Turn | undefined {
  const { enrollment, memory, userId } = of;
  const { accessToken, kept, undoing } = task;
  if (of.partialPolicy !== 'remove' || accessToken === undefined || outcomeOf(enrollment) === 'completed') {
    return undefined;
  }
  for (const { factor, state, alreadyActive, authenticatorId } of enrollment.plan) {
    if (state !== 'confirmed' && factor !== undoing) continue;
    if (alreadyActive || authenticatorId === undefined || kept.includes(factor)) continue;
    const made = { id: authenticatorId, factor };
    const ours = enrollment.plan
      .filter((each) => !each.alreadyActive && memory.acceptedHere.includes(each.factor))
      .flatMap((each) => each.authenticatorId ?? []);
    const isOurs =
      memory.acceptedHere.includes(factor) && isOursAlone(made, memory.authenticators, memory.opening ?? [], ours);
    if (!isOurs) continue;
    return {
      case:
        of.doubtsUndo === true
          ? withTask(apply(of, { type: 'factorDoubted', factor }), { ...task, undoing: factor })
          : of,
      step: {
        type: 'delete',
        input: { userId, accessToken, id: authenticatorId },
        undo: factor,
        summary: `Undo: ${factors[factor].title}`,
      },
    };
  }
  return undefined;
}

/** Has the user to save a recovery code first? Only where they agreed on a page, which then shows it and asks. */
const awaitsAcknowledgement = ({ recoveryCode, enrollment, held }: Case): boolean =>
  recoveryCode === 'acknowledge' && enrollment.consentedAt !== undefined && held.recoveryCode !== undefined;

/** An enrollment whose factors all turn out active is `completed`, whatever was about to end it, except a failure. */
function settle(of: Case, { wanted, problem: because }: Extract<Task, { type: 'ending' }>, now: number): Case {
  const ending = outcomeOf(of.enrollment);
  // Every factor is active and nothing is left lying about. Whatever else ends an enrollment, its deadline included, does not wait.
  if (wanted === 'completed' && ending === 'completed' && awaitsAcknowledgement(of)) {
    return apply(withTask(forgetChallenge(of), undefined), { type: 'recoveryCodeAwaited' });
  }
  const fitting = wanted === 'expired' && ending === 'partial' ? 'partial' : wanted;
  const outcome = wanted !== 'failed' && ending === 'completed' ? 'completed' : fitting;
  return apply(withTask(forgetChallenge(of), undefined), {
    type: 'settled',
    outcome,
    at: now,
    ...(because === undefined || outcome === 'completed' ? {} : { problem: because }),
  });
}

/** The last turn: nobody who asked is left without an answer. */
export function close(of: Case): Turn {
  const refusal: Refusal = { type: 'settled', message: `The enrollment has ended: ${of.enrollment.state}.` };
  const answers = of.inbox.map(({ id, command }): Answer => {
    if (command.type !== 'code') return { id, type: 'refused', refusal };
    const finished = command.factor === undefined ? of.enrollment.state === 'completed' : isDone(of, command.factor);
    return { id, type: 'code', result: finished ? 'already_confirmed' : 'expired' };
  });
  return { case: { ...of, inbox: [] }, answers, step: { type: 'close' } };
}
