import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { refusalTypes } from '../../enrollment/commands';
import { factorNames } from '../../factors';
import { ApiProblem, refused } from '../../problems';
import type { RefusalDetails } from '../../workflows/messages';
import { resourceExhausted } from '../connection';

/**
 * The answer of a run that belongs to no enrollment. Throws what a caller can do something about as a problem: `unavailable`, and
 * `limit_reached` with `full` where the run refuses one more of what it keeps.
 */
export async function answered<T>(call: () => Promise<T>, full?: string): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (full !== undefined && cause instanceof ApplicationFailure && cause.type === 'too_many') {
      throw new ApiProblem('limit_reached', { detail: full });
    }
    if (!isUnavailable(error)) throw error;
    throw new ApiProblem('unavailable', {
      detail:
        'Temporal or its workers did not answer in time. Try again, with the same Idempotency-Key if you gave one.',
    });
  }
}

/**
 * What an error of the Temporal client means to a caller: an ApiProblem, or the error itself when it is our bug.
 * `isKnown` asks whether the run exists at all: Temporal answers "not found" for a closed run too.
 */
export async function asProblem(error: unknown, isKnown: () => Promise<boolean>): Promise<unknown> {
  if (error instanceof WorkflowUpdateFailedError) {
    return refusal(error) ?? (isUnprocessed(error) ? unavailable() : await closedMeanwhile());
  }
  if (error instanceof WorkflowNotFoundError) {
    return new ApiProblem((await isKnown()) ? 'enrollment_settled' : 'enrollment_not_found');
  }
  if (isUnavailable(error)) return unavailable();
  return error;

  // Temporal itself fails an update that was under way when its run closed.
  async function closedMeanwhile(): Promise<unknown> {
    return (await isKnown()) ? new ApiProblem('enrollment_settled') : error;
  }
}

/** No answer within the deadline, or no worker, or no server: worth another try. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  error instanceof QueryNotRegisteredError ||
  transient.has(grpcCode(error) ?? -1);

/**
 * Did the run close while this update was on its way to it, or at work? An update for a run that had closed before gets another
 * error. Temporal has no code for the first of the two, only its text.
 */
export const isClosedMeanwhile = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError
    ? error.cause instanceof ApplicationFailure && error.cause.type === 'AcceptedUpdateCompletedWorkflow'
    : error instanceof WorkflowNotFoundError && error.message.includes('aborted by closing workflow');

/** Temporal takes no more for now. Of updates it allows ten in flight for one run. */
export const isExhausted = (error: unknown): boolean => grpcCode(error) === resourceExhausted;

export const busy = (): ApiProblem => new ApiProblem('busy', { detail: 'Nothing was done. Try again in a moment.' });

export const unavailable = (): ApiProblem =>
  new ApiProblem('unavailable', {
    detail: 'The enrollment did not answer in time. Try again with the same Idempotency-Key.',
  });

// gRPC: CANCELLED (the server went away during the call), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION (a query that
// no worker polls for), UNAVAILABLE.
const transient = new Set([1, 4, resourceExhausted, 9, 14]);

function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

/**
 * Temporal's server gives an update up that a worker was given and neither accepted nor refused, as when the worker fell back in
 * its history or stopped: nothing was done, and the run goes on.
 */
const isUnprocessed = ({ cause }: WorkflowUpdateFailedError): boolean =>
  cause instanceof ApplicationFailure && cause.type === 'UnprocessedUpdate';

function refusal({ cause }: WorkflowUpdateFailedError): ApiProblem | undefined {
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const type = refusalTypes.find((name) => name === cause.type);
  if (type === undefined) return undefined;
  return refused(type, refusalDetails.parse(cause.details?.[0]), cause.message);
}

const refusalDetails: z.ZodType<RefusalDetails> = z
  .object({
    attemptsLeft: z.number().exactOptional(),
    retryAfter: z.number().exactOptional(),
    factor: z.enum(factorNames).exactOptional(),
  })
  .catch({});
