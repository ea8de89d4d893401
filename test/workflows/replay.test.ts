import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { historiesFolder, historyNames, type HistoryName } from './histories';

const textOf = (name: HistoryName): string => readFileSync(join(historiesFolder, `${name}.json`), 'utf8');
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  logSdkToFile();
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../src/workflows'),
    logger: new DefaultLogger('ERROR'),
  });
});

test.each(historyNames)('the recorded history %s still replays', async (name) => {
  await Worker.runReplayHistory({ workflowBundle }, JSON.parse(textOf(name)));
});

test('no history lies about that is not replayed', () => {
  expect(readdirSync(historiesFolder).sort()).toEqual(historyNames.map((name) => `${name}.json`).sort());
});

test('a history that this code cannot have written is found out', async () => {
  const other = textOf('completed').replaceAll('"associate"', '"sendText"');
  await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(other))).rejects.toThrow(
    DeterminismViolationError,
  );
});
