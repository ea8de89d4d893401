import { expect, test } from '@jest/globals';
import { keep, recordHistories } from './histories';
import { onStage } from './support';

// A local activity that is not over after most of the task's time makes the worker ask for more time, which ends the task without a
// command. Replay then tells the workflow another time and another length of its history at the same place, so nothing may be decided by them.
recordHistories();
const stage = onStage('real', { sendingLimits: { textsPerNumber: 10 } });
/** More time is asked for after 1.6 seconds. */
const workflowTaskTimeout = '2s';

test('a first task for which more time was asked replays, and its text is sent once', async () => {
  const userId = await stage().tenant.newUser();
  await stage().tenant.fault({ userId, route: 'GET /mfa/authenticators', type: 'delay', ms: 2_000, when: 'after' });
  const started = await stage().begin({ userId }, { workflowTaskTimeout }); // nobody asks meanwhile: a message would be an event in between
  await started.awaits('sms');
  const { events = [] } = await started.handle.fetchHistory();
  const taskStarted = events?.filter((event) => event.workflowTaskStartedEventAttributes) ?? [];
  expect(taskStarted.length).toBeGreaterThan(1); // it was asked for
  await stage().replayAll();
  await stage().stopWorker();
  await stage().restartWorker(); // nothing is kept in memory
  expect(await started.finish()).toMatchObject({ state: 'completed' });
  expect(await started.texts()).toHaveLength(1);
  await keep(started, 'slow-first-task');
});
