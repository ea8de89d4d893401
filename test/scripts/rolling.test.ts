import { expect, test } from '@jest/globals';
import { runRolling } from '../../scripts/chaos/rolling';
import { serverOf } from '../../scripts/stack/server-option';

test('a rolling restart of both versions of the worker and of every API loses no enrollment and no call', async () => {
  const report = await runRolling({
    ...{ seed: 'short', peopleEach: 3, rounds: 1, workersEach: 1, apis: 2, minutes: 4 },
    journeys: ['straight', 'wrongCodes', 'noToken', 'hadSms'],
  });
  expect(report.enrollments.wrong).toEqual([]);
  expect(report.enrollments.outcomes).toEqual({ completed: 12 });
  expect(report.restarts.map(({ process, exit }) => [process, exit])).toEqual([
    ['API', 0],
    ['worker', 0],
    ['worker 2', 0],
    ['API 2', 0],
  ]);
  expect(report.restarts.filter(({ open }) => open === 0)).toEqual([]);
  // One that begins while no worker of the older version runs may get its first task after the change.
  const { '1-older': onOlder = 0, '2-newer': onNewer = 0 } = report.versions;
  expect([onOlder > 0, onNewer >= 6, onOlder + onNewer]).toEqual([true, true, 12]);
  expect(report.passed).toBe(true);
}, 300_000);

test('--server is one of two, and dev when it is not given', () => {
  expect([serverOf(undefined), serverOf('dev'), serverOf('postgres')]).toEqual(['dev', 'dev', 'postgres']);
  expect(() => serverOf('mysql')).toThrow('--server: expected dev or postgres');
});
