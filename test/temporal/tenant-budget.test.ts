import { createSecretKey, generateKeySync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Auth0Error } from '../../src/auth0/errors';
import type { MfaClient } from '../../src/auth0/mfa';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { withPriority, type Pace } from '../../src/auth0/pace';
import { paced } from '../../src/auth0/paced';
import type { LeaseRequest, Priority } from '../../src/enrollment/tenant-budget';
import { createWorkerDataConverter, sealedClientOptions } from '../../src/temporal/data-converter';
import { createTenantBudget } from '../../src/temporal/tenant-budget';
import { mfaTenantBudget } from '../../src/workflows';
import { leaseCalls, pauseCalls, tenantBudgetType } from '../../src/workflows/tenant-budget';
import { startTenant, type Tenant } from '../emulator/tenant';
import { mostBeyond } from '../support/call-times';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from './support/sdk-log';

const taskQueue = 'tenant-budget';
const keyRing = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
const newKey = (): KeyObject => generateKeySync('hmac', { length: 256 });

let env: TestWorkflowEnvironment;
let client: Client;
/** Somebody who can write to Temporal and holds no payload key. */
let stranger: Client;
let tenant: Tenant;
let mfa: ReturnType<typeof createMfaClient>;
/** Of several users: what one alone is refused is nobody else's limit. */
let tokens: readonly string[];
let stopWorker: () => Promise<void>;
let startWorker: () => Promise<void>;

beforeAll(async () => {
  logSdkToFile();
  const [environment, bundle, started] = await Promise.all([
    TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: temporalCliPath() } } }),
    workflowBundle('sealed'),
    startTenant(),
  ]);
  [env, tenant] = [environment, started];
  client = new Client({ connection: env.connection, ...sealedClientOptions(keyRing, 'default') });
  stranger = new Client({ connection: env.connection });
  startWorker = async () => {
    const worker = await Worker.create({
      ...{ connection: env.nativeConnection, taskQueue, workflowBundle: bundle },
      dataConverter: createWorkerDataConverter(keyRing),
    });
    const running = worker.run();
    stopWorker = () => (worker.shutdown(), running);
  };
  await startWorker();
  const { publicUrl, clientId, clientSecret } = tenant;
  mfa = createMfaClient({ domain: tenant.domain, baseUrl: publicUrl, clientId, clientSecret });
  const users = await Promise.all(Array.from({ length: 6 }, () => tenant.newUser()));
  tokens = await Promise.all(users.map((user) => tenant.token(user)));
});
afterEach(async () => {
  await tenant.switches({ requestsPerSecond: 0 });
  await tenant.advance(2); // its bucket is full again
});
afterAll(async () => {
  await stopWorker();
  await env.teardown();
  await mfa.close();
  await tenant.close();
});

/** What one worker process has. All with the same key share one budget. */
const process = (idKey: KeyObject, more: { callsPerSecond?: number; callsBurst?: number } = {}) =>
  createTenantBudget({ client, taskQueue, idKey, tenant: tenant.domain, ...more });

interface Seen {
  readonly sentAt: number[];
  /** Milliseconds from when a call was wanted to when it was sent. */
  readonly waited: Record<Priority, number[]>;
  readonly answered: Record<Priority, number>;
  /** Not sent, for there was no turn for them in time. */
  readonly refused: Record<Priority, number>;
  /** Auth0's 429. */
  tooMany: number;
}

/**
 * Two processes want so many calls in all, spread evenly over as many seconds: a fifth for persons, the rest in the background.
 * What is refused is not tried again, so that there is the same to do in each run.
 */
