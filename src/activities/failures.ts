import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error } from '../auth0/errors';
import { failureTypes } from '../enrollment/failures';

/**
 * The failure that Temporal should see for a fault of Auth0's or ours; anything that is not an Auth0Error passes as it is.
 * The message is the client's fixed sentence (and remedy); nothing of the answer's body is in it. A `repeatable` call does
 * no harm when it is made again, so one whose answer is lost is Temporal's to retry.
 */
export function failureOf(error: unknown, { repeatable }: { readonly repeatable: boolean }): unknown {
  if (!(error instanceof Auth0Error)) return error;
  const details = [{ endpoint: error.endpoint, status: error.status, error: error.error }];
  const message = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  switch (error.verdict) {
    case 'unreachable':
      return ApplicationFailure.create({ type: failureTypes.unreachable, message, details });
    case 'rate_limited':
      return ApplicationFailure.create({
        type: failureTypes.rateLimited,
        message,
        details,
        ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
      });
    case 'ambiguous':
      return ApplicationFailure.create({ type: failureTypes.ambiguous, message, details, nonRetryable: !repeatable });
    case 'configuration':
    case 'denied': // a rule of the tenant's, where no person was asked anything
      return ApplicationFailure.create({ type: failureTypes.configuration, message, details, nonRetryable: true });
    default:
      return ApplicationFailure.create({ type: failureTypes.malformedRequest, message, details, nonRetryable: true });
  }
}
