import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { version } from '../../src/version';

export const historiesFolder = join(__dirname, '../histories');

/**
 * The recorded runs of one release, by the same names: `older` from before steps were performed inside workflow tasks (`undone`: from when
 * taking a factor back was one of them), then one folder for each released version. They are kept, and never recorded again.
 */
export const releaseFolder = (release: string): string => join(historiesFolder, release);

/** The recorded runs that the replay test knows: one for each path through the workflows. */
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
  'undone',
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
  'campaign',
  'campaign-page',
] as const;
export type HistoryName = (typeof historyNames)[number];

/**
 * As `npm run record-histories` sets it: with a history's name that one is written, with `release` every one into the folder of this version;
 * without it, nothing is.
 */
const recorded = process.env['RECORD_HISTORIES'];
const folder = recorded === 'release' ? releaseFolder(version) : historiesFolder;

/** To be called by each file that records. What is recorded under a name that went, the replay test finds. */
export function recordHistories(): void {
  beforeAll(() => {
    if (recorded !== undefined) mkdirSync(folder, { recursive: true });
  });
}

/** Makes what ran a fixture of the replay test. `runId`: of a run that another one has followed. */
export async function keep(
  { handle }: { readonly handle: Pick<WorkflowHandle, 'client' | 'workflowId'> },
  name: HistoryName,
  runId?: string,
): Promise<void> {
  if (recorded !== 'release' && recorded !== name) return;
  const history = await handle.client.getHandle(handle.workflowId, runId).fetchHistory();
  const start = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  if (start) start.workflowId ||= handle.workflowId; // the time-skipping server leaves it out
  writeFileSync(join(folder, `${name}.json`), `${historyToJSON(history)}\n`);
}