async function load(paces: readonly [Pace | undefined, Pace | undefined], perSecond: number, seconds: number) {
  const seen: Seen = {
    sentAt: [],
    waited: { interactive: [], background: [] },
    answered: { interactive: 0, background: 0 },
    refused: { interactive: 0, background: 0 },
    tooMany: 0,
  };
  const watched: MfaClient = {
    ...mfa,
    listAuthenticators: (...call) => (seen.sentAt.push(performance.now()), mfa.listAuthenticators(...call)),
  };
  const clients = paces.map((pace) => (pace === undefined ? watched : paced(watched, pace)));
  const one = async (priority: Priority, through: MfaClient | undefined, token: string): Promise<void> => {
    const from = performance.now();
    try {
      await withPriority(priority, () => through?.listAuthenticators(token));
      seen.answered[priority] += 1;
      seen.waited[priority].push(performance.now() - from);
    } catch (error) {
      if (!(error instanceof Auth0Error) || error.verdict !== 'throttled') throw error;
      if (error.status === 429) seen.tooMany += 1;
      else seen.refused[priority] += 1;
    }
  };
  const begun = performance.now();
  const calls: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const pauseMs = begun + (index * 1000) / perSecond - performance.now();
    if (pauseMs > 0) await sleep(pauseMs);
    const token = tokens[Math.floor(index / 2) % tokens.length] ?? '';
    calls.push(one(index % 5 === 0 ? 'interactive' : 'background', clients[index % 2], token));
  }
  await Promise.all(calls);
  return seen;
}
const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Infinity;

describe('two worker processes that want three times what the tenant takes', () => {
  /** The emulated tenant's own limit. Its burst is a little above ours: calls are on their way for a while. */
  const limit = { requestsPerSecond: 20, requestsBurst: 20 };
  const ours = { callsPerSecond: 20, callsBurst: 15 };

  test('without a budget and without a reaction: a storm of 429', async () => {
    await tenant.switches(limit);
    const seen = await load([undefined, undefined], 60, 5);
    expect(seen.tooMany).toBeGreaterThan(100);
  });

  test('stay within it together, persons wait shortly, and the background goes on', async () => {
    await tenant.switches(limit);
    const idKey = newKey();
    const seen = await load([process(idKey, ours), process(idKey, ours)], 60, 8);
    // An answer of the budget is on its way for a moment: so many more may come in meanwhile.
    const onTheWay = 0.2 * ours.callsPerSecond;
    expect(mostBeyond(seen.sentAt, { perSecond: ours.callsPerSecond })).toBeLessThanOrEqual(ours.callsBurst + onTheWay);
    expect(seen.tooMany).toBeLessThanOrEqual(3);
    expect(seen.refused.interactive).toBeLessThan(0.1 * seen.answered.interactive);
    expect(median(seen.waited.interactive)).toBeLessThan(500);
    expect(seen.answered.background).toBeGreaterThan(20);
    expect(seen.refused.background).toBeGreaterThan(seen.answered.background);
  });

  test('without a budget, the reaction to a 429 alone ends the storm', async () => {
    await tenant.switches(limit);
    const seen = await load([process(newKey()), process(newKey())], 60, 8);
    // Some 300 of 480 without it. It takes effect when half of the calls of the last seconds were refused.
    expect(seen.tooMany).toBeLessThan(180);
    expect(seen.answered.interactive + seen.answered.background).toBeGreaterThan(40);
  });
});

