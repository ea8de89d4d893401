import { ActivityFailure, ApplicationFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type {
  AssociateInput,
  AssociateOutcome,
  ConfirmInput,
  ConfirmOutcome,
  DeleteOutcome,
  ListOutcome,
  RefreshOutcome,
} from '../activities/outcomes';
import { failureTypes } from '../enrollment/failures';

/**
 * How each step is dispatched: the one place to change it. The HTTP client gives a call up after 10 seconds, so an attempt
 * that is not over after 15 belongs to a worker that died.
 */
const reading = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
});
const withEffect = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 6 },
});

/** `lost`: it may have had its effect. `unavailable`: it had none, and Auth0 did not come back within the bound. */
export type Fault = { readonly kind: 'lost' } | { readonly kind: 'unavailable' };

export const listAuthenticators = (accessToken: string, summary: string): Promise<ListOutcome | Fault> =>
  called(reading.listAuthenticators.executeWithOptions({ summary }, [{ accessToken }]));

export const associate = (input: AssociateInput, summary: string): Promise<AssociateOutcome | Fault> =>
  called(withEffect.associate.executeWithOptions({ summary }, [input]));

export const confirm = (input: ConfirmInput, summary: string): Promise<ConfirmOutcome | Fault> =>
  called(withEffect.confirm.executeWithOptions({ summary }, [input]));

export const deleteAuthenticator = (accessToken: string, id: string, summary: string): Promise<DeleteOutcome | Fault> =>
  called(reading.deleteAuthenticator.executeWithOptions({ summary }, [{ accessToken, id }]));

export const refreshToken = (token: string): Promise<RefreshOutcome | Fault> =>
  called(withEffect.refreshToken.executeWithOptions({ summary: 'Renew the token' }, [{ refreshToken: token }]));

export const cancelOwnRun = (): Promise<unknown> =>
  reading.cancelOwnRun.executeWithOptions({ summary: 'Close this run as cancelled' }, []).catch(() => undefined);

/**
 * A closed tenant door and our own malformed request go up as they are and end the case; every other fault becomes a value.
 */
async function called<Outcome>(call: Promise<Outcome>): Promise<Outcome | Fault> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    if (error.cause instanceof ApplicationFailure && endsTheCase(error.cause)) throw error.cause;
    const type = typeOf(error.cause);
    const noEffect = type === failureTypes.unreachable || type === failureTypes.rateLimited;
    return { kind: noEffect && !startedAndUnanswered(error.cause) ? 'unavailable' : 'lost' };
  }
}

const endsTheCase = ({ type }: ApplicationFailure): boolean =>
  type === failureTypes.configuration || type === failureTypes.malformedRequest;

/** The type of the last failure that an attempt ended with, also when time ran out between two attempts. */
function typeOf(cause: unknown): string | undefined {
  if (cause instanceof ApplicationFailure) return cause.type ?? undefined;
  return cause instanceof TimeoutFailure ? typeOf(cause.cause) : undefined;
}

const startedAndUnanswered = (cause: unknown): boolean =>
  cause instanceof TimeoutFailure && cause.timeoutType === 'START_TO_CLOSE';
