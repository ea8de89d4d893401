import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { historiesFolder, historyNames, olderHistoriesFolder } from './histories';

const textOf = (file: string): string => readFileSync(file, 'utf8');
const jsonIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.json'));
const recorded = historyNames.map((name) => join(historiesFolder, `${name}.json`));
const older = jsonIn(olderHistoriesFolder).map((name) => join(olderHistoriesFolder, name));
const nameOf = (file: string): string => relative(historiesFolder, file);
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  logSdkToFile();
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../src/workflows'),
    workflowInterceptorModules: [require.resolve('../../src/workflows/trace-context')],
    logger: new DefaultLogger('ERROR'),
  });
});

test.each([...recorded, ...older].map((file) => [nameOf(file), file] as const))(
  'the recorded history %s still replays',
  async (_name, file) => {
    await Worker.runReplayHistory({ workflowBundle }, JSON.parse(textOf(file)));
  },
);

test('no history lies about that is not replayed', () => {
  expect(jsonIn(historiesFolder).sort()).toEqual(historyNames.map((name) => `${name}.json`).sort());
  expect(older.length).toBeGreaterThan(15);
});

test('a history that this code cannot have written is found out', async () => {
  const completed = textOf(join(olderHistoriesFolder, 'completed.json'));
  const other = completed.replaceAll('"associate"', '"sendText"');
  await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(other))).rejects.toThrow(
    DeterminismViolationError,
  );
});
