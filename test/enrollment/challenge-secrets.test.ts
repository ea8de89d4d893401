import { describe, expect, test } from '@jest/globals';
import { challengeSecretsOf } from '../../src/enrollment/challenge-secrets';
import { situationNames, situations } from './situations';
import type { FactorName } from '../../src/factors';
import { createWorld, otherNumber, type World } from './world';

const secretsOf = ({ case: current }: World) => challengeSecretsOf(current);

test('of an app: its setup key and its QR content, as Auth0 gave them', () => {
  const world = createWorld({ factors: ['otp'] }).run();
  const { challengeId, secret } = world.case.held.challenge ?? {};
  if (secret?.type !== 'otp') throw new Error('expected a setup key');
  const { setupKey, barcodeUri } = secret;
  expect(secretsOf(world)).toEqual({ type: 'otp', factor: 'otp', challengeId, setupKey, barcodeUri });
});

test.each(['sms', 'voice'] as const)('of %s: the masked number, and never the oob code', (factor) => {
  const world = createWorld({ factors: [factor] }).run();
  const { challengeId } = world.case.held.challenge ?? {};
  expect(secretsOf(world)).toEqual({ type: 'oob', factor, challengeId, phoneNumber: '••••••••••23' });
});

test('of an email: no phone number where none is needed', () => {
  const world = createWorld({ factors: ['email'] }).run();
  const { challengeId } = world.case.held.challenge ?? {};
  expect(secretsOf(world)).toEqual({ type: 'oob', factor: 'email', challengeId });
});

describe('after a text to a number that was verified', () => {
  const masked = '••••••••••';
  const confirmedThen = (factor: FactorName, to?: string): World => {
    const world = createWorld({ factors: ['sms', factor] }).run();
    world.code(world.rightCode());
    if (to !== undefined) world.changeNumber(to);
    return world.later(30); // the cool-down
  };

  test('an email shows no phone number', () => {
    const world = confirmedThen('email');
    expect(world.case.enrollment.verifiedPhoneNumber).toBe(`${masked}23`);
    const { challengeId } = world.case.held.challenge ?? {};
    expect(secretsOf(world)).toEqual({ type: 'oob', factor: 'email', challengeId });
  });

  test('a call to another number shows that one', () => {
    const world = confirmedThen('voice', otherNumber);
    expect(world.tenant.sent.at(-1)?.to).toBe(otherNumber);
    expect(world.case.enrollment.verifiedPhoneNumber).toBe(`${masked}23`);
    expect(secretsOf(world)).toMatchObject({ type: 'oob', factor: 'voice', phoneNumber: `${masked}77` });
  });

  test('a call to the same number shows it', () => {
    expect(secretsOf(confirmedThen('voice'))).toMatchObject({ factor: 'voice', phoneNumber: `${masked}23` });
  });
});

test('of the app that follows a text: nothing of the text', () => {
  const world = createWorld().run();
  world.code(world.rightCode());
  expect(secretsOf(world)).toMatchObject({ type: 'otp', factor: 'otp' });
  expect(secretsOf(world)).not.toHaveProperty('phoneNumber');
});

describe('nothing is shown where no challenge waits', () => {
  const without = situationNames.filter((name) => situations[name]().case.held.challenge === undefined);

  test('which is the case in most states', () => {
    expect(new Set(without.map((name) => situations[name]().state))).toEqual(
      new Set(['awaiting_token', 'associating', 'verifying', 'completed', 'partial', 'expired', 'cancelled', 'failed']),
    );
  });

  test.each(without)('%s', (name) => {
    const { recoveryCode, ...shown } = secretsOf(situations[name]());
    expect(shown).toEqual({ type: 'none' });
    expect(recoveryCode).toBe(name === 'the recovery code is to be saved' ? 'RECOVERY' : undefined);
  });
});

test.each(['a text is out', 'a QR code is shown', 'the factors are read back'] as const)(
  'the recovery code comes along where one was given: %s',
  (name) => {
    const world = situations[name]();
    const current = { ...world.case, held: { ...world.case.held, recoveryCode: 'RECOVERY' } };
    expect(challengeSecretsOf(current)).toEqual({ ...secretsOf(world), recoveryCode: 'RECOVERY' });
  },
);
