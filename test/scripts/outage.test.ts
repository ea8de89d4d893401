import { expect, test } from '@jest/globals';
import { runOutage } from '../../scripts/outage/run';

test('a receiver of webhooks that is killed while people enroll gets every event once it is back, in order', async () => {
  const proof = await runOutage({ users: 6, downMs: 2_000, patienceMs: 120_000 });
  expect(proof).toMatchObject({ users: 6, faults: [] });
  expect(proof.events).toBeGreaterThanOrEqual(6 * 4); // three rests and an end, at the least
}, 240_000);
