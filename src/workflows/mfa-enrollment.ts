import {
  allHandlersFinished,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import { isSettled } from '../enrollment/enrollment';
import { failureTypes } from '../enrollment/failures';
import { limits } from '../enrollment/limits';
import { problem } from '../enrollment/problems';
import type { EnrollmentStatus } from '../enrollment/status';
import { cancelOwnRun } from './auth0-calls';
import { end, endAtDeadline, endCancelled } from './ending';
import { listen, view } from './handlers';
import { isEnrollmentInput } from './inbox';
import { openCase, type LiveCase } from './live-case';
import type { MfaEnrollmentInput } from './messages';
import { present } from './presentation';
import { askForChallenge } from './step-associate';
import { awaitCode } from './step-code';
import { awaitToken } from './step-token';
import { readBack } from './step-verify';

/**
 * Takes one Auth0 user through an ordered list of factors, and ends with the truth.
 *
 * Expected endings are results: `completed`, `partial` and `expired` close the run as Completed, `cancelled` as Canceled.
 * A closed tenant door, our own malformed request, or an Auth0 that is down past the deadline closes it as Failed.
 */
export async function mfaEnrollment(input: MfaEnrollmentInput): Promise<EnrollmentStatus> {
  if (!isEnrollmentInput(input)) {
    throw ApplicationFailure.nonRetryable(
      'An enrollment begins with {userId, factors, phoneNumber?, token?, options?}: factors of sms and otp, each once; an E.164 number; ' +
        'options {lifetimeSeconds?, partialPolicy?}: up to ten years, keep or remove.',
      failureTypes.invalidInput,
    );
  }
  const live = openCase(input, Date.now());
  listen(live);
  present(live.enrollment);

  const cancellation = hearCancellation(live);
  const failure = await CancellationScope.nonCancellable(async () => {
    const fault = await run(live);
    answerWhatIsLeft(live);
    if (live.enrollment.state === 'cancelled' && !cancellation.heard) {
      await cancelOwnRun();
      await condition(() => cancellation.heard, '1 minute', { summary: 'Closing' });
    }
    await condition(allHandlersFinished);
    return fault;
  });

  if (failure !== undefined) throw failure;
  if (live.enrollment.state === 'failed') {
    throw ApplicationFailure.nonRetryable('Auth0 was down until the deadline of the case.', failureTypes.unavailable);
  }
  if (live.enrollment.state === 'cancelled' && cancellation.heard)
    throw new CancelledFailure('The enrollment was cancelled');
  return view(live);
}

/** The story: whatever the case is in, its step; until it is over. A fault that no step can answer ends it as failed. */
async function run(live: LiveCase): Promise<ApplicationFailure | undefined> {
  try {
    while (!isSettled(live.enrollment)) await step(live);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    await end(live, 'failed', undefined, problem('configuration', Date.now(), { message: error.message }));
    return error;
  }
}

async function step(live: LiveCase): Promise<void> {
  const { enrollment } = live;
  // Every code was accepted and nothing is in the way: what is left is to say so.
  const allButDone = enrollment.state === 'verifying' && enrollment.lastProblem === undefined;
  if (live.cancelled !== undefined && !allButDone) return endCancelled(live);
  if (Date.now() >= enrollment.deadline) return endAtDeadline(live);
  if (enrollment.wrongCodes >= limits.attemptsInAll) {
    return end(live, 'expired', undefined, problem('too_many_codes', Date.now()));
  }
  switch (enrollment.state) {
    case 'awaiting_token':
      return awaitToken(live);
    case 'associating':
      return askForChallenge(live);
    case 'awaiting_code':
      return awaitCode(live);
    case 'verifying':
      return readBack(live);
    case 'confirming': // left by the step that entered it; to be here is our bug, and the task fails loudly
      throw new Error('a case cannot rest in confirming');
    default:
      return;
  }
}

/** A cancel request of Temporal's own goes the same way as the signal: what is under way finishes first. */
function hearCancellation(live: LiveCase): { heard: boolean } {
  const cancellation = { heard: false };
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) return;
    cancellation.heard = true;
    live.cancelled ??= { reason: undefined };
  });
  return cancellation;
}

/** Nobody who asked is left without an answer. */
function answerWhatIsLeft(live: LiveCase): void {
  for (const command of live.inbox.splice(0)) {
    if (command.type !== 'code') command.done = true;
    else command.result = { result: live.enrollment.state === 'completed' ? 'confirmed' : 'expired' };
  }
}
