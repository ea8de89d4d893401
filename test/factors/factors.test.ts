import { describe, expect, test } from '@jest/globals';
import {
  defaultPlan,
  factorNames,
  factors,
  isFactorName,
  type Authenticator,
  type FactorName,
} from '../../src/factors';

const phoneNumber = '+14155550123';

/** As `GET /mfa/authenticators` lists each kind. */
const records: Readonly<Record<string, Authenticator>> = {
  sms: { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'sms', active: true },
  'sms, unconfirmed': { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'sms', active: false },
  voice: { id: 'voice|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'voice', active: true },
  email: { id: 'email|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'email', active: true },
  push: { id: 'push|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'auth0', active: true },
  'oob without a channel': { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', active: true },
  otp: { id: 'totp|dev_klnv5yshzzoosSUm', authenticatorType: 'otp', active: true },
  'otp, unconfirmed': { id: 'totp|dev_klnv5yshzzoosSUm', authenticatorType: 'otp', active: false },
  'recovery code': { id: 'recovery-code|dev_klnv5yshzzoosSUm', authenticatorType: 'recovery-code', active: true },
  'a kind nobody knows': { id: 'x|dev_klnv5yshzzoosSUm', authenticatorType: 'webauthn', active: true },
};
const kindsThat = (fits: (record: Authenticator) => boolean) =>
  Object.entries(records).flatMap(([kind, record]) => (fits(record) ? [kind] : []));

describe('the registry', () => {
  test.each(factorNames)('%s stands under its own name', (name) => {
    expect(factors[name].name).toBe(name);
  });

  test('a new user goes through the text first, then the app', () => {
    expect(defaultPlan).toEqual(['sms', 'otp']);
  });

  test.each(['sms', 'otp'])('%s is a factor', (name) => {
    expect(isFactorName(name)).toBe(true);
  });

  test.each(['', 'SMS', 'sms ', 'totp', 'toString', '__proto__', 'constructor', 0, null, undefined, ['sms'], {}])(
    '%p is none',
    (value) => {
      expect(isFactorName(value)).toBe(false);
    },
  );

  test('no record belongs to two factors', () => {
    for (const record of Object.values(records)) {
      expect(factorNames.filter((name) => factors[name].lists(record)).length).toBeLessThanOrEqual(1);
    }
  });

  test('no factor is paired with records of its own kind', () => {
    for (const name of factorNames) {
      expect(kindsThat((record) => factors[name].lists(record) && factors[name].pairedWith(record))).toEqual([]);
    }
  });
});

describe('what Auth0 is asked', () => {
  test('a text: out of band, by sms, to the number', () => {
    expect(factors.sms.associateRequest({ phoneNumber })).toEqual({
      authenticatorTypes: ['oob'],
      oobChannels: ['sms'],
      phoneNumber,
    });
  });

  test('an app: one-time password, and nothing of the number', () => {
    expect(factors.otp.associateRequest({ phoneNumber })).toEqual({ authenticatorTypes: ['otp'] });
  });
});

describe('which records are which', () => {
  test.each<[FactorName, readonly string[], readonly string[]]>([
    ['sms', ['sms', 'sms, unconfirmed'], ['voice']],
    ['otp', ['otp', 'otp, unconfirmed'], ['push']],
  ])('%s are %p, and go together with %p', (name, own, paired) => {
    expect(kindsThat(factors[name].lists)).toEqual(own);
    expect(kindsThat(factors[name].pairedWith)).toEqual(paired);
  });
});

test.each([
  ['sms', 'phoneNumber', true],
  ['otp', undefined, false],
] as const)('%s needs %p, and sends a text: %p', (name, needs, sendsText) => {
  expect('needs' in factors[name] ? factors[name].needs : undefined).toBe(needs);
  expect(factors[name].sendsText).toBe(sendsText);
});
