import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { z } from 'zod';
import { createActivities, withAhead } from '../../src/activities';
import { noSendingLimits } from '../../src/activities/sending-limits';
import { createMfaClient } from '../../src/auth0/mfa-client';
import { deploymentOptions } from '../../src/worker/create';
import { mfaEnrollment, mfaStoppedPrefixes } from '../../src/workflows';
import { awaitChallenge } from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { stopPrefix, stoppedPrefixesId } from '../../src/workflows/stopped-prefixes';
import { mfa } from '../cli/support';
import { startTenant, type Tenant } from '../emulator/tenant';
import { temporalCliPath } from '../support/tools';
import { workflowBundle } from '../support/workflow-bundle';
import { logSdkToFile } from '../temporal/support/sdk-log';
import { caseOf, inputFor, type Case } from '../workflows/support';

const deploymentName = 'mfa-enrollment';
const taskQueue = 'mfa-enrollment';
const [older, newer] = ['0.1.0-0000aaaa', '0.2.0-0000bbbb'];

let environment: TestWorkflowEnvironment;
let tenant: Tenant;
let client: Client;
let bundles: Readonly<Record<string, WorkflowBundle>>;
/** Without a build id: a worker without versioning. Answers how to stop it. */
let startWorker: (buildId?: string) => Promise<() => Promise<void>>;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  logSdkToFile();
  // How long Temporal waits before it looks whether a version is drained, and looks again: minutes, by default.
  const soon = ['VisibilityGracePeriod', 'RefreshInterval'].flatMap((name) => [
    '--dynamic-config-value',
    `matching.wv.VersionDrainageStatus${name}="1s"`,
  ]);
  [environment, tenant] = await Promise.all([
    TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: temporalCliPath() },
        searchAttributes: Object.values(searchAttributes),
        extraArgs: soon,
      },
    }),
    startTenant(),
  ]);
  closers.push(
    () => tenant.close(),
    () => environment.teardown(),
  );
  client = new Client({ connection: environment.connection });
  const { publicUrl, clientId, clientSecret } = tenant;
  const calls = createMfaClient({ domain: new URL(publicUrl).host, baseUrl: publicUrl, clientId, clientSecret });
  closers.push(() => calls.close());
  const activities = withAhead(
    createActivities({
      mfa: calls,
      opaqueTokens: 'refuse',
      sendingLimits: noSendingLimits,
      cancelRun: async (workflowId, runId) => void (await client.workflow.getHandle(workflowId, runId).cancel()),
    }),
  );
  const logger = new DefaultLogger('ERROR');
  bundles = {
    [older]: await bundleWorkflowCode({ workflowsPath: require.resolve('./older-release'), logger }),
    [newer]: await bundleWorkflowCode({ workflowsPath: require.resolve('../../src/workflows/versioned'), logger }),
  };
  const unversioned = await workflowBundle('plain');
  startWorker = async (buildId) => {
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      ...{ taskQueue, activities, maxCachedWorkflows: 10 },
      workflowBundle: (buildId === undefined ? undefined : bundles[buildId]) ?? unversioned,
      ...(buildId === undefined ? {} : { workerDeploymentOptions: deploymentOptions({ deploymentName, buildId }) }),
    });
    const running = worker.run();
    const stop = async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    };
    closers.push(stop);
    return stop;
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const env = () => ({
  TEMPORAL_ADDRESS: environment.address,
  TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
});

/** `mfa rollout …`, as an operator types it; `expected`: its exit code. */
async function rollout(args: readonly string[], expected = 0): Promise<unknown> {
  const { exitCode, stdout, stderr } = await mfa(['rollout', ...args, '--json'], { env: env() });
  expect([args, exitCode, exitCode === expected ? '' : stderr]).toEqual([args, expected, '']);
  return JSON.parse(stdout);
}

/** Enrollments of new users, each at its first challenge. */
const begin = (count: number): Promise<readonly Case[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const userId = await tenant.newUser();
      const handle = await client.workflow.start(mfaEnrollment, {
        ...{ taskQueue, workflowId: `mfa-enrollment-${randomUUID()}` },
        args: [{ ...(await inputFor(tenant, userId)), options: { localFirst: true } }],
      });
      await handle.executeUpdate(awaitChallenge);
      return caseOf(tenant, userId, handle);
    }),
  );

/** The build ids of the workers that have performed its tasks, in order, each once. */
async function versionsOf({ handle }: Pick<Case, 'handle'> | { readonly handle: Case['handle'] }): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  const ids = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
    done?.deploymentVersion?.buildId ? [done.deploymentVersion.buildId] : [],
  );
  return [...new Set(ids)];
}

/** Each ends with both factors, and was performed by this version alone. */
async function expectAllOn(buildId: string, cases: readonly Case[]): Promise<void> {
  const ends = await Promise.all(cases.map(async (each) => [(await each.finish()).state, await versionsOf(each)]));
  expect(ends).toEqual(cases.map(() => ['completed', [buildId]]));
}

