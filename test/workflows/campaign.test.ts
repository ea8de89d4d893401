import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createCampaignActivities, type CampaignDependencies, type Followed } from '../../src/activities/campaigns';
import type { CampaignSettings } from '../../src/enrollment/campaign';
import { mfaCampaign } from '../../src/workflows';
import { actOnCampaign, addCampaignUsers, campaignMemo } from '../../src/workflows/campaign';
import { campaignPageId, campaignReport } from '../../src/workflows/campaign-page';
import { testServerPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { keep, recordHistories } from './histories';

recordHistories();
const taskQueue = 'campaign-tests';
const settings: CampaignSettings = {
  ...{
    factors: ['otp'],
    perMinute: 600,
    maxOpen: 1_000,
    remindAfterSeconds: [3_600, 7_200],
    finishWithinSeconds: 86_400,
  },
  ...{ linkSeconds: 600, checkEverySeconds: 300 },
};
const facts = { campaignId: 'cmp_x', caller: 'ops-desk', publicUrl: 'https://mfa.example.com' };

/** The enrollments that the activities find, by user; kept over the death of an attempt, as Temporal keeps them. */
let states = new Map<string, Followed>();
let starts: string[] = [];
let links: string[] = [];
let start: CampaignDependencies['start'];
const dependencies: CampaignDependencies = {
  start: (of, user) => start(of, user),
  stateOf: (id) => Promise.resolve(states.get(id) ?? 'lost'),
  handOver: async (_of, { userId }, reminder) => void links.push(`${userId} ${reminder}`),
  caps: {},
};

let environment: TestWorkflowEnvironment;
let client: Client;
let worker: Worker;
let running: Promise<void>;

// A server of its own for each test: they move its time on.
beforeEach(async () => {
  logSdkToFile();
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServerPath() } },
  });
  client = new Client({ connection: environment.connection });
  worker = await Worker.create({
    connection: environment.nativeConnection,
    ...{ taskQueue, workflowBundle: await workflowBundle('plain'), activities: createCampaignActivities(dependencies) },
  });
  running = worker.run();
});

afterEach(async () => {
  worker.shutdown();
  await running;
  await environment.teardown();
});

beforeEach(() => {
  [states, starts, links] = [new Map<string, Followed>(), [], []];
  start = async (_of, { userId }) => {
    if (!states.has(userId)) {
      states.set(userId, 'awaiting_token');
      starts.push(userId);
    }
    return { type: 'started', enrollmentId: userId, state: states.get(userId) ?? 'lost' };
  };
});

/** A campaign with pages of these sizes, which was started. */
async function begun(sizes: readonly number[], more: Partial<CampaignSettings> = {}, messagesPerRun?: number) {
  const workflowId = `mfa-campaign-${randomUUID()}`;
  const userIds: string[] = [];
  await client.workflow.start(mfaCampaign, {
    ...{ workflowId, taskQueue, memo: { made: 'fingerprint' } },
    args: [{ facts, settings: { ...settings, ...more }, ...(messagesPerRun === undefined ? {} : { messagesPerRun }) }],
  });
  const handle = client.workflow.getHandle<typeof mfaCampaign>(workflowId);
  for (const [page, size] of sizes.entries()) {
    const users = Array.from({ length: size }, (_none, index) => ({ userId: `user ${page}-${index}` }));
    userIds.push(...users.map(({ userId }) => userId));
    const given = { args: [{ key: `page ${page}`, users }] as const };
    await handle.executeUpdate(addCampaignUsers, { args: [...given.args] });
    await handle.executeUpdate(addCampaignUsers, { args: [...given.args] }); // sent again, as after a lost answer
  }
  await handle.executeUpdate(actOnCampaign, { args: [{ action: 'start', users: userIds.length }] });
  const page = (index: number) => client.workflow.getHandle(campaignPageId(workflowId, index));
  return { handle, userIds, page };
}

/** Time goes on, until this is so. */
async function until(condition: () => boolean | Promise<boolean>, step = 10_000): Promise<void> {
  while (!(await condition())) {
    await environment.sleep(step);
    await sleep(5);
  }
}

