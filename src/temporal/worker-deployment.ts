import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { workflowType } from '../workflows/messages';

const { RoutingConfigUpdateState, TaskQueueType, WorkerDeploymentVersionStatus } = temporal.api.enums.v1;
const { PINNED_OVERRIDE_BEHAVIOR_PINNED } = temporal.api.workflow.v1.VersioningOverride.PinnedOverrideBehavior;

/** One version of the workers, as Temporal knows it. */
export interface DeployedVersion {
  readonly buildId: string;
  /**
   * `current`: every new enrollment goes there; `ramping`: a share of them does; `draining`: no new ones, and open ones are pinned to it; `drained`:
   * none are left, its workers may be stopped; `inactive`: it never had any.
   */
  readonly state: 'current' | 'ramping' | 'draining' | 'drained' | 'inactive';
  /** When it was first seen, and when Temporal last looked whether it is drained: epoch ms. */
  readonly createdAt: number;
  readonly checkedAt?: number;
  /** It was current once, or is now. */
  readonly wasCurrent: boolean;
  /** Processes that have asked for tasks within the last minute. */
  readonly workers: number;
  /** By Temporal's lists, which are a moment behind. */
  readonly openEnrollments: number;
}

export interface Deployment {
  readonly deploymentName: string;
  /** Build id; absent: workers without versioning take everything. */
  readonly current?: string;
  readonly ramping?: { readonly buildId: string; readonly percent: number };
  /** Newest first. */
  readonly versions: readonly DeployedVersion[];
  /** Workers without versioning, and the enrollments that no version has taken yet. */
  readonly unversioned: Pick<DeployedVersion, 'workers' | 'openEnrollments'>;
}

/**
 * `propagated`: every task queue and partition follows the change; false when half a minute was not enough for it, and a new enrollment may still go
 * where it went before. Temporal's own sentence says why it refused.
 */
export type Directed =
  { readonly type: 'done'; readonly propagated: boolean } | { readonly type: 'refused'; readonly reason: string };

export interface WorkerDeploymentParts {
  readonly connection: Pick<Connection, 'workflowService'>;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly deploymentName: string;
  /** Who directs, as Temporal notes it. */
  readonly identity: string;
}

export type WorkerDeployment = ReturnType<typeof createWorkerDeployment>;

/**
 * Which versions of the workers there are, and which one takes which enrollments (Temporal: Worker Versioning). Every method rejects when Temporal
 * does not answer, or lacks these calls: servers 1.30 and 1.32 have them. Those that direct enrollments wait until the change is propagated.
 */
