import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { versioningBehaviors } from '../../src/workflows/versioning';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { historiesFolder, historyNames, releaseFolder } from './histories';

const textOf = (file: string): string => readFileSync(file, 'utf8');
const jsonIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.json'));
const recorded = historyNames.map((name) => join(historiesFolder, `${name}.json`));
const releases = readdirSync(historiesFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const released = releases.flatMap(({ name: release }) =>
  jsonIn(releaseFolder(release)).map((name) => join(releaseFolder(release), name)),
);
interface RecordedHistory {
  readonly events: readonly { readonly workflowExecutionStartedEventAttributes?: { readonly workflowId?: string } }[];
}
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

test.each([...recorded, ...released].map((file) => [nameOf(file), file] as const))(
  'the recorded history %s still replays',
  async (_name, file) => {
    const history = JSON.parse(textOf(file)) as RecordedHistory; // written by `keep`
    const { workflowId } = history.events[0]?.workflowExecutionStartedEventAttributes ?? {}; // what a run starts may be named after it
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
  },
);

test('no history lies about that is not replayed', () => {
  expect(jsonIn(historiesFolder).sort()).toEqual(historyNames.map((name) => `${name}.json`).sort());
  expect(releases.map(({ name }) => name)).toContain('older');
  expect(released.length).toBeGreaterThan(15);
});

test('a history that this code cannot have written is found out', async () => {
  const completed = textOf(join(releaseFolder('older'), 'completed.json'));
  const other = completed.replaceAll('"associate"', '"sendText"');
  await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(other))).rejects.toThrow(
    DeterminismViolationError,
  );
});

// docs/decisions/0027-worker-versioning.md
test('whatever goes along to a new version has a recorded history of a whole run', async () => {
  const goAlong = Object.entries(versioningBehaviors).flatMap(([type, behavior]) =>
    behavior === 'PINNED' ? [] : [type],
  );
  const typesOf = (file: string) => /"workflowType":\s*\{\s*"name":\s*"(\w+)"/.exec(textOf(file))?.[1];
  const types = new Set(recorded.map(typesOf));
  expect(goAlong.filter((type) => !types.has(type))).toEqual([]);
  expect(goAlong).toContain('mfaStoppedPrefixes');
});
