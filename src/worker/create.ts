import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import {
  Worker,
  type ActivityInterceptorsFactory,
  type NativeConnection,
  type WorkerDeploymentOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities } from '../activities';
import type { ActivityObserver } from '../activities/observer';
import { createCampaignActivities, type CampaignDependencies } from '../activities/campaigns';
import type { SendingLimits } from '../activities/sending-limits';
import { createWebhookActivities, type WebhookDependencies } from '../activities/webhooks';
import type { MfaClient } from '../auth0/mfa';
import type { PayloadConfig } from '../config';
import type { WorkerVersion } from '../config/versioning';
import { defined } from '../enrollment/defined';
import type { OpaqueTokens } from '../enrollment/token-owner';
import { identity } from '../temporal/connection';
import { bundleFiles, workflowBundleOptions, type BundleKind } from './bundle';
import { createWorkerDataConverter } from '../temporal/data-converter';
import type { ObserveUnreadable } from '../temporal/payload-codec';

export interface WorkerParts {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly mfa: MfaClient;
  readonly opaqueTokens: OpaqueTokens;
  readonly sendingLimits: SendingLimits;
  readonly webhooks: WebhookDependencies;
  readonly campaigns: CampaignDependencies;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly payload: PayloadConfig;
  /** Hear of what activities do, and of payloads that do not open; nobody does when absent. */
  readonly observer?: ActivityObserver;
  readonly observeUnreadable?: ObserveUnreadable;
  /** What activities pass through, in this order. */
  readonly activityInterceptors?: ActivityInterceptorsFactory[];
  /** Absent: the worker takes every task of the queue, whatever version has begun the run. */
  readonly version?: WorkerVersion;
}

/** Longer than the Auth0 client's own deadline of 10 seconds: a call under way ends and is recorded. */
export const shutdownGraceMs = 15_000;

/**
 * Runs kept in memory. Each holds about 0.35 MB, and most of them wait for a person: without a bound, 10,000 of them would take 3.5 GB. One
 * that is not kept is replayed from some thirty events when its person acts, which costs about 15 ms of CPU. More than twice the 40 workflow
 * tasks that are performed at once, so none is dropped with a local activity under way. Figures: docs/performance.md, "Many who wait".
 */
const maxCachedWorkflows = 100;

/**
 * A task that meets no open poll is written to the server's database first, and read from there. With 5 polls and twenty people at once that
 * befell 1.4 of an enrollment's tasks, with 16 it befalls 0.4: a tenth of the throughput.
 */
const workflowTaskPollers = 16;

/** A worker of the task queue: our workflow, our activities, encrypted payloads. */
export function createWorker(parts: WorkerParts): Promise<Worker> {
  const source = workflowSource(parts.version === undefined ? 'unversioned' : 'versioned');
  return Worker.create({
    connection: parts.connection,
    namespace: parts.namespace,
    taskQueue: parts.taskQueue,
    identity: identity('mfa-worker'),
    ...source,
    interceptors: { ...source.interceptors, ...defined({ activity: parts.activityInterceptors }) },
    ...(parts.version === undefined ? {} : { workerDeploymentOptions: deploymentOptions(parts.version) }),
    activities: {
      ...createActivities({
        mfa: parts.mfa,
        opaqueTokens: parts.opaqueTokens,
        sendingLimits: parts.sendingLimits,
        ...defined({ observer: parts.observer }),
        cancelRun: async (workflowId, runId) => {
          await parts.client.workflow.getHandle(workflowId, runId).cancel();
        },
      }),
      ...createWebhookActivities({ ...parts.webhooks, ...defined({ observer: parts.observer }) }),
      ...createCampaignActivities(parts.campaigns),
    },
    dataConverter: createWorkerDataConverter(parts.payload, parts.observeUnreadable),
    shutdownGraceTime: shutdownGraceMs,
    maxCachedWorkflows,
    // How long a case may hang when a worker dies without a word: its cached runs wait this long for another.
    stickyQueueScheduleToStartTimeout: '3s',
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: workflowTaskPollers },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
  });
}

/** What a workflow does that says nothing of it (src/workflows/versioning.ts has them all): it stays with the version that it began on. */
export const deploymentOptions = (version: WorkerVersion): WorkerDeploymentOptions => ({
  version,
  useWorkerVersioning: true,
  defaultVersioningBehavior: 'PINNED',
});

/** The bundle that `npm run build` has put beside the compiled code; from sources, one is made at start. */
function workflowSource(
  kind: BundleKind,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'interceptors'> {
  const prebuilt = join(__dirname, '../..', bundleFiles[kind]);
  if (existsSync(prebuilt)) return { workflowBundle: { codePath: prebuilt } };
  const { workflowsPath, preloadModules, workflowInterceptorModules } = workflowBundleOptions(kind); // the converters are the data converter's
  return {
    workflowsPath,
    bundlerOptions: { preloadModules },
    interceptors: { workflowModules: workflowInterceptorModules },
  };
}
