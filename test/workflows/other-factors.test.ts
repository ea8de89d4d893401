import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as messages from '../../src/workflows/messages';
import { startStage, type Stage } from './support';

// Proof that a factor is a file and a word: nothing outside src/factors knows of voice and email.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('timeSkipping'); // between two deliveries lies a cool-down
  await stage.tenant.switches({ phoneMessageTypes: ['voice'] });
});
afterAll(() => stage.close());

test('a phone call and an email, each answered with the code it brought', async () => {
  const started = await stage.start({ factors: ['voice', 'email'] });
  const { handle } = started;
  const heard = async (channel: string) =>
    (await stage.tenant.inbox()).filter((each) => each.userId === started.userId && each.channel === channel).at(-1)
      ?.code ?? '';
  expect(await started.status()).toMatchObject({
    state: 'awaiting_code',
    factor: 'voice',
    nextAction: expect.stringContaining('the phone call'),
  });
  expect(
    await handle.executeUpdate(messages.confirmCode, { args: [{ factor: 'voice', code: await heard('voice') }] }),
  ).toMatchObject({ result: 'confirmed' });
  await stage.later(31);
  await started.until(({ state, factor }) => state === 'awaiting_code' && factor === 'email');
  expect(await started.status()).toMatchObject({ nextAction: expect.stringContaining('the email') });
  expect(
    await handle.executeUpdate(messages.confirmCode, { args: [{ factor: 'email', code: await heard('email') }] }),
  ).toMatchObject({ result: 'confirmed' });
  expect(await handle.result()).toMatchObject({
    state: 'completed',
    factors: [
      { factor: 'voice', active: true },
      { factor: 'email', active: true },
    ],
  });
});
