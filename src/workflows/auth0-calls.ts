import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { defined } from '../enrollment/defined';
import { failureTypes, type FaultDetails } from '../enrollment/failures';
import type { EffectStep, Fault, Performed } from '../enrollment/steps';
import type { Priority } from '../enrollment/tenant-budget';

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

/** Inside the workflow task: one attempt, which gives up by itself after 2.5 seconds. */
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '3s', retry: { maximumAttempts: 1 } });

/** Performs a step as a remote activity. Every end of it is a value; only what is not an activity's failure goes up. */
export async function perform(step: EffectStep): Promise<Performed> {
  try {
    return performed(step, await remoteCall(step));
  } catch (error) {
    return performed(step, faultOf(causeOf(error)));
  }
}

/** Performs a step inside the workflow task. `undefined`: it had no effect, or may be repeated, and is to be performed remotely. */
export async function performLocally(step: EffectStep): Promise<Performed | undefined> {
  try {
    return performed(step, await localCall(step));
  } catch (error) {
    const fault = faultOf(causeOf(error));
    if (fault.kind === 'fatal') return performed(step, fault);
    const isRepeatable = step.type === 'list' || step.type === 'delete';
    return fault.kind === 'unavailable' || isRepeatable ? undefined : performed(step, fault);
  }
}

/** A person waits for what opens an enrollment and for what confirms it, and for no other reading. */
const priorityOf = ({ purpose }: Extract<EffectStep, { type: 'list' }>): Priority =>
  purpose === 'opening' || purpose === 'readBack' ? 'interactive' : 'background';

/** Both kinds of calls answer each type of step with an outcome of that type. */
const performed = (step: EffectStep, outcome: Performed['outcome']): Performed =>
  ({ type: step.type, step, outcome }) as Performed; // the tie between type and outcome is lost in the union

function remoteCall(step: EffectStep): Promise<Performed['outcome']> {
  const options = { summary: step.summary };
  switch (step.type) {
    case 'list':
      return repeatable.listAuthenticators.executeWithOptions(options, [step.input, priorityOf(step)]);
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

function localCall(step: EffectStep): Promise<Performed['outcome']> {
  const options = { summary: step.summary };
  switch (step.type) {
    case 'list':
      return local.listAuthenticators.executeWithOptions(options, [step.input, priorityOf(step)]);
    case 'associate': {
      const firstOfRun = step.input.phoneNumber === undefined ? {} : { firstOfRun: true as const };
      return local.associate.executeWithOptions(options, [{ ...step.input, ...firstOfRun }]);
    }
    case 'confirm':
      return local.confirm.executeWithOptions(options, [step.input]);
    case 'delete':
      return local.deleteAuthenticator.executeWithOptions(options, [step.input]);
    case 'refresh':
    case 'recall':
      throw new Error(`the step ${step.type} is never local`);
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
  const { type, message, details } = cause;
  switch (type) {
    case failureTypes.unreachable:
    case failureTypes.limitsUnreachable:
    case failureTypes.notLocal:
    case failureTypes.throttled: {
      const [told] = (details ?? []) as readonly (FaultDetails | undefined)[]; // written by our activities alone
      return { kind: 'unavailable', ...defined({ retryAfterMs: told?.retryAfterMs }) };
    }
    case failureTypes.configuration:
      return { kind: 'fatal', failure: 'configuration', message };
    case failureTypes.malformedRequest:
      return { kind: 'fatal', failure: 'malformedRequest', message };
    default:
      return { kind: 'lost' };
  }
}

/** Had Auth0 not answered the attempt before? */
const isOutage = (cause: unknown): boolean =>
  cause instanceof ApplicationFailure &&
  (cause.type === failureTypes.unreachable || cause.type === failureTypes.throttled);
