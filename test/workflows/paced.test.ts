import { generateKeySync, randomUUID } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import { NativeConnection } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { paced } from '../../src/auth0/paced';
import { createTenantBudget } from '../../src/temporal/tenant-budget';
import { mfaEnrollment } from '../../src/workflows';
import { caseOf, inputFor, onStage, type Case } from './support';

const stops: (() => Promise<void>)[] = [];
// Said before the stage is, so that it happens before the stage goes.
afterAll(async () => {
  for (const stop of stops) await stop();
});
const stage = onStage('real', { maxCachedWorkflows: 100 });
const taskQueue = 'paced-enrollments';
const idKey = generateKeySync('hmac', { length: 256 });

/** A worker as production runs it, with a budget of its tenant's calls. */
async function startPacedWorker(calls: { callsPerSecond: number; callsBurst: number }): Promise<void> {
  const { tenant, client, environment, workflowBundle, startWorker } = stage();
  const { publicUrl, clientId, clientSecret } = tenant;
  const mfa = createMfaClient({ domain: tenant.domain, baseUrl: publicUrl, clientId, clientSecret });
  const pace = createTenantBudget({ client, taskQueue, idKey, tenant: tenant.domain, ...calls });
  const activities = createActivities({
    ...{ mfa: paced(mfa, pace), opaqueTokens: 'refuse', sendingLimits: noSendingLimits },
    cancelRun: async (workflowId, runId) => void (await client.workflow.getHandle(workflowId, runId).cancel()),
  });
  // One of its own for each: two workers of a task queue do not share a connection.
  const connection = await NativeConnection.connect({ address: environment.address });
  const stop = await startWorker({ connection, taskQueue, workflowBundle, activities });
  stops.push(async () => {
    await stop();
    await mfa.close();
    await connection.close();
  });
}

async function begin(): Promise<Case> {
  const { tenant, client } = stage();
  const userId = await tenant.newUser();
  const handle = await client.workflow.start(mfaEnrollment, {
    ...{ taskQueue, workflowId: `mfa-enrollment-${randomUUID()}` },
    args: [{ ...(await inputFor(tenant, userId)), options: { localFirst: true } }],
  });
  return caseOf(tenant, userId, handle);
}

test('more enrollments at once than the tenant takes calls for all complete, and Auth0 throttles hardly a call', async () => {
  const { tenant } = stage();
  await tenant.switches({ requestsPerSecond: 20, requestsBurst: 20 });
  await startPacedWorker({ callsPerSecond: 20, callsBurst: 15 });
  await startPacedWorker({ callsPerSecond: 20, callsBurst: 15 });
  const cases = await Promise.all(Array.from({ length: 30 }, begin));
  const ended = await Promise.all(cases.map((each) => each.finish()));
  expect(ended.map(({ state }) => state)).toEqual(cases.map(() => 'completed'));
  const requests = JSON.parse((await tenant.control('GET', '/requests')).text) as { status: number }[];
  expect(requests.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(3);
}, 240_000); // paced as it is, on a machine that others use too
