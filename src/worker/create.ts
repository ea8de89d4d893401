import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities';
import { createCampaignActivities, type CampaignDependencies } from '../activities/campaigns';
import type { SendingLimits } from '../activities/sending-limits';
import { createWebhookActivities, type WebhookDependencies } from '../activities/webhooks';
import type { MfaClient } from '../auth0/mfa';
import type { PayloadConfig } from '../config';
import type { OpaqueTokens } from '../enrollment/token-owner';
import { identity } from '../temporal/connection';
import { workflowBundleOptions } from './bundle';
import { createWorkerDataConverter } from '../temporal/data-converter';

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
}

/** Longer than the Auth0 client's own deadline of 10 seconds: a call under way ends and is recorded. */
export const shutdownGraceMs = 15_000;

/**
 * Runs kept in memory. Each holds about 0.3 MB, and most of them wait for a person: without a bound, 10,000 of them would take 3 GB. One
 * that is not kept is replayed from some thirty events when its person acts, which costs about 15 ms of CPU. Far more than the 40 workflow
 * tasks that are performed at once, so none is dropped with a local activity under way.
 */
const maxCachedWorkflows = 250;

/** A worker of the task queue: our workflow, our activities, encrypted payloads. */
export const createWorker = (parts: WorkerParts): Promise<Worker> =>
  Worker.create({
    connection: parts.connection,
    namespace: parts.namespace,
    taskQueue: parts.taskQueue,
    identity: identity('mfa-worker'),
    ...workflowSource(),
    activities: {
      ...createActivities({
        mfa: parts.mfa,
        opaqueTokens: parts.opaqueTokens,
        sendingLimits: parts.sendingLimits,
        cancelRun: async (workflowId, runId) => {
          await parts.client.workflow.getHandle(workflowId, runId).cancel();
        },
      }),
      ...createWebhookActivities(parts.webhooks),
      ...createCampaignActivities(parts.campaigns),
    },
    dataConverter: createWorkerDataConverter(parts.payload),
    shutdownGraceTime: shutdownGraceMs,
    maxCachedWorkflows,
    // How long a case may hang when a worker dies without a word: its cached runs wait this long for another.
    stickyQueueScheduleToStartTimeout: '3s',
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
  });

/** Where `npm run build` puts the workflow bundle: beside the compiled code. */
const prebuiltBundle = join(__dirname, '../../workflow-bundle.js');

/** The bundle that the build left; from sources, one is made at start. */
function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions'> {
  if (existsSync(prebuiltBundle)) return { workflowBundle: { codePath: prebuiltBundle } };
  const { workflowsPath, preloadModules } = workflowBundleOptions(); // the converters are the data converter's
  return { workflowsPath, bundlerOptions: { preloadModules } };
}
