import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { CampaignSettings } from '../../src/enrollment/campaign';
import { createCampaigns, type CampaignPage } from '../../src/temporal/campaigns';
import { sealedClientOptions } from '../../src/temporal/data-converter';
import { enrollmentIds } from '../../src/temporal/ids';
import { campaignMemo, campaignType } from '../../src/workflows/campaign';
import { temporalCliPath } from '../support/tools';

const taskQueue = 'campaign-lists';
const aes = () => createSecretKey(randomBytes(32));
const ids = enrollmentIds(createSecretKey(randomBytes(32)), []);
const settings: CampaignSettings = {
  ...{ factors: ['otp'], perMinute: 60, maxOpen: 100, remindAfterSeconds: [], finishWithinSeconds: 86_400 },
  ...{ linkSeconds: 600, checkEverySeconds: 300 },
};

let env: TestWorkflowEnvironment;
let client: Client;
beforeAll(async () => {
  env = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalCliPath() } },
  });
  const ring = { activeKeyId: 'k1', keys: new Map([['k1', aes()]]) };
  client = new Client({ connection: env.connection, ...sealedClientOptions(ring, 'default') });
});
afterAll(() => env?.teardown());

const campaignsOf = (by = client, queue = taskQueue) =>
  createCampaigns({ client: by, ids, taskQueue: queue, publicUrl: 'https://mfa.example.com' });

/** Temporal's lists are a moment behind. */
async function listed(count: number): Promise<CampaignPage> {
  for (;;) {
    const page = await campaignsOf().list({ limit: 100 });
    if (page.campaigns.length >= count) return page;
    await sleep(50); // the test's own time limit ends it
  }
}

test('campaigns are listed without a worker, page by page, and what others wrote is passed over', async () => {
  const made: string[] = [];
  for (let number = 0; number < 3; number += 1) {
    const one = await campaignsOf().create({ settings, caller: 'ops-desk', key: `campaign ${number}` });
    if (one !== 'reused') made.push(one.id);
  }
  // Written by somebody who holds no payload key, by one of another key, and on another task queue.
  const foreign = { taskQueue, workflowId: `mfa-campaign-${randomUUID()}`, args: [] };
  await new Client({ connection: env.connection }).workflow.start(campaignType, {
    ...foreign,
    memo: { [campaignMemo]: { state: 'running' } },
  });
  const otherRing = { activeKeyId: 'k2', keys: new Map([['k2', aes()]]) };
  const other = new Client({ connection: env.connection, ...sealedClientOptions(otherRing, 'default') });
  await campaignsOf(other).create({ settings, caller: 'ops-desk', key: 'sealed elsewhere' });
  await campaignsOf(client, 'another-queue').create({ settings, caller: 'ops-desk', key: 'another queue' });

  const all = await listed(3);
  expect(all.campaigns.map(({ id }) => id).toSorted()).toEqual(made.toSorted());
  expect(all.campaigns[0]).toMatchObject({ state: 'collecting', users: 0, settings });

  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page: CampaignPage = await campaignsOf().list({ limit: 1, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.campaigns.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(found.toSorted()).toEqual(made.toSorted());
});

test('a cursor of another list is refused before Temporal is asked', async () => {
  const { nextCursor = '' } = await campaignsOf().list({ limit: 1 });
  expect(nextCursor).not.toBe('');
  const forged = `${'x'.repeat(22)}.${nextCursor.split('.')[1] ?? ''}`;
  for (const [campaigns, cursor] of [
    [campaignsOf(), forged],
    [campaignsOf(client, 'another-queue'), nextCursor],
  ] as const) {
    await expect(campaigns.list({ limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_request',
      members: { errors: [{ field: 'cursor' }] },
    });
  }
});
