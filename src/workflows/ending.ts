import { patched } from '@temporalio/workflow';
import { outcomeOf } from '../enrollment/enrollment';
import { limits } from '../enrollment/limits';
import { isOursAlone } from '../enrollment/orphans';
import { problem, type Problem } from '../enrollment/problems';
import type { Outcome } from '../enrollment/status';
import { tokenFor, type HeldToken } from '../enrollment/tokens';
import { deleteAuthenticator } from './auth0-calls';
import { record, type LiveCase } from './live-case';
import { patches } from './patches';
import { read, sweep } from './reading';

/**
 * Ends a case with the truth: reads once more if a token still lives, removes what the case left lying about, and undoes
 * half an enrollment where the policy says so. A case whose factors all turn out active is `completed`, whatever was about
 * to end it, except a failure.
 */
export async function end(live: LiveCase, wanted: Outcome, readJustNow?: HeldToken, because?: Problem): Promise<void> {
  // A failed case has just met a door that stays closed: nothing more is asked of Auth0.
  const token = wanted === 'failed' ? undefined : (readJustNow ?? (await lastReading(live)));
  const completed = wanted !== 'failed' && outcomeOf(live.enrollment) === 'completed';
  if (token !== undefined) {
    await sweep(live, token);
    if (!completed && live.input.options?.partialPolicy === 'remove') await undo(live, token);
  }
  const outcome = completed ? 'completed' : fitting(live, wanted); // what was just undone is not active any more
  record(live, {
    type: 'settled',
    outcome,
    at: Date.now(),
    ...(because === undefined || outcome === 'completed' ? {} : { problem: because }),
  });
}

/** At the deadline: an Auth0 that is down is a failure, everything else an expected ending. */
export const endAtDeadline = (live: LiveCase): Promise<void> => {
  const { enrollment } = live;
  const down = enrollment.state === 'associating' && enrollment.blockedOn === 'auth0';
  return down || (enrollment.state === 'verifying' && enrollment.lastProblem?.code === 'auth0_unavailable')
    ? end(live, 'failed')
    : end(live, 'expired');
};

export const endCancelled = (live: LiveCase): Promise<void> => {
  const reason = live.cancelled?.reason;
  const message = reason === undefined ? {} : { message: `The enrollment was cancelled: ${reason}` };
  return end(live, 'cancelled', undefined, problem('cancelled', Date.now(), message));
};

/** `expired` with something active is `partial`. */
const fitting = (live: LiveCase, wanted: Outcome): Outcome =>
  wanted === 'expired' ? (outcomeOf(live.enrollment) === 'expired' ? 'expired' : 'partial') : wanted;

async function lastReading(live: LiveCase): Promise<HeldToken | undefined> {
  const token = tokenFor(live.tokens, limits.callMarginSeconds, Date.now());
  if (token === undefined) return undefined;
  return (await read(live, token, 'Read once more before the end')) === 'read' ? token : undefined;
}

/** Takes back the factors that this case made active; what the user had before, or got elsewhere, is not touched. */
async function undo(live: LiveCase, token: HeldToken): Promise<void> {
  for (const { factor, alreadyActive, authenticatorId } of live.enrollment.plan) {
    if (alreadyActive || authenticatorId === undefined) continue;
    const isOurs =
      live.asked.has(factor) && isOursAlone({ id: authenticatorId, factor }, live.authenticators, live.opening ?? []);
    if (!isOurs && patched(patches.undoOwnOnly)) continue;
    const outcome = await deleteAuthenticator(token.accessToken, authenticatorId, `Undo: ${factor}`);
    if (outcome.kind === 'deleted') record(live, { type: 'factorRemoved', factor });
  }
}
