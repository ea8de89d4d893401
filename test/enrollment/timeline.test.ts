import { describe, expect, test } from '@jest/globals';
import { openEnrollment, type Enrollment } from '../../src/enrollment/enrollment';
import { changesOf, messageNames, type Changed } from '../../src/enrollment/timeline';
import * as messages from '../../src/workflows/messages';
import { recoveryCodeGiven, situationNames, situations } from './situations';
import { createWorld, now, otherNumber, own, phoneNumber, tokenOf, type World } from './world';

/** What is told of an enrollment that is looked at whenever it rests. */
function told(world: World, ...acts: readonly ((world: World) => unknown)[]): readonly Changed[] {
  const changes: Changed[] = [];
  let before = openEnrollment({ factors: ['sms', 'otp'], phoneNumber }, now);
  changes.push(...changesOf(undefined, before));
  const look = () => {
    changes.push(...changesOf(before, world.case.enrollment));
    before = world.case.enrollment;
  };
  look();
  for (const act of acts) {
    act(world);
    look();
  }
  return changes;
}
const without = (changes: readonly Changed[]) => changes.map(({ at: _at, ...change }) => change);
const challengeId = expect.any(String);

describe('a timeline', () => {
  test('tells of an enrollment from its start to its outcome, in order', () => {
    const world = createWorld().run();
    const changes = told(
      world,
      () => world.code('000001'),
      () => world.later(31).resend(),
      () => world.code(world.rightCode()),
      () => world.code(world.rightCode(), 'otp'),
    );
    expect(without(changes)).toEqual([
      { what: 'started', factors: ['sms', 'otp'] },
      { what: 'challenge', factor: 'sms', challengeId },
      { what: 'state', state: 'awaiting_code', factor: 'sms' },
      { what: 'wrong_codes', count: 1 },
      { what: 'problem', code: 'code_rejected', message: expect.any(String) },
      { what: 'challenge', factor: 'sms', challengeId },
      { what: 'factor', factor: 'sms', state: 'confirmed' },
      { what: 'challenge', factor: 'otp', challengeId },
      { what: 'factor', factor: 'otp', state: 'confirmed' },
      { what: 'ended', state: 'completed' },
    ]);
  });

  test('tells of the number, masked, of consent and of tokens', () => {
    const world = createWorld({ tokenless: true }).run();
    const agree = () => world.token(tokenOf(own, world.now), {}, { phoneNumberChanges: world.view.phoneNumberChanges });
    const changes = told(world, agree, () => world.later(31).changeNumber(otherNumber), agree);
    expect(without(changes)).toEqual([
      { what: 'started', factors: ['sms', 'otp'] },
      { what: 'problem', code: 'token_needed', message: expect.any(String) },
      { what: 'state', state: 'awaiting_token', factor: 'sms' },
      { what: 'consent' },
      { what: 'challenge', factor: 'sms', challengeId },
      { what: 'state', state: 'awaiting_code', factor: 'sms' },
      { what: 'phone_number_changed', phoneNumber: '••••••••••77' },
      { what: 'challenge', factor: 'sms', challengeId },
      { what: 'consent' },
      { what: 'token_replaced' },
    ]);
    expect(JSON.stringify(changes)).not.toContain(otherNumber);
  });

  test('tells that the recovery code is due', () => {
    const world = recoveryCodeGiven();
    const changes = told(world, () => world.finish());
    expect(without(changes).slice(-2)).toEqual([{ what: 'state', state: 'verifying' }, { what: 'recovery_code_due' }]);
  });

  test('gives the moments that the enrollment itself has kept', () => {
    const world = createWorld().run();
    const changes = told(world, () => world.later(7).code('000001'));
    expect(changes.map(({ what, at }) => [what, at])).toEqual([
      ['started', now],
      ['challenge', now],
      ['state', undefined],
      ['wrong_codes', now + 7000],
      ['problem', now + 7000],
    ]);
  });

  test('tells of two changes of the number that were not seen apart, and of the last number alone', () => {
    const world = createWorld().run();
    const before = world.case.enrollment;
    world.changeNumber('+12125550111');
    world.changeNumber(otherNumber);
    const changes = changesOf(before, world.case.enrollment).filter(({ what }) => what === 'phone_number_changed');
    expect(without(changes)).toEqual([
      { what: 'phone_number_changed' },
      { what: 'phone_number_changed', phoneNumber: '••••••••••77' },
    ]);
  });
});

test.each(situationNames)('nothing happened between two looks at the same: %s', (name) => {
  const { enrollment } = situations[name]().case;
  const again: Enrollment = structuredClone(enrollment);
  expect(changesOf(enrollment, again)).toEqual([]);
});

test('every message that changes something has its name there', () => {
  const named = Object.values(messages).flatMap((each) =>
    typeof each === 'object' && 'type' in each && each.type !== 'query' ? [each.name] : [],
  );
  const ours = named.filter((name) => name !== messages.awaitChallenge.name);
  expect([...messageNames].sort()).toEqual([...ours, 'cancelRequest', 'unknown'].sort());
});
