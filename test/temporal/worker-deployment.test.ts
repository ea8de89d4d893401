import { expect, test } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import {
  createWorkerDeployment,
  earlierVersion,
  type DeployedVersion,
  type WorkerDeployment,
} from '../../src/temporal/worker-deployment';

const { RoutingConfigUpdateState: states } = temporal.api.enums.v1;

const version = (buildId: string, createdAt: number, wasCurrent = true): DeployedVersion => ({
  ...{ buildId, createdAt, wasCurrent },
  ...{ state: 'inactive', workers: 1, openEnrollments: 0 },
});
const versions = [version('d', 4), version('c', 3, false), version('b', 2), version('a', 1)];
const of = (current: string | undefined) =>
  earlierVersion({
    ...{ deploymentName: 'mfa-enrollment', versions, unversioned: { workers: 0, openEnrollments: 0 } },
    ...(current === undefined ? {} : { current }),
  })?.buildId;

test.each([
  ['d', 'b'], // c was never current
  ['b', 'a'], // not d: a second rollback does not undo the first
  ['a', undefined],
  [undefined, 'd'],
])('a rollback from %s goes to %s', (current, expected) => {
  expect(of(current)).toBe(expected);
});

test.each([
  ['setCurrent', (each: WorkerDeployment) => each.setCurrent('a')],
  ['ramp', (each: WorkerDeployment) => each.ramp('a', 10)],
  ['endRamp', (each: WorkerDeployment) => each.endRamp()],
])('%s answers once every task queue follows it', async (_name, direct) => {
  const { connection, asked } = serverThatAnswers([
    states.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
    states.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
    states.ROUTING_CONFIG_UPDATE_STATE_COMPLETED,
  ]);
  const parts = { namespace: 'default', taskQueue: 'q', deploymentName: 'mfa-enrollment', identity: 'test' };
  expect(await direct(createWorkerDeployment({ ...parts, connection }))).toEqual({ type: 'done', propagated: true });
  expect(asked()).toBe(3);
});

/** Takes every change, and says so often that it is under way as it is told to. */
function serverThatAnswers(answers: temporal.api.enums.v1.RoutingConfigUpdateState[]) {
  const { workflowService } = Connection.lazy();
  let asked = 0;
  const changed = () => Promise.resolve({});
  const answering = Object.assign(workflowService, {
    setWorkerDeploymentCurrentVersion: changed,
    setWorkerDeploymentRampingVersion: changed,
    describeWorkerDeployment: () => {
      const routingConfigUpdateState = answers[asked];
      asked += 1;
      return Promise.resolve({ workerDeploymentInfo: { routingConfigUpdateState } });
    },
  });
  return { connection: { workflowService: answering }, asked: () => asked };
}
