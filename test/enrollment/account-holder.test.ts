import { describe, expect, test } from '@jest/globals';
import { refuseCode } from '../../src/enrollment/admission';
import type { Actor } from '../../src/enrollment/actor';
import { auditOf } from '../../src/enrollment/audit';
import { receive } from '../../src/enrollment/case';
import { parseCodeSignal } from '../../src/enrollment/commands';
import { decide } from '../../src/enrollment/decide';
import { defined } from '../../src/enrollment/defined';
import { createWorld, now, otherNumber, own, phoneNumber, tokenOf, type World } from './world';

const onboarding: Actor = { caller: 'onboarding' };
const support: Actor = { caller: 'support', person: 'ada' };
const holder: Actor = { caller: 'of-the-page', accountHolder: true };
const iso = (at: number) => new Date(at).toISOString();

/** The user has agreed on the page to what `onboarding` has started, and a text is out if there is a number. */
function agreed(more: Parameters<typeof createWorld>[0] = {}): World {
  const world = createWorld({ tokenless: true, startedBy: onboarding, ...more }).run();
  world.token(tokenOf(own, now), {}, { phoneNumberChanges: 0 });
  return world;
}
const withoutNumber = (): World => {
  const world = createWorld({ tokenless: true, startedBy: onboarding, factors: ['sms'] });
  world.case = { ...world.case, held: { ...world.case.held, phoneNumber: undefined, phoneNumberSetBy: undefined } };
  world.run().token(tokenOf(own, now), {}, { phoneNumberChanges: 0 });
  return world;
};
const changedBy = (by: Actor | undefined, world = agreed()): World => {
  world.changeNumber(otherNumber, by);
  return world.later(31);
};
/** The user signs in with a new link, which has shown them the number of now. */
const agreeAgain = (world: World): World => {
  world.token(tokenOf(own, world.now), {}, { phoneNumberChanges: world.view.phoneNumberChanges });
  return world;
};

const rows: readonly (readonly [string, () => World, Actor | undefined, string])[] = [
  ['the account holder, for the number that the system gave and they agreed to', agreed, holder, 'confirmed'],
  ['the account holder, for their own number', () => changedBy(holder), holder, 'confirmed'],
  ['support, for the number of the account holder', () => changedBy(holder), support, 'confirmed'],
  [
    'the system that started it, for the number of the account holder',
    () => changedBy(holder),
    onboarding,
    'confirmed',
  ],
  [
    'nobody knows whom, for the number of the account holder',
    () => changedBy(holder),
    undefined,
    'second_person_needed',
  ],
  ['the account holder, for a number that support gave since', () => changedBy(support), holder, 'number_changed'],
  ['the account holder, for one that nobody knows who gave', () => changedBy(undefined), holder, 'number_changed'],
  ['the account holder, who has agreed to that one', () => agreeAgain(changedBy(support)), holder, 'confirmed'],
  ['the account holder, back at their own', () => changedBy(holder, changedBy(support)), holder, 'confirmed'],
  [
    'the account holder, who never agreed',
    () => createWorld({ startedBy: onboarding }).run(),
    holder,
    'number_changed',
  ],
  ['support, for the number that support gave', () => changedBy(support), support, 'second_person_needed'],
];

describe('the code of a text message', () => {
  test.each(rows)('from %s', (_name, situation, by, expected) => {
    const world = situation();
    const code = world.rightCode();
    const admitted = refuseCode(world.case, { factor: 'sms', code, ...defined({ by }) }, world.now);
    expect(admitted?.type).toBe(expected === 'confirmed' ? undefined : expected);
    const { attempts } = world.case.enrollment;
    const calls = world.tenant.calls.length;
    expect(world.code(code, 'sms', undefined, by)).toBe(expected);
    if (expected === 'confirmed') return;
    expect(world.case.enrollment).toMatchObject({ state: 'awaiting_code', attempts });
    expect(world.tenant.calls).toHaveLength(calls);
  });

  test('for a number that was changed between its admission and its turn is refused in its turn', () => {
    const world = agreed({ factors: ['sms'] }).later(31);
    const code = { type: 'code', answers: 'oob', factor: 'sms', code: world.rightCode(), by: holder } as const;
    expect(refuseCode(world.case, code, world.now)).toBeUndefined();
    world.case = receive(world.case, { type: 'changePhoneNumber', phoneNumber: otherNumber, by: support }).case;
    const { case: next, id } = receive(world.case, code);
    world.case = next;
    world.run();
    expect(world.answers.get(id ?? -1)).toMatchObject({ type: 'refused', refusal: { type: 'number_changed' } });
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toEqual([]);
  });

  test.each(['otp', 'email'] as const)('no number is agreed to for %s', (factor) => {
    const world = createWorld({ factors: [factor], startedBy: onboarding }).run();
    expect(world.code(world.rightCode(), factor, undefined, holder)).toBe('confirmed');
  });
});

describe('a number', () => {
  test('of the account holder is agreed to by entering it, and the user hears of it all the same', () => {
    const world = changedBy(holder);
    expect(world.view).toMatchObject({ phoneNumberChanges: 1, consentedAt: iso(now), phoneNumber: '••••••••••77' });
    expect(world.view.notices).toEqual([{ type: 'phone_number_changed', at: iso(now) }]);
  });

  test('of somebody else takes the consent back, also after one of the account holder', () => {
    expect(changedBy(support, changedBy(holder)).view.consentedAt).toBeUndefined();
  });

  test('that nobody had given is entered and proven by the account holder alone', () => {
    const world = withoutNumber();
    expect(world.view.waitingFor).toEqual({ who: 'user', what: 'phone_number' });
    world.changeNumber(phoneNumber, holder);
    expect(world.code(world.rightCode(), 'sms', undefined, holder)).toBe('confirmed');
    expect(world.state).toBe('completed');
  });
});

describe('a text to the number of the account holder', () => {
  const callerOf = (world: World): string | undefined => {
    const { step } = decide(world.case, world.now);
    if (step.type !== 'associate') throw new Error(`expected an associate, not ${step.type}`);
    return step.input.caller;
  };
  const asking = (startedBy: Actor | undefined, by: Actor): World => {
    const world = agreed({ factors: ['sms'], ...defined({ startedBy }) }).later(31);
    let found: World['case'] | undefined;
    world.trouble = ({ type }) => {
      if (type === 'list') found = world.case;
      return undefined;
    };
    world.changeNumber(otherNumber, by);
    world.case = {
      ...(found ?? world.case),
      memory: { ...world.case.memory, leftoversRead: true, sweepStopped: true },
    };
    return world;
  };

  test('counts for the caller that started the enrollment, who lets them in', () => {
    expect(callerOf(asking(onboarding, holder))).toBe('onboarding');
  });

  test('of anybody else counts for who gave it', () => {
    expect(callerOf(asking(onboarding, support))).toBe('support');
  });
});

test('an account holder is believed in a sealed payload alone', () => {
  const payload = { code: '123456', by: holder };
  expect(parseCodeSignal('oob', payload, true)).toMatchObject({ by: holder });
  expect(parseCodeSignal('oob', payload, false)).not.toHaveProperty('by');
});

test('the audit log says that it was the account holder', () => {
  const world = agreed({ factors: ['sms'] });
  const { case: before } = receive(world.case, { type: 'changePhoneNumber', phoneNumber: otherNumber, by: holder });
  const { case: after, answers } = decide(before, world.now);
  expect(auditOf(before, after, answers)).toEqual([
    { action: 'phone_number_changed', hand: 'of-the-page', accountHolder: true },
  ]);
});