describe('a budget', () => {
  const request = (id: string): LeaseRequest => ({
    ...{ id, rate: { perSecond: 10, burst: 20 }, left: 0 },
    ...{ waiting: { interactive: 1, background: 0 }, wants: { interactive: 1, background: 0 } },
  });
  const begin = () =>
    client.workflow.start(mfaTenantBudget, {
      ...{ taskQueue, workflowId: `mfa-tenant-budget-${randomUUID()}` },
      args: [{ known: 'nothing' }],
    });

  test('shows nothing of the tenant: not in its id, and its payloads are sealed', async () => {
    const admission = await process(newKey(), { callsPerSecond: 5 }).admit({ priority: 'interactive', waitMs: 10_000 });
    expect(admission.type).toBe('admitted');
    const ids: string[] = [];
    while (ids.length === 0) {
      // Visibility lags behind; the test's own time limit ends it.
      for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = '${tenantBudgetType}'` })) {
        if (/^mfa-tenant-budget-[A-Za-z0-9_-]{22}$/.test(workflowId)) ids.push(workflowId);
      }
    }
    for (const id of ids) {
      const history = JSON.stringify(historyToJSON(await stranger.workflow.getHandle(id).fetchHistory()));
      expect(history).not.toMatch(/perSecond|interactive/);
      expect(Buffer.from(history, 'base64').toString()).not.toMatch(/perSecond|interactive/);
    }
  });

  test('does not take what was not sealed: no lease, no pause, no start', async () => {
    const { workflowId } = await begin();
    const handle = stranger.workflow.getHandle(workflowId);
    await expect(handle.executeUpdate('lease', { args: [request('a')] })).rejects.toThrow();
    await handle.signal('paused', { forMs: 30_000 });
    const lease = await client.workflow.getHandle(workflowId).executeUpdate(leaseCalls, { args: [request('a')] });
    expect(lease).toMatchObject({ atOnce: { interactive: 1, background: 0 } });
    expect(lease.pausedMs).toBeUndefined();
    const started = await stranger.workflow.start(tenantBudgetType, {
      ...{ taskQueue, workflowId: `mfa-tenant-budget-${randomUUID()}` },
      args: [{ known: 'nothing' }],
    });
    const ended = client.workflow.getHandle(started.workflowId).result();
    await expect(ended).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  test('has all processes wait for what one of them was told', async () => {
    const idKey = newKey();
    const rate = { callsPerSecond: 10 };
    const [met, other] = [process(idKey, rate), process(idKey, rate)];
    const first = await met.admit({ priority: 'interactive', waitMs: 10_000 });
    if (first.type !== 'admitted') throw new Error('expected the first call to be let through');
    first.throttled(60_000);
    // The signal arrives soon. Bounded, since a call that is let through never throws: without it the process of the tests would not end.
    let next = await other.admit({ priority: 'interactive', waitMs: 3_000 });
    for (const givenUpAt = Date.now() + 30_000; next.type === 'admitted' && Date.now() < givenUpAt; await sleep(50)) {
      next.ended();
      next = await other.admit({ priority: 'interactive', waitMs: 3_000 });
    }
    expect(next).toMatchObject({ type: 'refused' });
    expect(next.type === 'refused' && next.retryAfterMs).toBeGreaterThan(30_000);
  });

  test('goes on as a new run before its history is long, and forgets neither leases nor a pause', async () => {
    const started = await begin();
    const handle = client.workflow.getHandle<typeof mfaTenantBudget>(started.workflowId);
    await handle.executeUpdate(leaseCalls, { args: [request('the-first')] });
    await handle.signal(pauseCalls, { forMs: 60_000 });
    for (let batch = 0; batch < 100; batch += 1) {
      const asks = Array.from({ length: 5 }, (_, index) =>
        handle.executeUpdate(leaseCalls, { args: [request(`p${index}`)] }).catch(() => undefined),
      );
      await Promise.all(asks);
    }
    while ((await handle.describe()).runId === started.firstExecutionRunId) await sleep(50);
    const lease = await handle.executeUpdate(leaseCalls, { args: [request('a')] });
    expect(lease.pausedMs).toBeGreaterThan(0);
    await handle.terminate();
  });

  test('that no worker keeps stops no call: a cautious share holds', async () => {
    const idKey = newKey();
    await stopWorker();
    const pace = process(idKey, { callsPerSecond: 40 });
    const admissions = await Promise.all(
      Array.from({ length: 5 }, () => pace.admit({ priority: 'interactive', waitMs: 20_000 })),
    );
    expect(admissions.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => 'admitted'));
    await startWorker();
  });
});
