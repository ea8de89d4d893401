import { createHmac, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { Pace } from '../auth0/pace';
import { createPace, type PacingParts } from '../auth0/pacing';
import type { Lease, LeaseRequest } from '../enrollment/tenant-budget';
import { leaseCalls, pauseCalls, tenantBudgetType, type TenantBudgetInput } from '../workflows/tenant-budget';

export interface TenantBudgetParts extends Pick<PacingParts, 'warn' | 'random'> {
  readonly client: Client;
  readonly taskQueue: string;
  /** Keys the hash that the id of the budget is made of. */
  readonly idKey: KeyObject;
  /** The host of the Auth0 tenant: one budget for each. */
  readonly tenant: string;
  /** Calls that the tenant takes, of all processes together; absent: not known, and no budget is asked. */
  readonly callsPerSecond?: number;
  /** Calls at once; absent: those of one second, and at least 10. */
  readonly callsBurst?: number;
  readonly timing?: Partial<typeof defaultTiming>;
}

/** Milliseconds. */
const defaultTiming = {
  /** For one answer of the budget. Less than a second of the lease is lost when it comes at the last moment. */
  answerMs: 1_000,
};

/**
 * Paces the calls of this process to one Auth0 tenant, within a budget that all processes share: one run of `mfaTenantBudget`, kept
 * by Temporal itself, which lends each process a part of the tenant's rate for a few seconds. When it cannot be reached, calls go
 * on at a cautious share (`createLocalShare`).
 */
export function createTenantBudget(parts: TenantBudgetParts): Pace {
  const { client, taskQueue, callsPerSecond } = parts;
  const { answerMs } = { ...defaultTiming, ...parts.timing };
  const common = { ...(parts.warn && { warn: parts.warn }), ...(parts.random && { random: parts.random }) };
  if (callsPerSecond === undefined) return createPace(common);

  const workflowId = budgetId(parts.idKey, parts.tenant);
  const handle = () => client.workflow.getHandle(workflowId);
  const rate = { perSecond: callsPerSecond, burst: parts.callsBurst ?? Math.max(10, Math.ceil(callsPerSecond)) };
  return createPace({ ...common, limit: { rate, budget: { lease, paused } } });

  /** Asked before it is started, as a counter of texts is: a start that is refused has the server drop updates on their way. */
  async function lease(request: LeaseRequest): Promise<Lease> {
    const deadline = Date.now() + answerMs;
    for (;;) {
      try {
        return await client.withDeadline(deadline, () => handle().executeUpdate(leaseCalls, { args: [request] }));
      } catch (error) {
        if (Date.now() + 50 > deadline) throw error;
        if (error instanceof WorkflowNotFoundError) await client.withDeadline(deadline, begin);
        // Otherwise it may be going on as another run, which takes a moment.
        else await sleep(50);
      }
    }
  }

  async function begin(): Promise<void> {
    try {
      await client.workflow.start<(input: TenantBudgetInput) => Promise<void>>(tenantBudgetType, {
        workflowId,
        taskQueue,
        args: [{ known: 'nothing' }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: 'Divides the calls to the tenant',
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** A process that is not told meets a 429 of its own, and pauses then. */
  function paused(forMs: number): void {
    client.withDeadline(Date.now() + answerMs, () => handle().signal(pauseCalls, { forMs })).catch(() => undefined);
  }
}

/** 128 bits of a keyed hash: the same in all processes, and tells nobody which tenant it is. */
function budgetId(idKey: KeyObject, tenant: string): string {
  const hash = createHmac('sha256', idKey).update(JSON.stringify(['tenant-budget', tenant.toLowerCase()]));
  return `mfa-tenant-budget-${hash.digest().subarray(0, 16).toString('base64url')}`;
}
