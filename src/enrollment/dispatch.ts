import { factors } from '../factors';
import { remember, type Case } from './case';
import { limits } from './limits';
import type { EffectStep, Performed } from './steps';
import { tokenFor } from './tokens';

// How a step is performed (docs/decisions/0019-local-first.md): as a local activity, inside the workflow task that decided on it,
// which leaves one event; or as a remote one, which the server records before it begins. When a worker dies in a workflow task,
// the task is tried again and its local calls are made again, so a call is local only where its second time is known for what it is.

/** What the workflow task at work has done so far. */
export interface TaskSoFar {
  /** It is the first one of the enrollment, began with all that a text needs, and no try of it went before. */
  readonly isFirst: boolean;
  /** Auth0 has accepted a code in this very try. A code works once, so no try before can have come that far. */
  readonly hasAccepted: boolean;
  /** The answer to a call of it was lost: what follows is performed remotely, where an operator sees it. */
  readonly hasLost: boolean;
  /** Milliseconds spent in local calls. */
  readonly localMs: number;
}

/** A task that has done nothing yet, and is not the first one. */
export const newTask = (): TaskSoFar => ({ isFirst: false, hasAccepted: false, hasLost: false, localMs: 0 });

/** The first task of a case at its beginning. `isFirstTry`: no try of it went before. `now`: when the run was started (epoch ms). */
export const firstTask = (of: Case, isFirstTry: boolean, now: number): TaskSoFar => ({
  ...newTask(),
  isFirst: isFirstTry && sendsAtOnce(of, now),
});

/** The task after a step that was performed inside it, which took `ms`. */
export const afterLocal = (task: TaskSoFar, { type, outcome }: Performed, ms: number): TaskSoFar => ({
  ...task,
  // Without a token it was the list that said so, and an earlier try may have gone on from there.
  hasAccepted: task.hasAccepted || (type === 'confirm' && outcome.kind === 'accepted' && outcome.token !== undefined),
  hasLost: task.hasLost || outcome.kind === 'lost',
  localMs: task.localMs + ms,
});

/** May this step be performed inside the workflow task? */
export function mayBeLocal(of: Case, step: EffectStep, { isFirst, hasAccepted, hasLost, localMs }: TaskSoFar): boolean {
  // While Auth0 is in trouble, an operator sees the step as a pending activity.
  if (of.localFirst !== true || of.memory.outages > 0 || hasLost || localMs > limits.localMsPerTask) return false;
  switch (step.type) {
    case 'list':
      return true; // the second time does no harm
    case 'delete':
      // Nor here. But of a try that is lost nothing is known, and a factor that it took back must not be called confirmed.
      return step.undo === undefined || of.doubtsUndo !== true;
    case 'confirm':
      return true; // Auth0 refuses a code the second time, and after every refusal the list tells whether it has worked
    case 'associate': {
      const { delivery } = factors[step.input.factor];
      if (delivery.type === 'setupKey') return hasAccepted;
      // The counter of texts is asked before a text, and remembers it (`recallIfRetried`).
      return delivery.bucket === 'phone' && isFirst;
    }
    case 'refresh': // a refresh token that is used twice may cost the whole family
    case 'recall':
      return false;
  }
}

/** A step as a remote activity performs it after it was tried inside this task: the first text of a run is reserved under the same name. */
export const afterTry = (step: EffectStep, tried: TaskSoFar | undefined): EffectStep =>
  step.type === 'associate' && step.input.phoneNumber !== undefined && tried?.isFirst === true
    ? { ...step, input: { ...step.input, firstOfRun: 'goesOn' } }
    : step;

/** Could the first workflow task of this enrollment send a text? */
const sendsAtOnce = ({ enrollment, held }: Case, now: number): boolean => {
  const first = enrollment.plan[0];
  const delivery = first && factors[first.factor].delivery;
  return (
    delivery?.type === 'sent' &&
    delivery.bucket === 'phone' &&
    held.phoneNumber !== undefined &&
    tokenFor(held.tokens, 0, now) !== undefined
  );
};

/**
 * The case at its beginning, where a try of its first workflow task may have been lost: before anything else it is found out
 * whether that try has sent a text. `now`: when the run was started (epoch ms).
 */
export const recallIfRetried = (of: Case, isFirstTry: boolean, now: number): Case =>
  of.localFirst === true && !isFirstTry && sendsAtOnce(of, now) ? remember(of, { recall: 'needed' }) : of;