test('starts each user once, hands over one link and then reminders, and counts what became of them', async () => {
  const { handle, userIds, page } = await begun([30, 12]);
  await until(() => links.length === 42);
  expect(starts.toSorted()).toEqual(userIds.toSorted());
  userIds.slice(0, 10).forEach((userId) => states.set(userId, 'completed'));
  await until(() => links.length === 42 + 32, 300_000);
  for (const userId of userIds.slice(10)) states.set(userId, 'expired');
  await until(async () => (await handle.describe()).status.name === 'COMPLETED', 300_000);
  expect(new Set(links).size).toBe(links.length);
  expect(links.filter((link) => link.endsWith(' 0'))).toHaveLength(42);
  expect((await handle.describe()).memo).toMatchObject({
    made: 'fingerprint',
    [campaignMemo]: { state: 'finished', users: 42, counts: { completed: 10, expired: 32 } },
  });
  const told = [...(await page(0).query(campaignReport)), ...(await page(1).query(campaignReport))];
  expect(told.map(({ userId }) => userId)).toEqual(userIds);
  expect(told[0]).toEqual({ userId: 'user 0-0', state: 'completed', enrollmentId: 'user 0-0', links: 1 });
  await keep({ handle }, 'campaign');
  await keep({ handle: page(0) }, 'campaign-page');
});

test('starts nobody twice when an attempt dies in the middle, and goes on over runs that continue as new', async () => {
  let calls = 0;
  const usual = start;
  start = async (of, user) => {
    const result = await usual(of, user);
    calls += 1;
    if (calls % 7 === 0) throw new Error('this process was killed'); // the enrollment is there, and nobody was told
    return result;
  };
  const { handle, userIds } = await begun([26, 26], { remindAfterSeconds: [] }, 4);
  await until(() => new Set(links).size === 52);
  expect(starts.toSorted()).toEqual(userIds.toSorted());
  for (const userId of userIds) states.set(userId, 'completed');
  await until(async () => (await handle.describe()).status.name === 'COMPLETED', 300_000);
  const { memo, raw } = await handle.describe();
  expect(memo).toMatchObject({ made: 'fingerprint', [campaignMemo]: { state: 'finished', counts: { completed: 52 } } });
  expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
});

test('starts and reminds nobody while it is paused, nor after its end', async () => {
  const { handle, page } = await begun([60], { perMinute: 12, remindAfterSeconds: [600] });
  await until(() => links.length > 3);
  await handle.executeUpdate(actOnCampaign, { args: [{ action: 'pause' }] });
  await environment.sleep(5_000);
  await sleep(200); // what was under way ends
  const before = links.length;
  await environment.sleep(3_600_000);
  expect(links).toHaveLength(before);
  await handle.executeUpdate(actOnCampaign, { args: [{ action: 'resume' }] });
  await until(() => links.some((link) => link.endsWith(' 1')));
  await handle.executeUpdate(actOnCampaign, { args: [{ action: 'cancel' }] });
  await until(async () => (await handle.describe()).status.name === 'COMPLETED');
  await until(async () => (await page(0).describe()).status.name === 'COMPLETED');
  await expect(handle.executeUpdate(actOnCampaign, { args: [{ action: 'resume' }] })).rejects.toThrow();
  expect((await page(0).query(campaignReport)).filter(({ state }) => state === 'waiting').length).toBeGreaterThan(0);
});

test('goes on without a user who cannot be started, and says why', async () => {
  const usual = start;
  start = (of, user) =>
    user.userId === 'user 0-1' ? Promise.resolve({ type: 'refused', why: 'enrollment_conflict' }) : usual(of, user);
  const { handle, page } = await begun([3]);
  await until(() => links.length === 2);
  for (const userId of states.keys()) states.set(userId, 'completed');
  await until(async () => (await handle.describe()).status.name === 'COMPLETED', 300_000);
  expect((await page(0).query(campaignReport))[1]).toEqual({
    ...{ userId: 'user 0-1', state: 'refused', links: 0, why: 'enrollment_conflict' },
  });
});
