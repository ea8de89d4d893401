import type { Client } from '@temporalio/client';
import { ApiProblem } from '../problems';
import type { EnrollmentIds } from './ids';

export interface PageParts {
  readonly client: Client;
  readonly ids: Pick<EnrollmentIds, 'fingerprint' | 'isFingerprint'>;
  readonly taskQueue: string;
  /** Milliseconds for the call. */
  readonly deadlineMs: number;
}

export interface PageRequest {
  /** Of Temporal's list filters. */
  readonly query: string;
  /** What the list was asked for: a cursor goes on with the same list only. */
  readonly filters: object;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export type ListedRun = Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>['executions'][number];

export interface VisibilityPage {
  readonly executions: readonly ListedRun[];
  readonly nextCursor?: string;
}

/**
 * A page of what Temporal's visibility store finds, open runs first; it lags a moment behind. Rejects with the Temporal client's errors, and with
 * ApiProblem `invalid_request` for a cursor that is no `nextCursor` of the same list: Temporal itself tries for ever to read a page token that it did not make.
 */
export async function visibilityPage(
  { client, ids, taskQueue, deadlineMs }: PageParts,
  { query, filters, cursor, limit }: PageRequest,
): Promise<VisibilityPage> {
  const under = (pageToken: Buffer) => ({ pageToken: pageToken.toString('base64url'), taskQueue, filters });
  const call = () =>
    client.workflowService.listWorkflowExecutions({
      ...{ namespace: client.options.namespace, query, pageSize: limit },
      nextPageToken: pageTokenOf(cursor, (seal, pageToken) => ids.isFingerprint(seal, under(pageToken))),
    });
  const { executions, nextPageToken } = await client.withDeadline(Date.now() + deadlineMs, call);
  const next = Buffer.from(nextPageToken);
  if (next.length === 0) return { executions };
  return { executions, nextCursor: `${ids.fingerprint(under(next))}.${next.toString('base64url')}` };
}

function pageTokenOf(
  cursor: string | undefined,
  isOurs: (seal: string | undefined, pageToken: Buffer) => boolean,
): Buffer {
  if (cursor === undefined) return Buffer.alloc(0);
  const [seal, text = ''] = cursor.split('.');
  const pageToken = Buffer.from(text, 'base64url');
  if (isOurs(seal, pageToken)) return pageToken;
  const expected = 'the nextCursor of a page of the same list';
  throw new ApiProblem('invalid_request', {
    detail: `cursor: expected ${expected}.`,
    errors: [{ field: 'cursor', expected }],
  });
}

/** A condition of a visibility query: the runs of this type on this task queue. One that went on as another is listed as that one. */
export const runsOf = (workflowType: string, taskQueue: string): string =>
  `WorkflowType = '${workflowType}' AND TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus != 'ContinuedAsNew'`;
