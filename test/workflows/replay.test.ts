import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

const folder = join(__dirname, '../histories');
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;

beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('../../src/workflows') });
}, 60_000);

test.each(histories)('the recorded history %s still replays', async (name) => {
  await Worker.runReplayHistory({ workflowBundle }, JSON.parse(textOf(name)));
});

test('a history that this code cannot have written is found out', async () => {
  const other = textOf('completed.json').replaceAll('"associate"', '"sendText"');
  await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(other))).rejects.toThrow(
    DeterminismViolationError,
  );
});
