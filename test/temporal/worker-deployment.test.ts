import { expect, test } from '@jest/globals';
import { earlierVersion, type DeployedVersion } from '../../src/temporal/worker-deployment';

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