export function createWorkerDeployment(parts: WorkerDeploymentParts) {
  const { namespace, taskQueue, deploymentName, identity } = parts;
  const { workflowService } = parts.connection;
  const on = { namespace, deploymentName, identity };
  const isOpen = `WorkflowType = '${workflowType}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  const isOn = (buildId: string) => `TemporalWorkerDeploymentVersion = '${deploymentName}:${buildId}'`;

  return {
    describe,

    /** From now on every new enrollment goes to this version, and what goes along does too; `undefined`: to workers without versioning. */
    setCurrent: (buildId: string | undefined): Promise<Directed> =>
      directed(workflowService.setWorkerDeploymentCurrentVersion({ ...on, buildId: buildId ?? '' })),

    /** From now on so many percent of the new enrollments go to this version, from 0 to 100. Which ones, their workflow ids decide. */
    ramp: (buildId: string, percent: number): Promise<Directed> =>
      directed(workflowService.setWorkerDeploymentRampingVersion({ ...on, buildId, percentage: percent })),

    /** Nothing more goes to the version that is ramping. What is pinned to it stays there. */
    endRamp: (): Promise<Directed> =>
      directed(workflowService.setWorkerDeploymentRampingVersion({ ...on, buildId: '', percentage: 0 })),

    movePinned,
  };

  /** `undefined`: no worker has ever polled as a version of this deployment. */
  async function describe(): Promise<Deployment | undefined> {
    const info = await workflowService
      .describeWorkerDeployment({ namespace, deploymentName })
      .then(({ workerDeploymentInfo }) => workerDeploymentInfo)
      .catch((error: unknown) => {
        if (codeOf(error) === notFound) return undefined;
        throw error;
      });
    if (!info) return undefined;
    const summaries = info.versionSummaries ?? [];
    const [workers, allOpen, ...open] = await Promise.all([
      workersByVersion(),
      count(isOpen),
      ...summaries.map(({ deploymentVersion }) => count(`${isOpen} AND ${isOn(deploymentVersion?.buildId ?? '')}`)),
    ]);
    const versions = summaries.map((summary, index): DeployedVersion => {
      const buildId = summary.deploymentVersion?.buildId ?? '';
      const checkedAt = milliseconds(summary.drainageInfo?.lastCheckedTime);
      return {
        buildId,
        state: stateOf(summary.status),
        createdAt: milliseconds(summary.createTime) ?? 0,
        ...(checkedAt === undefined ? {} : { checkedAt }),
        wasCurrent: Boolean(summary.lastCurrentTime ?? summary.currentSinceTime),
        workers: workers.get(buildId) ?? 0,
        openEnrollments: open[index] ?? 0,
      };
    });
    const { currentDeploymentVersion: current, rampingDeploymentVersion: ramping } = info.routingConfig ?? {};
    const percent = info.routingConfig?.rampingVersionPercentage ?? 0;
    return {
      deploymentName,
      ...(current?.buildId ? { current: current.buildId } : {}),
      ...(ramping?.buildId ? { ramping: { buildId: ramping.buildId, percent } } : {}),
      versions: versions.sort((one, other) => other.createdAt - one.createdAt),
      unversioned: {
        workers: workers.get(undefined) ?? 0,
        openEnrollments: Math.max(0, allOpen - open.reduce((sum, each) => sum + each, 0)),
      },
    };
  }

  /**
   * Pins every open run that is pinned to one version to another one, in passes, since Temporal's lists are a moment behind. The code of the other
   * version must be able to go on with their histories. Answers how many were moved, and how many are still where they were.
   */
  async function movePinned(from: string, to: string): Promise<{ readonly moved: number; readonly left: number }> {
    const query = `${isOn(from)} AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`;
    const moved = new Set<string>();
    for (let pass = 1; pass <= passes; pass += 1) {
      const { executions } = await workflowService.listWorkflowExecutions({ namespace, query, pageSize: 500 });
      const listed = (executions ?? []).flatMap(({ execution }) => (execution?.runId ? [execution] : []));
      if (listed.length === 0) return { moved: moved.size, left: 0 };
      const toMove = listed.filter(({ runId }) => !moved.has(runId ?? ''));
      while (toMove.length > 0) {
        await Promise.all(
          toMove.splice(0, atOnce).map(async (run) => void ((await pin(run, to)) && moved.add(run.runId ?? ''))),
        );
      }
      await sleep(250); // until the lists show what was moved
    }
    return { moved: moved.size, left: await count(query) };
  }

  /** False for a run that has closed meanwhile. */
  async function pin(run: temporal.api.common.v1.IWorkflowExecution, buildId: string): Promise<boolean> {
    const pinned = { behavior: PINNED_OVERRIDE_BEHAVIOR_PINNED, version: { deploymentName, buildId } };
    try {
      await workflowService.updateWorkflowExecutionOptions({
        namespace,
        workflowExecution: run,
        workflowExecutionOptions: { versioningOverride: { pinned } },
        updateMask: { paths: ['versioning_override'] },
      });
      return true;
    } catch (error) {
      if (codeOf(error) === notFound) return false;
      throw error;
    }
  }

  /**
   * Temporal answers a change of the routing before its task queues know of it (WorkerDeploymentInfo.routing_config_update_state): under load, seconds
   * before. Somebody who has rolled back a bad version must know when nothing new goes there.
   */
  async function directed(call: Promise<unknown>): Promise<Directed> {
    try {
      await call;
    } catch (error) {
      const refuses = [invalidArgument, notFound, resourceExhausted, failedPrecondition].includes(codeOf(error) ?? -1);
      if (refuses && isGrpcServiceError(error)) return { type: 'refused', reason: error.details };
      throw error;
    }
    for (const until = Date.now() + propagatedWithinMs; ;) {
      const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment({ namespace, deploymentName });
      const { ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS: inProgress } = RoutingConfigUpdateState;
      const propagated = workerDeploymentInfo?.routingConfigUpdateState !== inProgress;
      if (propagated || Date.now() >= until) return { type: 'done', propagated };
      await sleep(100);
    }
  }

  async function count(query: string): Promise<number> {
    const { count: found } = await workflowService.countWorkflowExecutions({ namespace, query });
    return Number(found);
  }

  /** By build id; `undefined`: without versioning. */
  async function workersByVersion(): Promise<ReadonlyMap<string | undefined, number>> {
    const { pollers } = await workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    });
    const seen = new Map<string | undefined, Set<string>>();
    for (const { identity: worker, lastAccessTime, deploymentOptions } of pollers ?? []) {
      if ((milliseconds(lastAccessTime) ?? 0) < Date.now() - polledWithinMs) continue;
      const isOurs = deploymentOptions?.deploymentName === deploymentName;
      const buildId = isOurs && deploymentOptions.buildId ? deploymentOptions.buildId : undefined;
      seen.set(buildId, (seen.get(buildId) ?? new Set()).add(worker ?? ''));
    }
    return new Map([...seen].map(([buildId, workers]) => [buildId, workers.size]));
  }
}

/** The newest version from before the current one that has been current: what to go back to. */
export function earlierVersion({ current, versions }: Deployment): DeployedVersion | undefined {
  const since = versions.find(({ buildId }) => buildId === current)?.createdAt ?? Infinity;
  return versions.find(({ createdAt, wasCurrent }) => wasCurrent && createdAt < since);
}

/** A worker asks anew at least once in this time, even when there is nothing for it. */
const polledWithinMs = 70_000;
const propagatedWithinMs = 30_000;
const passes = 40;
const atOnce = 20;

// gRPC's status codes.
const invalidArgument = 3;
const notFound = 5;
const resourceExhausted = 8; // also what Temporal says while it is busy with the change before
const failedPrecondition = 9;
const codeOf = (error: unknown): number | undefined => (isGrpcServiceError(error) ? Number(error.code) : undefined);

function stateOf(
  status: temporal.api.enums.v1.WorkerDeploymentVersionStatus | null | undefined,
): DeployedVersion['state'] {
  switch (status) {
    case WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT:
      return 'current';
    case WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING:
      return 'ramping';
    case WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING:
      return 'draining';
    case WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED:
      return 'drained';
    default:
      return 'inactive';
  }
}

const milliseconds = (
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined,
): number | undefined => (time ? Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6 : undefined);
