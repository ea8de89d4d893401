import { metricMeter } from '@temporalio/workflow';
import { workflowMetrics, type RestOver } from '../enrollment/metrics';

// The meter of the SDK: what is counted during a replay was counted before, and is passed over. It makes no command and no event.

/** One more of what `workflowMetrics` names. */
export function count(
  metric: Exclude<keyof typeof workflowMetrics, 'wait'>,
  labels: Readonly<Record<string, string>> = {},
): void {
  const { name, unit, description } = workflowMetrics[metric];
  metricMeter.createCounter(name, unit, description).add(1, { ...labels });
}

/** A wait that is over. */
export function recordWait({ seconds, ...labels }: RestOver): void {
  const { name, unit, description } = workflowMetrics.wait;
  metricMeter.createHistogram(name, 'float', unit, description).record(seconds, { ...labels });
}
