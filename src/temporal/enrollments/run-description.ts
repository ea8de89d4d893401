import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { EnrollmentRun } from '../ids';
import { readMemo } from '../sealed-memos';
import { parseMemo } from './case-memo';

/** What the API asks Temporal of a run. */
export interface RunDescription extends EnrollmentRun {
  /** The first run of its chain: itself, unless it continues another one. */
  readonly firstRunId: string;
  /** What the API and the run itself have written there, as far as it can be read. */
  readonly memo: ReturnType<typeof parseMemo>;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms; absent while it runs or is paused by an operator. */
  readonly closedAt: number | undefined;
  readonly wentOn: boolean;
  /** No activity and no workflow task is pending. */
  readonly isAtRest: boolean;
  /** A worker has a workflow task in hand. */
  readonly isAtWork: boolean;
}

/**
 * One call to Temporal, of which only what is needed is decoded, and only once. The SDK's own `describe` opens each sealed value
 * again, with the search attributes, which nobody here reads. Throws WorkflowNotFoundError, and gRPC's errors as they are.
 * Without a `runId`: the newest run.
 */
export async function describeRun(
  client: Client,
  { workflowId, runId }: Pick<EnrollmentRun, 'workflowId'> & Partial<EnrollmentRun>,
): Promise<RunDescription> {
  const { workflowExecutionInfo, pendingActivities, pendingWorkflowTask } = await told(client, workflowId, runId);
  const { execution, memo, startTime, closeTime, firstRunId, status } = workflowExecutionInfo ?? {};
  const id = execution?.runId;
  if (!id) throw new TypeError('Temporal described a run without its id');
  return {
    ...{ workflowId, runId: id, memo: parseMemo(await readMemo(client, memo, workflowId)) },
    firstRunId: firstRunId || id, // the empty string of a server that does not tell
    startedAt: msOf(startTime) ?? 0,
    closedAt: msOf(closeTime),
    wentOn: status === temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW,
    isAtRest: pendingActivities.length === 0 && !pendingWorkflowTask,
    isAtWork:
      pendingWorkflowTask?.state === temporal.api.enums.v1.PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED,
  };
}

async function told(client: Client, workflowId: string, runId: string | undefined) {
  try {
    return await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId, runId: runId ?? '' },
    });
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === notFound) {
      throw new WorkflowNotFoundError(error.details, workflowId, runId);
    }
    throw error;
  }
}

/** gRPC's status NOT_FOUND. */
const notFound = 5;

const msOf = (time: { seconds?: { toNumber(): number } | null; nanos?: number | null } | null | undefined) =>
  time ? (time.seconds?.toNumber() ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6) : undefined;
