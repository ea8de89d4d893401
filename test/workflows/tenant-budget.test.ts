import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { LeaseRequest } from '../../src/enrollment/tenant-budget';
import { mfaTenantBudget } from '../../src/workflows';
import { leaseCalls, pauseCalls } from '../../src/workflows/tenant-budget';
import { keep, recordHistories } from './histories';
import { onStage, refusal } from './support';

const stage = onStage('timeSkipping', { maxCachedWorkflows: 100 });
recordHistories();

const request = (id: string, interactive: number): LeaseRequest => ({
  ...{ id, rate: { perSecond: 1, burst: 10 }, left: 0 },
  ...{ waiting: { interactive, background: 0 }, wants: { interactive, background: 0 } },
});

test('a budget lends what there is, refuses what is no request, and ends when nobody has asked for a day', async () => {
  const handle = await stage().client.workflow.start(mfaTenantBudget, {
    ...{ taskQueue: 'workflow-tests', workflowId: `mfa-tenant-budget-${randomUUID()}` },
    args: [{ known: 'nothing' }],
  });
  const atOnce = async (id: string, wanted: number): Promise<number> =>
    (await handle.executeUpdate(leaseCalls, { args: [request(id, wanted)] })).atOnce.interactive;
  const later = (hours: number) => stage().environment.sleep(hours * 3_600_000);

  expect([await atOnce('a', 8), await atOnce('b', 8)]).toEqual([8, expect.any(Number)]);
  await expect(handle.executeUpdate('lease', { args: [{ id: 'c' }] })).rejects.toMatchObject(refusal('malformed'));
  await later(23);
  expect(await atOnce('a', 20)).toBe(10);
  await handle.signal('paused', 'for a while'); // is no pause
  await handle.signal(pauseCalls, { forMs: 5_000 });
  expect(await atOnce('a', 20)).toBe(0);
  await later(23);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await later(2);
  await handle.result();
  await keep({ handle }, 'tenant-budget');
});

test('a budget that is started with something else fails', async () => {
  const handle = await stage().client.workflow.start('mfaTenantBudget', {
    ...{ taskQueue: 'workflow-tests', workflowId: `mfa-tenant-budget-${randomUUID()}` },
    args: [{ known: { level: 5 } }],
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
});
