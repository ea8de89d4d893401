import { describe, expect, test } from '@jest/globals';
import {
  answeredBy,
  defaultPlan,
  factorNames,
  factors,
  isFactorName,
  type Authenticator,
  type FactorName,
} from '../../src/factors';

const phoneNumber = '+14155550123';

/** As `GET /mfa/authenticators` lists each kind. */
const listed = {
  sms: { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'sms', active: true },
  'sms, unconfirmed': { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'sms', active: false },
  voice: { id: 'voice|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'voice', active: true },
  'voice, unconfirmed': {
    id: 'voice|dev_klnv5yshzzoosSUm',
    authenticatorType: 'oob',
    oobChannel: 'voice',
    active: false,
  },
  email: { id: 'email|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'email', active: true },
  'email, unconfirmed': {
    id: 'email|dev_klnv5yshzzoosSUm',
    authenticatorType: 'oob',
    oobChannel: 'email',
    active: false,
  },
  push: { id: 'push|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', oobChannel: 'auth0', active: true },
  'oob without a channel': { id: 'sms|dev_klnv5yshzzoosSUm', authenticatorType: 'oob', active: true },
  otp: { id: 'totp|dev_klnv5yshzzoosSUm', authenticatorType: 'otp', active: true },
  'otp, unconfirmed': { id: 'totp|dev_klnv5yshzzoosSUm', authenticatorType: 'otp', active: false },
  'otp with a channel': {
    id: 'totp|dev_klnv5yshzzoosSUm',
    authenticatorType: 'otp',
    oobChannel: 'sms',
    active: true,
  },
  'recovery code': { id: 'recovery-code|dev_klnv5yshzzoosSUm', authenticatorType: 'recovery-code', active: true },
  'a kind nobody knows': { id: 'x|dev_klnv5yshzzoosSUm', authenticatorType: 'webauthn', active: true },
} as const satisfies Readonly<Record<string, Authenticator>>;

const kindsThat = (fits: (authenticator: Authenticator) => boolean) =>
  Object.entries(listed).flatMap(([kind, authenticator]) => (fits(authenticator) ? [kind] : []));

/** Every factor in every respect, read off Auth0's documentation and not off src/factors. */
const documented = {
  sms: {
    request: { authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber },
    withoutNumber: { authenticatorTypes: ['oob'], oobChannels: ['sms'] },
    own: ['sms', 'sms, unconfirmed'],
    deletedTogether: ['voice', 'voice, unconfirmed'],
    needs: 'phoneNumber',
    delivery: { type: 'sent', bucket: 'phone', message: 'a text message' },
    answeredBy: 'oob',
  },
  voice: {
    request: { authenticatorTypes: ['oob'], oobChannels: ['voice'], phoneNumber },
    withoutNumber: { authenticatorTypes: ['oob'], oobChannels: ['voice'] },
    own: ['voice', 'voice, unconfirmed'],
    deletedTogether: ['sms', 'sms, unconfirmed'],
    needs: 'phoneNumber',
    delivery: { type: 'sent', bucket: 'phone', message: 'a phone call' },
    answeredBy: 'oob',
  },
  email: {
    request: { authenticatorTypes: ['oob'], oobChannels: ['email'] },
    withoutNumber: { authenticatorTypes: ['oob'], oobChannels: ['email'] },
    own: ['email', 'email, unconfirmed'],
    deletedTogether: [],
    needs: undefined,
    delivery: { type: 'sent', bucket: 'email', message: 'an email' },
    answeredBy: 'oob',
  },
  otp: {
    request: { authenticatorTypes: ['otp'] },
    withoutNumber: { authenticatorTypes: ['otp'] },
    own: ['otp', 'otp, unconfirmed', 'otp with a channel'],
    deletedTogether: ['push'],
    needs: undefined,
    delivery: { type: 'setupKey' },
    answeredBy: 'otp',
  },
} as const satisfies Readonly<Record<FactorName, object>>;

const rows = factorNames.map((name) => ({ name, ...documented[name] }));
const pairs = factorNames.flatMap((one) =>
  factorNames.filter((other) => other !== one).map((other) => ({ one, other })),
);

describe('the registry', () => {
  test.each(factorNames)('%s stands under its own name', (name) => {
    expect(factors[name].name).toBe(name);
  });

  test('a new user goes through the text first, then the app', () => {
    expect(defaultPlan).toEqual(['sms', 'otp']);
  });

  test.each(['sms', 'otp', 'voice', 'email'])('%s is a factor', (name) => {
    expect(isFactorName(name)).toBe(true);
  });

  test.each([
    '',
    'SMS',
    'sms ',
    'totp',
    'push',
    'toString',
    '__proto__',
    'constructor',
    0,
    null,
    undefined,
    ['sms'],
    {},
  ])('%p is none', (value) => {
    expect(isFactorName(value)).toBe(false);
  });

  test('no authenticator belongs to two factors', () => {
    for (const authenticator of Object.values(listed)) {
      expect(factorNames.filter((name) => factors[name].matches(authenticator)).length).toBeLessThanOrEqual(1);
    }
  });

  test('no factor is deleted together with authenticators of its own kind', () => {
    for (const name of factorNames) {
      const { matches, deletedTogether } = factors[name];
      expect(kindsThat((authenticator) => matches(authenticator) && deletedTogether(authenticator))).toEqual([]);
    }
  });

  test('every factor reads well in a sentence', () => {
    expect(factorNames.map((name) => factors[name].title)).toEqual([
      'text message',
      'authenticator app',
      'phone call',
      'email',
    ]);
  });
});

describe.each(rows)('$name', ({ name, request, withoutNumber, own, deletedTogether, needs, delivery, ...row }) => {
  const factor = factors[name];

  test(`asks Auth0 for ${JSON.stringify(request)}`, () => {
    expect(factor.associateRequest({ phoneNumber })).toEqual(request);
  });

  test('asks for no number where none is known', () => {
    expect(factor.associateRequest({})).toEqual(withoutNumber);
  });

  test(`recognises ${own.join(', ')}, and nothing else`, () => {
    expect(kindsThat(factor.matches)).toEqual(own);
  });

  test(`is deleted together with ${deletedTogether.join(', ') || 'nothing'}, and nothing else`, () => {
    expect(kindsThat(factor.deletedTogether)).toEqual(deletedTogether);
  });

  test(`needs ${needs ?? 'nothing'} of the user`, () => {
    expect('needs' in factor ? factor.needs : undefined).toBe(needs);
  });

  test(`delivers by ${JSON.stringify(delivery)}, and is answered with ${row.answeredBy}`, () => {
    expect(factor.delivery).toEqual(delivery);
    expect(answeredBy(name)).toBe(row.answeredBy);
  });
});

describe('one factor against each other one', () => {
  test.each(pairs)('no authenticator of $other is taken for one of $one', ({ one, other }) => {
    const authenticator = { ...listed[other], active: false };
    expect([factors[one].matches(listed[other]), factors[one].matches(authenticator)]).toEqual([false, false]);
  });

  test.each(pairs)('$one is deleted with $other just where $other is deleted with $one', ({ one, other }) => {
    const together = factors[one].deletedTogether(listed[other]);
    expect(factors[other].deletedTogether(listed[one])).toBe(together);
    expect(together).toBe([one, other].every((name) => name === 'sms' || name === 'voice'));
  });
});
