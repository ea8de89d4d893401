import { expect, test } from '@jest/globals';
import { runCampaign } from '../../scripts/campaign/run';

test('a campaign starts each user of a file once and loses none, while the worker is killed', async () => {
  const proof = await runCampaign({ users: 40, kills: 1, minutes: 5, finishWithin: 120, allAct: true });
  expect(proof).toMatchObject({ users: 40, kills: 1, links: 40, faults: [] });
}, 330_000);
