import { workflowInfo } from '@temporalio/workflow';
import { mustContinueAsNew } from '../enrollment/run-limits';
import { Unreadable } from '../enrollment/unsealed';

/** Must this run continue as new, after so many messages? `messagesPerRun`: a lower bound, for tests. */
export function hasGrown(messages: number, messagesPerRun?: number): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  return mustContinueAsNew(
    { messages, historyEvents: historyLength, historyBytes: historySize, suggested: continueAsNewSuggested },
    messagesPerRun,
  );
}

/** Throws a plain error, so that the task is tried again, where the key of the input may come back. */
export function waitForKeyOf(input: unknown): void {
  if (input instanceof Unreadable && input.reason === 'key_missing') {
    throw new Error('The input is sealed with a key that is not in the key ring.');
  }
}
