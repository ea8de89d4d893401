import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { parseStopped, type StoppedPrefix } from '../enrollment/stopped-prefixes';
import {
  resumePrefix,
  stoppedPrefixesId,
  stoppedPrefixesMemo,
  stoppedPrefixesType,
  stopPrefix,
  type StoppedPrefixesInput,
} from '../workflows/stopped-prefixes';

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
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, call);

  /** What the newest run has written, whatever became of it: one that was terminated has lifted nothing. */
  async function list(): Promise<readonly StoppedPrefix[]> {
    try {
      const { memo } = await within(() => client.workflow.getHandle(stoppedPrefixesId).describe());
      return parseStopped(memo?.[stoppedPrefixesMemo] ?? []) ?? unreadable();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return [];
      throw error;
    }
  }

  /** Sent once more when it met a run that was just ending. */
  async function again<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return call();
    }
  }

  /** To the run that is open, else to a new one that begins with what the last one has left. */
  const change = (update: typeof stopPrefix, change: Pick<StoppedPrefix, 'prefix' | 'reason'>) =>
    again(async () => {
      const stopped = await list();
      const startWorkflowOperation = new WithStartWorkflowOperation<(input: StoppedPrefixesInput) => Promise<void>>(
        stoppedPrefixesType,
        {
          workflowId: stoppedPrefixesId,
          taskQueue,
          args: [{ stopped }],
          memo: { [stoppedPrefixesMemo]: stopped },
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          staticSummary: 'Prefixes of phone numbers to which nothing is sent',
        },
      );
      return within(() => client.workflow.executeUpdateWithStart(update, { args: [change], startWorkflowOperation }));
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

/** A list that nobody can read may stop anything: nobody may take it for an empty one. */
function unreadable(): never {
  throw new Error('The list of stopped prefixes in the memo of mfa-stopped-prefixes cannot be read.');
}
