import { Connection } from '@temporalio/client';
import type { HistoryPlace } from './engine';
import { historyFigures, type HistoryFigures } from './history-figures';

/** So many are read: a history is the same for every enrollment that nothing disturbs. */
const sampled = 10;

/** Means over the newest completed runs since `since`; undefined when there is none yet. */
export async function newestHistories(place: HistoryPlace, since: Date): Promise<HistoryFigures | undefined> {
  const { address, namespace, taskQueue, workflowType } = place;
  const connection = await Connection.connect({ address });
  try {
    const { executions } = await connection.workflowService.listWorkflowExecutions({
      namespace,
      query: `TaskQueue = '${taskQueue}' AND WorkflowType = '${workflowType}' AND ExecutionStatus = 'Completed' AND StartTime > '${since.toISOString()}'`,
      pageSize: sampled,
    });
    const figures: HistoryFigures[] = [];
    for (const { execution } of executions) {
      if (!execution) continue;
      const { history } = await connection.workflowService.getWorkflowExecutionHistory({ namespace, execution });
      if (history) figures.push(historyFigures(history));
    }
    if (figures.length === 0) return undefined;
    const mean = (of: (one: HistoryFigures) => number) =>
      Math.round((figures.reduce((total, one) => total + of(one), 0) / figures.length) * 10) / 10;
    return {
      events: mean(({ events }) => events),
      workflowTasks: mean(({ workflowTasks }) => workflowTasks),
      billableActions: mean(({ billableActions }) => billableActions),
      bytes: Math.round(mean(({ bytes }) => bytes)),
    };
  } finally {
    await connection.close();
  }
}
