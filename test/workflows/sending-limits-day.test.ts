import { generateKeySync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { createSendingLimits } from '../../src/temporal/sending-limits';
import { onStage } from './support';

const stage = onStage('timeSkipping', { maxCachedWorkflows: 100 });

test('a counter remembers its texts for a day after each of them, then ends by itself, and the number may get new ones', async () => {
  const { environment } = stage();
  const counters = new Set<string>();
  const client = new Client({
    connection: environment.connection,
    interceptors: {
      workflow: [
        {
          start: (input, next) => {
            counters.add(input.options.workflowId);
            return next(input);
          },
        },
      ],
    },
  });
  const counting = { client, taskQueue: 'workflow-tests', idKey: generateKeySync('hmac', { length: 256 }) };
  const limits = createSendingLimits({ ...counting, textsPerNumber: 2, timing: { stoppedMs: Infinity } });
  let asked = 0;
  const ask = async () => {
    const id = String((asked += 1));
    return (await limits.reserve({ id, phoneNumber: '+14155550123' }, new AbortController().signal)).type;
  };
  const later = (hours: number) => environment.sleep(hours * 3_600_000);

  expect(await ask()).toBe('reserved');
  await later(12);
  expect([await ask(), await ask()]).toEqual(['reserved', 'refused']);
  await later(11.9);
  expect(await ask()).toBe('refused'); // 23.9 hours after the first
  await later(1);
  expect([await ask(), await ask()]).toEqual(['reserved', 'refused']); // the second is still counted
  await later(26);
  const ended = await Promise.all([...counters].map((id) => client.workflow.getHandle(id).describe()));
  expect(ended.map(({ status }) => status.name)).toEqual(['COMPLETED']);
  expect(await ask()).toBe('reserved');
});
