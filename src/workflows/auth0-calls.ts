import { ActivityFailure, ApplicationFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { defined } from '../enrollment/defined';
import { failureTypes, type FaultDetails } from '../enrollment/failures';
import type { EffectStep, Fault, Performed } from '../enrollment/steps';

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

/** Performs a step. Every end of it is a value; only what is not an activity's failure goes up. */
export async function perform(step: EffectStep): Promise<Performed> {
  const { summary } = step;
  switch (step.type) {
    case 'list':
      return {
        type: step.type,
        step,
        outcome: await ended(repeatable.listAuthenticators.executeWithOptions({ summary }, [step.input])),
      };
    case 'associate':
      return {
        type: step.type,
        step,
        outcome: await ended(withEffect.associate.executeWithOptions({ summary }, [step.input])),
      };
    case 'confirm':
      return {
        type: step.type,
        step,
        outcome: await ended(withEffect.confirm.executeWithOptions({ summary }, [step.input])),
      };
    case 'delete':
      return {
        type: step.type,
        step,
        outcome: await ended(repeatable.deleteAuthenticator.executeWithOptions({ summary }, [step.input])),
      };
    case 'refresh':
      return {
        type: step.type,
        step,
        outcome: await ended(withEffect.refreshToken.executeWithOptions({ summary }, [step.input])),
      };
  }
}

/** Has Temporal cancel this run, so that it closes as Canceled. A call that fails changes nothing. */
export const cancelOwnRun = (): Promise<unknown> =>
  repeatable.cancelOwnRun.executeWithOptions({ summary: 'Close this run as cancelled' }, []).catch(() => undefined);

async function ended<Outcome>(call: Promise<Outcome>): Promise<Outcome | Fault> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return faultOf(error.cause);
  }
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
