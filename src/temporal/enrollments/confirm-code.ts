import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { answeredBy } from '../../factors';
import * as messages from '../../workflows/messages';
import type { ConfirmCodeInput, ConfirmCodeResult } from '../../workflows/messages';
import type { EnrollmentRun } from '../ids';
import { isOutcome, type Chain, type RunHandle, type Runs } from './runs';
import { isClosedMeanwhile, isExhausted, isUnavailable } from './temporal-errors';

/** Milliseconds. */
export interface CodeTiming {
  /** For the result. */
  readonly answerMs: number;
  /** For a worker to take a code, before it is sent as a signal too. */
  readonly acceptMs: number;
  /** For an answer that needs no Auth0. */
  readonly queryMs: number;
}

export interface CodeParts extends CodeTiming {
  readonly client: Client;
  readonly runs: Runs;
}

/**
 * Sends a code to a run and waits for its result: one call to Temporal where all goes well. Undefined: no result in time; the
 * code is kept and will be tried.
 *
 * Temporal keeps signals for good, but an update only once a worker has accepted it, and the acceptance arrives together with
 * the end of the workflow task, in which Auth0 is asked. So a code that nobody has taken is sent as a signal too; the workflow
 * tries the same code once, however it comes.
 */
export function createConfirmCode({ client, runs, answerMs, acceptMs, queryMs }: CodeParts) {
  return async function confirmCode(
    chain: Chain,
    handle: RunHandle,
    run: EnrollmentRun,
    input: ConfirmCodeInput,
    updateId: string,
  ): Promise<ConfirmCodeResult | undefined> {
    const over = new AbortController();
    const answer = runs.within(answerMs, () =>
      client.withAbortSignal(over.signal, () =>
        handle.executeUpdate(messages.confirmCode, { args: [input], updateId }),
      ),
    );
    try {
      const result = await Promise.race([answer, neglected(run, updateId, over.signal)]);
      if (result !== undefined) return result;
    } catch (error) {
      const known = isClosedMeanwhile(error) ? await alreadyConfirmed(chain, input) : undefined;
      if (known !== undefined) return known;
      if (isExhausted(error) || !isUnavailable(error)) throw error;
      if (await isAccepted(run, updateId)) return undefined; // it goes on
    } finally {
      over.abort();
    }
    const signal = answeredBy(input.factor) === 'otp' ? messages.submitOtp : messages.submitBindingCode;
    await runs.within(queryMs, () => handle.signal(signal, input));
    return undefined;
  };

  /** Ends when no worker has taken the update, nor the workflow task that brings it. Looks every `acceptMs`. */
  async function neglected(run: EnrollmentRun, updateId: string, signal: AbortSignal): Promise<undefined> {
    do await sleep(acceptMs, undefined, { signal });
    while ((await runs.isAtWork(run)) || (await isAccepted(run, updateId)));
  }

  /** Is the update in the history? False also when Temporal cannot say. */
  async function isAccepted({ workflowId, runId }: EnrollmentRun, updateId: string): Promise<boolean> {
    try {
      const { stage } = await runs.within(queryMs, () =>
        client.workflowService.pollWorkflowExecutionUpdate({
          namespace: client.options.namespace,
          updateRef: { workflowExecution: { workflowId, runId }, updateId },
          identity: client.options.identity,
          waitPolicy: { lifecycleStage: stages.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_UNSPECIFIED }, // answers at once
        }),
      );
      return stage >= stages.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    } catch {
      return false; // then the signal says what is the matter, if something is
    }
  }

  /**
   * The run closed in the very workflow task that this code waited for, as when the last code is sent twice: what its sender
   * wanted is done. Undefined when it is not.
   */
  async function alreadyConfirmed(chain: Chain, { factor }: ConfirmCodeInput): Promise<ConfirmCodeResult | undefined> {
    const { id: _id, ...status } = await runs.read(chain);
    const isConfirmed = status.factors.some((each) => each.factor === factor && each.state === 'confirmed');
    if (!isOutcome(status) || !isConfirmed) return undefined;
    return { result: 'already_confirmed', attemptsLeft: status.attemptsLeft, status };
  }
}

const stages = temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage;
