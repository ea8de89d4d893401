import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

export const historiesFolder = join(__dirname, '../histories');

/** Runs from before steps were performed inside workflow tasks, by the same names: they are kept, and never recorded again. */
export const olderHistoriesFolder = join(historiesFolder, 'older');

/** The recorded runs that the replay test knows: one for each path through the workflow. */
export const historyNames = [
  'completed',
  'wrong-code',
  'resend',
  'number-changed',
  'two-hands',
  'account-holder',
  'renewal',
  'lost-associate',
  'lost-confirm',
  'partial',
  'expired',
  'cancelled',
  'failed',
  'continues-as-new',
  'continued-as-new',
  'number-limit',
  'sending-limit',
  'stopped-prefixes',
  'tenant-budget',
  'slow-first-task',
  'with-webhooks',
  'webhook-delivery',
  'webhook-endpoints',
] as const;
export type HistoryName = (typeof historyNames)[number];

/** With RECORD_HISTORIES=1 every history is written anew, with a history's name that one alone; without it, nothing is. */
const recorded = process.env['RECORD_HISTORIES'];

/** To be called by each file that records. What is recorded under a name that went, the replay test finds. */
export function recordHistories(): void {
  beforeAll(() => {
    if (recorded === '1') mkdirSync(historiesFolder, { recursive: true });
  });
}

/** Makes what ran a fixture of the replay test. `runId`: of a run that another one has followed. */
export async function keep(
  { handle }: { readonly handle: Pick<WorkflowHandle, 'client' | 'workflowId'> },
  name: HistoryName,
  runId?: string,
): Promise<void> {
  if (recorded !== '1' && recorded !== name) return;
  const history = await handle.client.getHandle(handle.workflowId, runId).fetchHistory();
  writeFileSync(join(historiesFolder, `${name}.json`), `${historyToJSON(history)}\n`);
}
