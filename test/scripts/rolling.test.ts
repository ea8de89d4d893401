import { expect, test } from '@jest/globals';
import { runRolling } from '../../scripts/chaos/rolling';

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
  expect(report.versions).toEqual({ '1-older': 6, '2-newer': 6 });
  expect(report.passed).toBe(true);
}, 300_000);
