import { expect, jest, test } from '@jest/globals';
import type { Connection } from '@temporalio/client';
import { warnWithoutCurrentVersion } from '../../src/worker/current-version';

/** A Temporal of which only the routing of the deployment is asked. */
const connectionWith = (describeWorkerDeployment: () => Promise<unknown>) =>
  ({
    workflowService: {
      describeWorkerDeployment,
      describeTaskQueue: async () => ({ pollers: [] }),
      countWorkflowExecutions: async () => ({ count: 0 }),
    },
  }) as unknown as Pick<Connection, 'workflowService'>; // no more of it is used

async function warned(describeWorkerDeployment: () => Promise<unknown>): Promise<readonly unknown[]> {
  const warn = jest.fn();
  const parts = { namespace: 'default', taskQueue: 'mfa-enrollment', identity: 'test' };
  const connection = connectionWith(describeWorkerDeployment);
  await warnWithoutCurrentVersion({ deploymentName: 'mfa', buildId: 'b1' }, { ...parts, connection }, { warn });
  return warn.mock.calls.map(([, sentence]) => sentence);
}

const routed = (routingConfig: object) => async () => ({
  workerDeploymentInfo: { versionSummaries: [], routingConfig },
});

test('a versioned worker says what to do while no version is current', async () => {
  expect(await warned(routed({}))).toEqual([expect.stringContaining('run "mfa rollout set-current b1"')]);
});

test('it says nothing once one is, be it its own or another one', async () => {
  const current = { currentDeploymentVersion: { deploymentName: 'mfa', buildId: 'b0' } };
  expect(await warned(routed(current))).toEqual([]);
});

test('it runs all the same when Temporal does not tell', async () => {
  const denied = () => Promise.reject(new Error('denied'));
  expect(await warned(denied)).toEqual([expect.stringContaining('not known')]);
});
