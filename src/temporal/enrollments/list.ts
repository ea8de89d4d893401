import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { defined } from '../../enrollment/defined';
import { enrollmentStates, outcomes, type EnrollmentStateName, type WaitingFor } from '../../enrollment/status';
import { viewOf } from '../../enrollment/view';
import { factorNames, type FactorName } from '../../factors';
import { workflowType, type CaseMemo } from '../../workflows/messages';
import { searchAttributes } from '../../workflows/search-attributes';
import type { EnrollmentIds } from '../ids';
import { memoIfReadable } from '../sealed-memos';
import { runsOf, visibilityPage, type ListedRun } from '../visibility-page';
import { parseMemo } from './case-memo';
import { asProblem } from './temporal-errors';

export interface ListRequest {
  /** All enrollments of this user. */
  readonly userId?: string;
  /** Those whose codes go to this number (E.164), or went there last. */
  readonly phoneNumber?: string;
  /** The beginning of an id: `enr_` and 4 to 64 characters. */
  readonly idPrefix?: string;
  readonly state?: EnrollmentStateName;
  readonly factor?: FactorName;
  /** Who has to act. */
  readonly waitingFor?: WaitingFor['who'];
  /** The name of a caller: only what that caller has started. */
  readonly startedBy?: string;
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
  /** Absent where the enrollment's own words cannot be read. */
  readonly waitingFor?: WaitingFor;
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
  /** The Auth0 tenant's domain. */
  readonly domain: string;
  readonly taskQueue: string;
  readonly deadlineMs: number;
}

/**
 * A page of enrollments from Temporal's visibility store, which lags a moment behind. No worker is needed. A page may hold fewer
 * than `limit` and still have a next one: what is not the project's own, or not the caller's, is left out after the search.
 */
export async function listEnrollments(parts: ListParts, request: ListRequest): Promise<EnrollmentPage> {
  const { cursor, limit, ...filters } = request;
  const query = visibilityQuery(parts, request);
  try {
    const page = await visibilityPage(parts, { query, filters, limit, ...defined({ cursor }) });
    return {
      enrollments: (await Promise.all(page.executions.map((info) => summaryOf(parts, request, info)))).flat(),
      ...defined({ nextCursor: page.nextCursor }),
    };
  } catch (error) {
    throw await asProblem(error, () => Promise.resolve(true));
  }
}

/** Hashes and closed words; the queue's name is the operator's own. */
function visibilityQuery({ ids, domain, taskQueue }: ListParts, request: ListRequest): string {
  const { userId, phoneNumber, idPrefix, state, factor, waitingFor, startedBy } = request;
  const settled = outcomes.some((outcome) => outcome === state);
  return [
    runsOf(workflowType, taskQueue),
    ...(userId === undefined ? [] : [isOneOf('WorkflowId', ids.workflowIds(domain, userId))]),
    ...(phoneNumber === undefined ? [] : [isOneOf(searchAttributes.phoneNumber.name, ids.phoneNumbers(phoneNumber))]),
    ...(idPrefix === undefined ? [] : [`WorkflowId STARTS_WITH '${ids.workflowIdPrefix(idPrefix)}'`]),
    ...(startedBy === undefined ? [] : [isOneOf(searchAttributes.owner.name, ids.owners(startedBy))]),
    ...(waitingFor === undefined ? [] : [`${searchAttributes.waitingFor.name} = '${waitingFor}'`]),
    ...(state === undefined ? [] : [`${searchAttributes.state.name} = '${state}'`]),
    ...(state === undefined || settled ? [] : [`ExecutionStatus = 'Running'`]),
    ...(factor === undefined ? [] : [`${searchAttributes.factor.name} = '${factor}'`]),
  ].join(' AND ');
}

/** A condition of a visibility query. The values hold no quotation mark. */
export const isOneOf = (name: string, values: readonly string[]): string =>
  values.length === 1
    ? `${name} = '${values.join('')}'`
    : `${name} IN (${values.map((value) => `'${value}'`).join(', ')})`;

/**
 * Nothing for an enrollment that was started by hand under an id of its own: it has no enrollment id. Nothing either for one
 * that somebody else has started, where only the caller's own are asked for: the search attribute by which it was found can be
 * set by whoever can write to Temporal, the sealed memo cannot.
 */
async function summaryOf(
  { client, ids }: ListParts,
  { startedBy, idPrefix }: ListRequest,
  info: ListedRun,
): Promise<EnrollmentSummary[]> {
  const { workflowId, runId } = info.execution ?? {};
  if (!workflowId || !runId || !ids.isWorkflowId(workflowId)) return [];
  // A run that no worker has seen yet names no first run: it is the first one itself.
  const { owner, keyId, shared } = parseMemo(await memoIfReadable(client, info.memo, workflowId));
  if (startedBy !== undefined && (owner === undefined || !ids.owners(startedBy).includes(owner))) return [];
  const id = ids.enrollmentId(workflowId, shared?.firstRunId ?? runId, keyId);
  // Several enrollments of one user begin alike, and stores of visibility may take capitals and small letters for the same.
  if (idPrefix !== undefined && !id.startsWith(idPrefix)) return [];
  const attribute = (name: string): unknown => {
    const payload = info.searchAttributes?.indexedFields?.[name];
    return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
  };
  const state = z.enum(enrollmentStates).safeParse(attribute(searchAttributes.state.name)).data;
  const factor = z.enum(factorNames).safeParse(attribute(searchAttributes.factor.name)).data;
  const deadline = z.coerce.date().safeParse(attribute(searchAttributes.deadline.name)).data;
  const closed = info.closeTime ? at(info.closeTime) : undefined;
  return [
    {
      id,
      state: shownState(state, closed !== undefined),
      ...defined({
        factor: closed === undefined ? factor : undefined,
        deadline: deadline?.toISOString(),
        endedAt: closed,
        waitingFor: closed === undefined && shared !== undefined ? waitingForOf(shared) : undefined,
      }),
      startedAt: shared === undefined ? at(info.startTime ?? {}) : new Date(shared.enrollment.startedAt).toISOString(),
    },
  ];
}

const waitingForOf = ({ enrollment, tokenExpiresAt }: CaseMemo): WaitingFor =>
  viewOf(enrollment, Date.now(), tokenExpiresAt).waitingFor;

/** A run that was terminated keeps the state it had; to a caller it is over. */
function shownState(state: EnrollmentStateName | undefined, closed: boolean): EnrollmentStateName {
  if (closed) return outcomes.find((outcome) => outcome === state) ?? 'failed';
  return state ?? 'associating';
}

const at = ({ seconds, nanos }: { seconds?: { toNumber(): number } | null; nanos?: number | null }): string =>
  new Date((seconds?.toNumber() ?? 0) * 1000 + Math.floor((nanos ?? 0) / 1e6)).toISOString();
