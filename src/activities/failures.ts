import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error } from '../auth0/errors';
import { defined } from '../enrollment/defined';
import { failureTypes, type FaultDetails } from '../enrollment/failures';

/**
 * The failure that Temporal should see for a fault of Auth0's or ours; anything that is not an Auth0Error passes as it is.
 * The message is the client's fixed sentence (and remedy); nothing of the answer's body is in it. A `repeatable` call does
 * no harm when it is made again, so one whose answer is lost is Temporal's to retry.
 */
export function failureOf(error: unknown, { repeatable }: { readonly repeatable: boolean }): unknown {
  if (!(error instanceof Auth0Error)) return error;
  const { endpoint, status, retryAfterMs } = error;
  const details: FaultDetails[] = [defined({ endpoint, status, error: error.error, retryAfterMs })];
  const message = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  switch (error.verdict) {
    case 'unreachable':
      return ApplicationFailure.create({ type: failureTypes.unreachable, message, details });
    case 'throttled':
      return ApplicationFailure.create({
        type: failureTypes.throttled,
        message,
        details,
        ...defined({ nextRetryDelay: retryAfterMs }),
      });
    case 'ambiguous':
      return ApplicationFailure.create({ type: failureTypes.ambiguous, message, details, nonRetryable: !repeatable });
    case 'configuration':
      return ApplicationFailure.create({ type: failureTypes.configuration, message, details, nonRetryable: true });
    case 'malformed_request':
      return ApplicationFailure.create({ type: failureTypes.malformedRequest, message, details, nonRetryable: true });
    default: // a verdict that the activity should have made a value of; the enrollment waits instead of failing
      return ApplicationFailure.create({ type: failureTypes.ambiguous, message, details, nonRetryable: true });
  }
}

/**
 * The counters of texts could not be asked: nothing was sent, and Temporal tries again. `error` comes from Temporal's client and
 * may name the counter, which is a keyed hash; it is not passed on, for the message is all that an operator needs.
 */
export const limitsUnreachable = (error: unknown): ApplicationFailure =>
  ApplicationFailure.create({
    type: failureTypes.limitsUnreachable,
    message: `The limits of texts cannot be asked now (${error instanceof Error ? error.name : 'unknown'}), so nothing was sent.`,
  });
