import { describe, expect, test } from '@jest/globals';
import { limits } from '../../src/enrollment/limits';
import { troubled } from './situations';
import { createWorld, now, own, tokenOf, type Trouble } from './world';

const longToken = { accessToken: tokenOf(own, now, 200_000) };
const blockedBy = (trouble: Trouble) => troubled(createWorld({ token: longToken }), 'associate', trouble, 1).run();

describe.each(['numberLimit', 'callerLimit', 'textsStopped'] as const)('a text that was not sent: %s', (trouble) => {
  test('is not counted for the user, starts no cool-down, and leaves no authenticator to look for', () => {
    const world = blockedBy(trouble);
    expect(world.view).toMatchObject({ state: 'associating', textsLeft: 10 });
    expect(world.case.enrollment.lastDeliveryAt).toBeUndefined();
    expect(world.case.memory.made).toEqual({ sms: 0 });
    expect(world.tenant.sent).toEqual([]);
  });

  test('leaves the code before usable', () => {
    const world = createWorld({ token: longToken }).run().later(limits.cooldownSeconds);
    const code = world.rightCode();
    troubled(world, 'associate', trouble, 1);
    world.resend();
    expect(world.view).toMatchObject({ state: 'associating', textsLeft: 9 });
    expect(world.code(code)).toBe('confirmed');
  });
});

test('texts that an operator has stopped are asked for again automatically, and at once on a resend', () => {
  const world = blockedBy('textsStopped');
  world.later(limits.stoppedAskAgainSeconds - 1);
  expect(world.problem).toBe('texts_stopped');
  world.later(limits.stoppedAskAgainSeconds / 2 + 1);
  expect(world.state).toBe('awaiting_code');

  const other = blockedBy('textsStopped');
  other.resend();
  expect(other.state).toBe('awaiting_code');
});

test.each(['numberLimit', 'callerLimit'] as const)('%s: nothing is sent unasked when the day is over', (trouble) => {
  const world = blockedBy(trouble);
  world.later(100_000);
  expect([world.state, world.tenant.sent.length]).toEqual(['associating', 0]);
  world.resend();
  expect(world.state).toBe('awaiting_code');
});

test('another number is asked about at once', () => {
  const world = blockedBy('numberLimit');
  world.changeNumber('+442071838750');
  expect(world.state).toBe('awaiting_code');
});

test('a text is asked for in the name of the caller who set the number, and of nobody where none is known', () => {
  const callers: unknown[] = [];
  for (const startedBy of [{ caller: 'the-caller' }, undefined]) {
    const world = createWorld(startedBy === undefined ? {} : { startedBy });
    world.trouble = (step) => {
      if (step.type === 'associate') callers.push(step.input.caller);
      return undefined;
    };
    world.run();
  }
  expect(callers).toEqual(['the-caller', undefined]);
});
