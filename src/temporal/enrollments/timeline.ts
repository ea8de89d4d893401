import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Enrollment } from '../../enrollment/enrollment';
import { changesOf, messageNames, type Change, type TakenMessage } from '../../enrollment/timeline';
import * as messages from '../../workflows/messages';
import type { EnrollmentRun } from '../ids';
import { memoIfReadable } from '../sealed-memos';
import { parseMemo } from './case-memo';

/** `at`: ISO 8601, UTC. */
export type TimelineEntry = { readonly at: string } & (Change | TakenMessage);

export interface Timeline {
  /** Oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** There was more before the first entry. */
  readonly truncated?: true;
}

interface TimelineLimits {
  /** Events of the histories of an enrollment that are looked at, the newest first. */
  readonly events: number;
  /** Entries of a timeline, the newest. */
  readonly entries: number;
}
/** More than an enrollment of weeks has. */
const timelineLimits: TimelineLimits = { events: 5_000, entries: 500 };

/** More than 256 at once is more than Temporal's server likes. */
const pageSize = 250;

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * What happened to an enrollment, from the histories of its runs: each memo that the workflow wrote is compared with the one
 * before, and messages are named. Needs no worker. `last`: the newest run of its chain. What a message held is not looked at.
 */
export async function readTimeline(
  client: Client,
  last: EnrollmentRun,
  limits: TimelineLimits = timelineLimits,
): Promise<Timeline> {
  const { events, isWhole } = await eventsOf(client, last, limits.events);
  const entries: TimelineEntry[] = [];
  let before: Enrollment | undefined;
  let taskAt = 0;
  for (const event of events) {
    const eventAt = msOf(event.eventTime);
    if (event.workflowTaskStartedEventAttributes) taskAt = eventAt;
    // What a workflow does is written when its task ends; for the workflow itself it happens when the task begins.
    const now = isOfTask(event) && taskAt > 0 ? taskAt : eventAt; // the task may have begun before the first event here
    const add = (entry: Change | TakenMessage, at: number) =>
      entries.push({ ...entry, at: new Date(at).toISOString() });
    const name = messageIn(event);
    if (name !== undefined) add({ what: 'message', name }, now);
    const after = await enrollmentIn(client, event, last.workflowId);
    if (after !== undefined) {
      // Where the beginning is not there, the first look is no change.
      const changes = before === undefined && !isWhole ? [] : changesOf(before, after);
      let latest = now;
      for (const { at = latest, ...change } of changes) {
        add(change, at);
        latest = Math.max(latest, at); // what has no moment of its own came after what is told before it
      }
      before = after;
    }
    if (isEndFromOutside(event)) add({ what: 'ended', state: 'failed' }, now);
  }
  // An enrollment writes down how it is when it comes to rest, a little later than the moments that it has kept.
  const inTime = entries.toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  const shown = inTime.slice(-limits.entries);
  return { entries: shown, ...(isWhole && shown.length === inTime.length ? {} : { truncated: true }) };
}

/** The newest events of a chain of runs, oldest first. `isWhole`: its beginning is among them. */
async function eventsOf(
  client: Client,
  { workflowId, runId: lastRunId }: EnrollmentRun,
  most: number,
): Promise<{ readonly events: readonly HistoryEvent[]; readonly isWhole: boolean }> {
  const { namespace } = client.options;
  const newestFirst: HistoryEvent[] = [];
  for (let runId = lastRunId; ;) {
    let nextPageToken: Uint8Array = new Uint8Array();
    do {
      const room = Math.min(pageSize, most - newestFirst.length);
      if (room <= 0) return { events: newestFirst.reverse(), isWhole: false };
      const execution = { workflowId, runId };
      const asked = { namespace, execution, maximumPageSize: room, nextPageToken };
      const page = await client.workflowService.getWorkflowExecutionHistoryReverse(asked).catch(unlessGone);
      if (page === undefined) return { events: newestFirst.reverse(), isWhole: false };
      newestFirst.push(...(page.history?.events ?? []));
      ({ nextPageToken } = page);
    } while (nextPageToken.length > 0);
    const before = newestFirst.at(-1)?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (!before) return { events: newestFirst.reverse(), isWhole: true };
    runId = before;
  }
}

/** Retention has taken an earlier run of the chain already. gRPC's status NOT_FOUND. */
function unlessGone(error: unknown): undefined {
  if (!isGrpcServiceError(error) || Number(error.code) !== 5) throw error;
}

/** The enrollment as this event has written it into the memo; undefined for any other event, and where it cannot be read. */
async function enrollmentIn(client: Client, event: HistoryEvent, workflowId: string): Promise<Enrollment | undefined> {
  const memo =
    event.workflowPropertiesModifiedEventAttributes?.upsertedMemo ??
    event.workflowExecutionStartedEventAttributes?.memo;
  const payload = memo?.fields?.[messages.caseMemo];
  if (payload === undefined) return undefined;
  const { shared } = parseMemo(await memoIfReadable(client, { fields: { [messages.caseMemo]: payload } }, workflowId));
  return shared?.enrollment;
}

const isOfTask = (event: HistoryEvent): boolean =>
  Boolean(event.workflowPropertiesModifiedEventAttributes ?? event.workflowExecutionUpdateAcceptedEventAttributes);

/** The message that this event is about, if it is one that changes something. */
function messageIn(event: HistoryEvent): TakenMessage['name'] | undefined {
  if (event.workflowExecutionCancelRequestedEventAttributes) return 'cancelRequest';
  const signal = event.workflowExecutionSignaledEventAttributes?.signalName;
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name;
  const sent = signal ?? update;
  if (!sent || sent === messages.awaitChallenge.name) return undefined;
  return messageNames.find((name) => name === sent) ?? 'unknown';
}

/** The run was terminated, or Temporal itself ended it: the enrollment could not say so. */
const isEndFromOutside = (event: HistoryEvent): boolean =>
  Boolean(event.workflowExecutionTerminatedEventAttributes ?? event.workflowExecutionTimedOutEventAttributes);

const msOf = (time: { seconds?: { toNumber(): number } | null; nanos?: number | null } | null | undefined): number =>
  (time?.seconds?.toNumber() ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);
