import { activityInfo, cancellationSignal } from '@temporalio/activity';

/**
 * What one attempt may take (milliseconds), whatever number of calls it makes. Less than its start-to-close timeout of
 * 15 seconds, so that no attempt is still at work when Temporal starts the next one.
 */
export const attemptMs = 12_000;

/** The same inside a workflow task, which messages have to wait for. Less than the start-to-close timeout of 3 seconds. */
export const localAttemptMs = 2_500;

/** Runs the calls of one attempt under one signal: aborted when the activity is cancelled or the attempt's time is up. */
export async function withinAttempt<T>(calls: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ms = activityInfo().isLocal ? localAttemptMs : attemptMs;
  // Not AbortSignal.any: in Node 20 what it makes may be collected before it aborts.
  const cancellation = cancellationSignal();
  const attempt = new AbortController();
  const stop = () => attempt.abort(cancellation.reason);
  const timer = setTimeout(() => attempt.abort(new Error(`the attempt took longer than ${ms} ms`)), ms);
  if (cancellation.aborted) stop();
  cancellation.addEventListener('abort', stop);
  try {
    return await calls(attempt.signal);
  } finally {
    clearTimeout(timer);
    cancellation.removeEventListener('abort', stop);
  }
}
