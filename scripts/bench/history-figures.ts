import { temporal } from '@temporalio/proto';

/** What one run of a workflow costs in Temporal. */
export interface HistoryFigures {
  readonly events: number;
  /** Those that were completed; one that failed or timed out and was given again counts once. */
  readonly workflowTasks: number;
  /** Temporal Cloud's unit of price, as far as a history shows it: queries and heartbeats leave no event. */
  readonly billableActions: number;
  /** Size of the history as protocol buffers, payloads as they are stored (encrypted, when there is a codec). */
  readonly bytes: number;
}

type History = temporal.api.history.v1.IHistory;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** Upserts of this one alone are free: the SDK makes them for `patched`. */
const versionAttribute = 'TemporalChangeVersion';

/**
 * Counts a history of a run, as `WorkflowHandle.fetchHistory` gives it.
 *
 * Billable actions are those of Temporal's list (docs.temporal.io, "Temporal Cloud Actions"): the run's start, each update, each
 * upsert of search attributes, each timer, each activity and each further attempt of it, each signal, each start of a child, and all markers
 * (local activities, side effects, patches) of one workflow task together. A signal from another workflow is counted where it was
 * sent, so that a sum over all runs counts it once.
 */
export function historyFigures(history: History): HistoryFigures {
  const events = history.events ?? [];
  const tasksWithMarkers = new Set<string>();
  let actions = 0;
  for (const event of events) {
    const marker = event.markerRecordedEventAttributes;
    if (marker) tasksWithMarkers.add(String(marker.workflowTaskCompletedEventId));
    else actions += actionsOf(event);
  }
  return {
    events: events.length,
    workflowTasks: events.filter((event) => event.workflowTaskCompletedEventAttributes).length,
    billableActions: actions + tasksWithMarkers.size,
    bytes: temporal.api.history.v1.History.encode(history).finish().byteLength,
  };
}

/** Of an event that is not a marker. */
function actionsOf(event: HistoryEvent): number {
  const upsert = event.upsertWorkflowSearchAttributesEventAttributes;
  if (upsert) {
    const names = Object.keys(upsert.searchAttributes?.indexedFields ?? {});
    return names.length === 1 && names[0] === versionAttribute ? 0 : 1;
  }
  const signaled = event.workflowExecutionSignaledEventAttributes;
  if (signaled) return signaled.externalWorkflowExecution ? 0 : 1;
  // The attempt that a history shows is the last one: those before it leave no event.
  const started = event.activityTaskStartedEventAttributes;
  if (started) return Math.max(0, (started.attempt ?? 1) - 1);
  const isAction =
    event.workflowExecutionStartedEventAttributes ??
    event.workflowExecutionUpdateAcceptedEventAttributes ??
    event.timerStartedEventAttributes ??
    event.activityTaskScheduledEventAttributes ??
    event.signalExternalWorkflowExecutionInitiatedEventAttributes ??
    event.startChildWorkflowExecutionInitiatedEventAttributes ??
    event.nexusOperationScheduledEventAttributes;
  return isAction ? 1 : 0;
}
