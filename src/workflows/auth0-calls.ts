import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
  uuid4,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  lostAhead,
  nameAhead,
  summaryAhead,
  type Ahead,
  type FirstTry,
  type PerformedAhead,
} from '../enrollment/ahead';
import { failureTypes, faultOfFailure } from '../enrollment/failures';
import { priorityOf, type EffectStep, type Fault, type Performed } from '../enrollment/steps';

/**
 * How each step is dispatched: the one place to change it. An attempt gives up by itself after 12 seconds, so one that is not
 * over after 15 belongs to a worker that died.
 */
const bounds = {
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
} as const;
const repeatable = proxyActivities<Activities>(bounds);
const withEffect = proxyActivities<Activities>({ ...bounds, retry: { ...bounds.retry, maximumAttempts: 6 } });

/**
 * Inside the workflow task: one attempt. It begins no step after 3 seconds (`limits.localMsPerTask`), and a step gives up by itself
 * after 2.5, so one that is not over after 7 seconds belongs to a worker that stands still.
 */
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '7s', retry: { maximumAttempts: 1 } });

/** Performs a step as a remote activity. Every end of it is a value; only what is not an activity's failure goes up. */
export async function perform(step: EffectStep): Promise<Performed> {
  try {
    return performed(step, await remoteCall(step));
  } catch (error) {
    return performed(step, faultOf(causeOf(error)));
  }
}

/** Performs a step inside the workflow task, and those that follow from it and may be performed there too. */
export async function performAhead(ahead: Ahead, first?: FirstTry): Promise<PerformedAhead> {
  try {
    const from: [Ahead, FirstTry?] = first === undefined ? [ahead] : [ahead, first];
    return await local[nameAhead(ahead)].executeWithOptions({ summary: summaryAhead(ahead) }, from);
  } catch (error) {
    return lostAhead(ahead, faultOf(causeOf(error)), Date.now(), uuid4());
  }
}

/** Each type of step is answered with an outcome of that type. */
const performed = (step: EffectStep, outcome: Performed['outcome']): Performed =>
  ({ type: step.type, step, outcome }) as Performed; // the tie between type and outcome is lost in the union

function remoteCall(step: EffectStep): Promise<Performed['outcome']> {
  const options = { summary: step.summary };
  switch (step.type) {
    case 'list':
      return repeatable.listAuthenticators.executeWithOptions(options, [step.input, priorityOf(step.purpose)]);
    case 'associate':
      return withEffect.associate.executeWithOptions(options, [step.input]);
    case 'confirm':
      return withEffect.confirm.executeWithOptions(options, [step.input]);
    case 'delete':
      return repeatable.deleteAuthenticator.executeWithOptions(options, [step.input]);
    case 'refresh':
      return withEffect.refreshToken.executeWithOptions(options, [step.input]);
    case 'recall':
      return repeatable.recallFirstText.executeWithOptions(options, [step.input]);
  }
}

/** Has Temporal cancel this run, so that it closes as Canceled. A call that fails changes nothing. */
export const cancelOwnRun = (): Promise<unknown> =>
  repeatable.cancelOwnRun.executeWithOptions({ summary: 'Close this run as cancelled' }, []).catch(() => undefined);

/** Why the activity failed: of a remote one it is the cause, of a local one the error itself. Throws what is no activity's failure. */
function causeOf(error: unknown): unknown {
  if (error instanceof ActivityFailure) return error.cause;
  if (error instanceof ApplicationFailure || error instanceof TimeoutFailure) return error;
  throw error;
}

/**
 * Only an attempt that itself reported "surely no effect" had none. A timeout, of whatever kind, hides the last attempt: where
 * no retry fits any more, Temporal reports SCHEDULE_TO_CLOSE with the failure of the attempt before the one that was lost.
 */
function faultOf(cause: unknown): Fault {
  if (cause instanceof TimeoutFailure) return isOutage(cause.cause) ? { kind: 'lost', outage: true } : { kind: 'lost' };
  if (!(cause instanceof ApplicationFailure)) return { kind: 'lost' };
  return faultOfFailure(cause);
}

/** Had Auth0 not answered the attempt before? */
const isOutage = (cause: unknown): boolean =>
  cause instanceof ApplicationFailure &&
  (cause.type === failureTypes.unreachable || cause.type === failureTypes.throttled);
