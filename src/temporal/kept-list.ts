import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';

/** A list that one run keeps, and shows in its memo. */
export interface KeptListParts<Item, Input> {
  readonly client: Client;
  readonly taskQueue: string;
  /** Milliseconds for each call. */
  readonly deadlineMs: number;
  readonly workflowType: string;
  readonly workflowId: string;
  /** The member of the memo that has the list. */
  readonly memo: string;
  readonly staticSummary: string;
  /** `undefined` for what is no such list. */
  readonly parse: (value: unknown) => readonly Item[] | undefined;
  /** What a run begins with that goes on from this list. */
  readonly inputOf: (items: readonly Item[]) => Input;
}

export interface KeptList<Item> {
  /** What the newest run has written, whatever became of it: one that was terminated has changed nothing. Needs no worker. */
  readonly list: () => Promise<readonly Item[]>;
  /** To the run that is open, else to a new one that begins with what the last one has left. */
  readonly change: <Answer, Argument>(
    update: UpdateDefinition<Answer, [Argument]>,
    argument: Argument,
    updateId?: string,
  ) => Promise<Answer>;
}

/** Every function rejects with the Temporal client's errors; a list that nobody can read is an error, and not an empty one. */
export function createKeptList<Item, Input>(parts: KeptListParts<Item, Input>): KeptList<Item> {
  const {
    client,
    taskQueue,
    deadlineMs,
    workflowType,
    workflowId,
    memo: member,
    staticSummary,
    parse,
    inputOf,
  } = parts;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, call);

  async function list(): Promise<readonly Item[]> {
    try {
      const { memo } = await within(() => client.workflow.getHandle(workflowId).describe());
      const items = parse(memo?.[member] ?? []);
      if (items === undefined) throw new Error(`The list in the memo of ${workflowId} cannot be read.`);
      return items;
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

  return {
    list,
    change: (update, argument, updateId) =>
      again(async () => {
        const items = await list();
        const startWorkflowOperation = new WithStartWorkflowOperation<(input: Input) => Promise<void>>(workflowType, {
          ...{ workflowId, taskQueue, staticSummary },
          args: [inputOf(items)],
          memo: { [member]: items },
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        });
        return within(() =>
          client.workflow.executeUpdateWithStart(update, {
            args: [argument],
            startWorkflowOperation,
            ...(updateId === undefined ? {} : { updateId }),
          }),
        );
      }),
  };
}
