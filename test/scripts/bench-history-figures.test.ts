import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import { historyFigures } from '../../scripts/bench/history-figures';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const { HistoryEvent, History } = temporal.api.history.v1;

/** As it comes over the wire: members that are not set are null there. */
const decoded = (events: readonly HistoryEvent[]) =>
  History.decode(History.encode({ events: events.map((event) => HistoryEvent.create(event)) }).finish());

const actions = (...events: readonly HistoryEvent[]): number => historyFigures(decoded(events)).billableActions;

const marker = (task: number): HistoryEvent => ({
  // protobufjs takes numbers for 64 bit members, whatever its types say of Long.
  markerRecordedEventAttributes: {
    markerName: 'core_local_activity',
    workflowTaskCompletedEventId: task as unknown as Long,
  },
});
type Long = NonNullable<temporal.api.history.v1.IMarkerRecordedEventAttributes['workflowTaskCompletedEventId']>;

const upsert = (...names: readonly string[]): HistoryEvent => ({
  upsertWorkflowSearchAttributesEventAttributes: {
    searchAttributes: { indexedFields: Object.fromEntries(names.map((name) => [name, {}])) },
  },
});

describe('billable actions of a history', () => {
  it('are one for a start, an update, a timer, an activity, a signal sent and a child', () => {
    expect(actions({ workflowExecutionStartedEventAttributes: {} })).toBe(1);
    expect(actions({ workflowExecutionUpdateAcceptedEventAttributes: {} })).toBe(1);
    expect(actions({ timerStartedEventAttributes: {} })).toBe(1);
    expect(actions({ activityTaskScheduledEventAttributes: {} })).toBe(1);
    expect(actions({ workflowExecutionSignaledEventAttributes: {} })).toBe(1);
    expect(actions({ signalExternalWorkflowExecutionInitiatedEventAttributes: {} })).toBe(1);
    expect(actions({ startChildWorkflowExecutionInitiatedEventAttributes: {} })).toBe(1);
  });

  it('are one for all markers of one workflow task', () => {
    expect(actions(marker(4), marker(4), marker(4), marker(9))).toBe(2);
  });

  it('are one more for each retry of an activity', () => {
    expect(
      actions({ activityTaskScheduledEventAttributes: {} }, { activityTaskStartedEventAttributes: { attempt: 3 } }),
    ).toBe(3);
  });

  it('are one for an upsert of any number of search attributes, and none for the one of a patch', () => {
    expect(actions(upsert('MfaState', 'MfaFactor'))).toBe(1);
    expect(actions(upsert('TemporalChangeVersion'))).toBe(0);
  });

  it('are none for a signal from another workflow, which is counted where it was sent', () => {
    const externalWorkflowExecution = { workflowId: 'another' };
    expect(actions({ workflowExecutionSignaledEventAttributes: { externalWorkflowExecution } })).toBe(0);
  });

  it('are none for memo, workflow tasks, and what ends a run', () => {
    expect(
      actions(
        { workflowPropertiesModifiedEventAttributes: {} },
        { workflowTaskScheduledEventAttributes: {} },
        { workflowTaskCompletedEventAttributes: {} },
        { activityTaskCompletedEventAttributes: {} },
        { workflowExecutionUpdateCompletedEventAttributes: {} },
        { workflowExecutionCompletedEventAttributes: {} },
      ),
    ).toBe(0);
  });
});

describe('figures of a recorded history', () => {
  it('hold its events, completed workflow tasks and its size', () => {
    const file = join(__dirname, '../histories/wrong-code.json');
    const history = historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
    const ofType = (type: temporal.api.enums.v1.EventType) =>
      (history.events ?? []).filter(({ eventType }) => eventType === type).length;
    const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = temporal.api.enums.v1.EventType;

    const figures = historyFigures(history);
    expect(figures.events).toBe(history.events?.length);
    expect(figures.workflowTasks).toBe(ofType(EVENT_TYPE_WORKFLOW_TASK_COMPLETED));
    expect(figures.bytes).toBe(History.encode(history).finish().byteLength);
    expect(figures.billableActions).toBeGreaterThan(2);
    expect(figures.billableActions).toBeLessThan(figures.events);
  });
});
