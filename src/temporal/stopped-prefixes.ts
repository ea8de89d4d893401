import type { Client } from '@temporalio/client';
import { parseStopped, type StoppedPrefix } from '../enrollment/stopped-prefixes';
import {
  resumePrefix,
  stoppedPrefixesId,
  stoppedPrefixesMemo,
  stoppedPrefixesType,
  stopPrefix,
  type StoppedPrefixesInput,
} from '../workflows/stopped-prefixes';
import { createKeptList } from './kept-list';

/** The prefixes of phone numbers to which no texts and calls are sent. Every function rejects with the Temporal client's errors. */
export interface StoppedPrefixes {
  /** In the order of their digits. Needs no worker. */
  list(): Promise<readonly StoppedPrefix[]>;
  /** The list after it. Rejects with WorkflowUpdateFailedError of type `too_many` when 100 are stopped. */
  stop(prefix: string, reason: string): Promise<readonly StoppedPrefix[]>;
  /** The list after it. */
  resume(prefix: string, reason: string): Promise<readonly StoppedPrefix[]>;
}

export interface StoppedPrefixesParts {
  readonly client: Client;
  readonly taskQueue: string;
  /** Milliseconds for each call. */
  readonly deadlineMs?: number;
}

export function createStoppedPrefixes({
  client,
  taskQueue,
  deadlineMs = 5_000,
}: StoppedPrefixesParts): StoppedPrefixes {
  const { list, change } = createKeptList<StoppedPrefix, StoppedPrefixesInput>({
    ...{ client, taskQueue, deadlineMs, parse: parseStopped },
    workflowType: stoppedPrefixesType,
    workflowId: stoppedPrefixesId,
    memo: stoppedPrefixesMemo,
    staticSummary: 'Prefixes of phone numbers to which nothing is sent',
    inputOf: (stopped) => ({ stopped }),
  });
  return {
    list,
    stop: (prefix, reason) => change(stopPrefix, { prefix, reason }),
    resume: async (prefix, reason) => {
      const stopped = await list();
      const isStopped = stopped.some((each) => each.prefix === prefix);
      return isStopped ? change(resumePrefix, { prefix, reason }) : stopped;
    },
  };
}
