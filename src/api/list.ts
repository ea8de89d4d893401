import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { defined } from '../enrollment/defined';
import { enrollmentStates, outcomes, type EnrollmentStateName } from '../enrollment/status';
import { factorNames, type FactorName } from '../factors';
import { decodedPayload } from '../temporal/data-converter';
import type { EnrollmentIds } from '../temporal/ids';
import { PayloadDecryptionError } from '../temporal/payload-codec';
import { caseMemo, workflowType, type CaseMemo } from '../workflows/messages';
import { searchAttributes } from '../workflows/search-attributes';
import { parseMemo } from './case-memo';
import { ApiProblem } from './problems';
import { asProblem } from './temporal-errors';

export interface ListRequest {
  readonly state?: EnrollmentStateName;
  readonly factor?: FactorName;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 100. */
  readonly limit: number;
}

export interface EnrollmentSummary {
  readonly id: string;
  readonly state: EnrollmentStateName;
  readonly factor?: FactorName;
  readonly deadline?: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

export interface EnrollmentPage {
  readonly enrollments: readonly EnrollmentSummary[];
  readonly nextCursor?: string;
}

export interface ListParts {
  readonly client: Client;
  readonly ids: EnrollmentIds;
  readonly taskQueue: string;
  readonly deadlineMs: number;
}

/** A page of enrollments from Temporal's visibility store, which lags a moment behind. No worker is needed. */
export async function listEnrollments(parts: ListParts, request: ListRequest): Promise<EnrollmentPage> {
  const { client, ids, taskQueue, deadlineMs } = parts;
  const query = visibilityQuery(taskQueue, request);
  // Temporal retries forever on a page token that it did not make; reject it here.
  const sealed = (pageToken: Buffer) => ids.fingerprint({ pageToken: pageToken.toString('base64url'), query });
  const call = () =>
    client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query,
      pageSize: request.limit,
      nextPageToken: pageTokenOf(request.cursor, sealed),
    });
  try {
    const { executions, nextPageToken } = await client.withDeadline(Date.now() + deadlineMs, call);
    const next = Buffer.from(nextPageToken);
    return {
      enrollments: (await Promise.all(executions.map((info) => summaryOf(parts, info)))).flat(),
      ...(next.length === 0 ? {} : { nextCursor: `${sealed(next)}.${next.toString('base64url')}` }),
    };
  } catch (error) {
    throw await asProblem(error, () => Promise.resolve(true));
  }
}

function pageTokenOf(cursor: string | undefined, sealed: (pageToken: Buffer) => string): Buffer {
  if (cursor === undefined) return Buffer.alloc(0);
  const [seal, text = ''] = cursor.split('.');
  const pageToken = Buffer.from(text, 'base64url');
  if (seal === sealed(pageToken)) return pageToken;
  const expected = 'the nextCursor of a page of the same list';
  throw new ApiProblem('invalid_request', {
    detail: `cursor: expected ${expected}.`,
    errors: [{ field: 'cursor', expected }],
  });
}

/** State and factor are closed words; the queue's name is the operator's own. */
function visibilityQuery(taskQueue: string, { state, factor }: ListRequest): string {
  const settled = outcomes.some((outcome) => outcome === state);
  return [
    `WorkflowType = '${workflowType}'`,
    `TaskQueue = '${taskQueue.replaceAll("'", "''")}'`,
    `ExecutionStatus != 'ContinuedAsNew'`, // a run that went on as another one is listed as that one
    ...(state === undefined ? [] : [`${searchAttributes.state.name} = '${state}'`]),
    ...(state === undefined || settled ? [] : [`ExecutionStatus = 'Running'`]),
    ...(factor === undefined ? [] : [`${searchAttributes.factor.name} = '${factor}'`]),
  ].join(' AND ');
}

type ExecutionInfo = Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>['executions'][number];

/** Nothing for an enrollment that was started by hand under an id of its own: it has no enrollment id. */
async function summaryOf({ client, ids }: ListParts, info: ExecutionInfo): Promise<EnrollmentSummary[]> {
  const { workflowId, runId } = info.execution ?? {};
  if (!workflowId || !runId || !ids.isWorkflowId(workflowId)) return [];
  const attribute = (name: string): unknown => {
    const payload = info.searchAttributes?.indexedFields?.[name];
    return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
  };
  const state = z.enum(enrollmentStates).safeParse(attribute(searchAttributes.state.name)).data;
  const factor = z.enum(factorNames).safeParse(attribute(searchAttributes.factor.name)).data;
  const deadline = z.coerce.date().safeParse(attribute(searchAttributes.deadline.name)).data;
  const closed = info.closeTime ? at(info.closeTime) : undefined;
  const shared = await sharedOf(client, info);
  return [
    {
      id: ids.enrollmentId(workflowId, shared?.firstRunId ?? runId),
      state: shownState(state, closed !== undefined),
      ...defined({
        factor: closed === undefined ? factor : undefined,
        deadline: deadline?.toISOString(),
        endedAt: closed,
      }),
      startedAt: shared === undefined ? at(info.startTime ?? {}) : new Date(shared.enrollment.startedAt).toISOString(),
    },
  ];
}

/** Undefined where the memo cannot be read. A run that no worker has seen yet names no first run: it is the first one itself. */
async function sharedOf(client: Client, { memo }: ExecutionInfo): Promise<CaseMemo | undefined> {
  const payload = memo?.fields?.[caseMemo];
  if (!payload) return undefined;
  try {
    return parseMemo({ [caseMemo]: await decodedPayload(client.options.loadedDataConverter, payload) }).shared;
  } catch (error) {
    if (error instanceof PayloadDecryptionError) return undefined; // a list shows the others all the same
    throw error;
  }
}

/** A run that was terminated keeps the state it had; to a caller it is over. */
function shownState(state: EnrollmentStateName | undefined, closed: boolean): EnrollmentStateName {
  if (closed) return outcomes.find((outcome) => outcome === state) ?? 'failed';
  return state ?? 'associating';
}

const at = ({ seconds, nanos }: { seconds?: { toNumber(): number } | null; nanos?: number | null }): string =>
  new Date((seconds?.toNumber() ?? 0) * 1000 + Math.floor((nanos ?? 0) / 1e6)).toISOString();