const stopTexts = async (prefix: string): Promise<void> => {
  const start = new WithStartWorkflowOperation(mfaStoppedPrefixes, {
    ...{ taskQueue, workflowId: stoppedPrefixesId, args: [{ stopped: [] }] },
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  await client.workflow.executeUpdateWithStart(stopPrefix, {
    startWorkflowOperation: start,
    args: [{ prefix, reason: 'toll fraud' }],
  });
};

const statusAnswer = z.object({
  current: z.string().optional(),
  ramping: z.object({ buildId: z.string(), percent: z.number() }).optional(),
  versions: z.array(
    z.object({ buildId: z.string(), state: z.string(), workers: z.number(), openEnrollments: z.number() }),
  ),
});
const status = async () => statusAnswer.parse(await rollout(['status']));

test('a new version is rolled out, rolled back and rolled out again beside the old one, and every enrollment ends on a version that can go on with it', async () => {
  expect(await rollout(['status'], 1)).toMatchObject({ title: expect.stringContaining('TEMPORAL_WORKER_VERSIONING') });
  const stopUnversioned = await startWorker();
  const before = await begin(2);
  expect(await Promise.all(before.map(versionsOf))).toEqual([[], []]);

  // Versioning begins: what was begun without it goes to the first version.
  const stopOlder = await startWorker(older);
  await rollout(['set-current', older, '--wait', '30']);
  await stopUnversioned(); // Temporal's parts hear of the change one after the other: until then it may still get a task
  await expectAllOn(older, before);
  const first = await begin(6);
  await stopTexts('88213');

  // The new version takes some, then all.
  expect(await rollout(['ramp', newer, '--percent', '50'], 1)).toMatchObject({ code: 'refused' }); // nobody polls as it
  await startWorker(newer);
  await rollout(['ramp', newer, '--percent', '50', '--wait', '30']);
  expect(await status()).toMatchObject({ current: older, ramping: { buildId: newer, percent: 50 } });
  const shown = (await mfa(['rollout', 'status'], { env: env() })).stdout.split('\n');
  expect(shown).toEqual([
    `deployment ${deploymentName}`,
    expect.stringMatching(/^version +state +workers +open +first seen$/),
    expect.stringMatching(new RegExp(`^${newer} +ramping 50 % +1 +0 +`)),
    expect.stringMatching(new RegExp(`^${older} +current +1 +\\d+ +`)),
    expect.stringMatching(/^without a version +\d+ +\d+$/),
    '',
  ]);
  const shared = await begin(12);
  const begunOn = await Promise.all(shared.map(versionsOf));
  expect(new Set(begunOn.flat())).toEqual(new Set([older, newer])); // by their ids: all on one side, once in 2,000 runs
  await Promise.all([expectAllOn(older, first.slice(0, 2)), rollout(['set-current', newer])]);
  const afterwards = await begin(4);
  await expectAllOn(newer, afterwards.slice(0, 2));
  await Promise.all(shared.map(async (each, index) => expectAllOn(begunOn[index]?.[0] ?? '', [each])));

  // What it has begun is not readable for the new one, so this was worth a rollout.
  const history = await first[0]?.handle.fetchHistory();
  const { [newer]: workflowBundle } = bundles;
  const replayed = Worker.runReplayHistory(workflowBundle === undefined ? {} : { workflowBundle }, history);
  await expect(replayed).rejects.toThrow(DeterminismViolationError);

  // The new version turns out to be bad: new ones go to the old version again, and what is open on the new one moves.
  expect(await rollout(['rollback', '--move-pinned'])).toMatchObject({ from: newer, to: older, moved: 2, left: 0 });
  await expectAllOn(older, await begin(2));
  const moved = await Promise.all(
    afterwards.slice(2).map(async (each) => [(await each.finish()).state, await versionsOf(each)]),
  );
  expect(moved).toEqual([1, 2].map(() => ['completed', [newer, older]]));
  expect(await rollout(['rollback'], 1)).toMatchObject({ title: expect.stringContaining('No earlier version') });

  // And once more. The old one still has enrollments to finish before its workers may go.
  await rollout(['set-current', newer]);
  await expectAllOn(newer, await begin(2));
  expect(await rollout(['drain', older], 3)).toMatchObject({ state: 'draining' });
  expect(await rollout(['drain', newer], 1)).toMatchObject({ title: expect.stringContaining('is current') });
  const left = await listed(async () => (await status()).versions.find(({ buildId }) => buildId === older), 4);
  expect(left).toMatchObject({ state: 'draining', workers: 1 });
  await expectAllOn(older, first.slice(2));
  expect(await rollout(['drain', older, '--wait', '40'])).toMatchObject({ state: 'drained', openEnrollments: 0 });
  await stopOlder();

  // The list that never ends has come along.
  await stopTexts('88216');
  const list = client.workflow.getHandle<typeof mfaStoppedPrefixes>(stoppedPrefixesId);
  const { events } = await list.fetchHistory();
  const listVersions = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? [],
  );
  expect(listVersions).toEqual([older, newer]);
  const last = await begin(2);
  await expectAllOn(newer, last.slice(0, 1));

  // And versioning ends: new ones go to workers without it, and what is open stays with its version.
  await startWorker();
  await rollout(['set-current', '--unversioned', '--wait', '30']);
  const [after] = await begin(1);
  expect(await after?.finish()).toMatchObject({ state: 'completed' });
  expect(after && (await versionsOf(after))).toEqual([]);
  await expectAllOn(newer, last.slice(1));
}, 400_000);

/** Temporal's lists are a moment behind: the version, once so many are open on it. */
async function listed<Version extends { readonly openEnrollments: number } | undefined>(
  look: () => Promise<Version>,
  open: number,
): Promise<Version> {
  for (;;) {
    const found = await look();
    if (found?.openEnrollments === open) return found;
    await sleep(100); // the test's own time limit ends it
  }
}
