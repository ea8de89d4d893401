import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { Case } from './support';

export const historiesFolder = join(__dirname, '../histories');

/** The recorded runs that the replay test knows: one for each path through the workflow. */
export const historyNames = [
  'completed',
  'wrong-code',
  'resend',
  'number-changed',
  'renewal',
  'lost-associate',
  'lost-confirm',
  'partial',
  'expired',
  'cancelled',
  'failed',
  'continues-as-new',
  'continued-as-new',
] as const;
export type HistoryName = (typeof historyNames)[number];

/** With RECORD_HISTORIES set, every history is written anew; without it, nothing is. */
const isRecording = process.env['RECORD_HISTORIES'] !== undefined;

/** To be called by the one file that records: what an earlier recording left goes. */
export function recordHistories(): void {
  beforeAll(() => {
    if (!isRecording) return;
    rmSync(historiesFolder, { recursive: true, force: true });
    mkdirSync(historiesFolder);
  });
}

/** Makes what ran a fixture of the replay test. `runId`: of a run that another one has followed. */
export async function keep({ handle }: Case, name: HistoryName, runId?: string): Promise<void> {
  if (!isRecording) return;
  const history = await handle.client.getHandle(handle.workflowId, runId).fetchHistory();
  writeFileSync(join(historiesFolder, `${name}.json`), `${historyToJSON(history)}\n`);
}
