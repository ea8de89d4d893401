import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  inputExpected,
  isEnrollmentInput,
  parseChallengeId,
  parseCode,
  parseCodeSignal,
  parsePhoneNumber,
  parseReason,
  parseToken,
  refusalTypes,
} from '../../src/enrollment/commands';
import { inheritedFrom } from '../../src/enrollment/enrollment';
import { factorNames } from '../../src/factors';
import { fresh, now } from './samples';

/** A value of every type that JSON has, small and large, and what only the language has. */
const values: readonly (readonly [what: string, value: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['a number', 123_456],
  ['a negative number', -1],
  ['no number', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a large number', 1e300],
  ['an empty text', ''],
  ['a text', 'text'],
  ['a text of 2 MB', '1'.repeat(2_000_000)],
  ['a text of dashes', '-'.repeat(100_000)],
  ['an empty list', []],
  ['a list of a code', ['123456']],
  ['a list of lists', [[[[]]]]],
  ['a list of 100,000', Array.from({ length: 100_000 }, () => null)],
  ['an empty object', {}],
  ['an object in an object', { code: { code: '123456' }, phoneNumber: {}, accessToken: {} }],
  ['an object of null', { code: null, phoneNumber: null, accessToken: null, reason: null, userId: null }],
  ['an object of numbers', { code: 123_456, phoneNumber: 1, accessToken: 1, reason: 1, userId: 1, factors: 1 }],
  ['an object of lists', { code: ['123456'], phoneNumber: [], accessToken: [], reason: [], userId: [], factors: [] }],
  ['a function', () => '123456'],
  ['a symbol', Symbol('123456')],
  ['a large integer', 123_456n],
  ['bytes', new Uint8Array(6)],
];

describe('what holds nothing of the kind is read as nothing, and throws in no parser', () => {
  test.each(values)('%s', (_what, value) => {
    expect({
      code: parseCode(value),
      challengeId: parseChallengeId(value),
      signal: parseCodeSignal('oob', value, true),
      token: parseToken(value),
      phoneNumber: parsePhoneNumber(value),
      reason: parseReason(value),
      input: isEnrollmentInput(value),
    }).toEqual({ input: false });
  });

  test('any JSON at all', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const members = {
          code: value,
          challengeId: value,
          factor: value,
          accessToken: value,
          expiresIn: value,
          expiresAt: value,
          refreshToken: value,
          phoneNumber: value,
          reason: value,
        };
        for (const each of [value, members]) {
          expect(parseCode(each) ?? '000000').toMatch(/^\d{6}$/);
          expect((parseChallengeId(each) ?? '').length).toBeLessThanOrEqual(100);
          expect(parseCodeSignal('otp', each, true)?.answers ?? 'otp').toBe('otp');
          expect(typeof (parseToken(each)?.accessToken ?? '')).toBe('string');
          expect(parsePhoneNumber(each) ?? '+14155550123').toMatch(/^\+\d+$/);
          expect((parseReason(each) ?? '').length).toBeLessThanOrEqual(200);
          expect(isEnrollmentInput(each)).toBe(false);
        }
      }),
    );
  });
});

describe('a code', () => {
  test.each([
    ['123456', '123456'],
    ['000000', '000000'],
    ['123 456', '123456'],
    ['123-456', '123456'],
    [' 1 2 3 4 5 6\n', '123456'],
    [`${' '.repeat(94)}123456`, '123456'],
  ])('%j is read as %j, alone and as {code}', (text, code) => {
    expect([parseCode(text), parseCode({ code: text })]).toEqual([code, code]);
  });

  test.each([
    '12345',
    '1234567',
    '12345a',
    '١٢٣٤٥٦',
    '１２３４５６',
    '123.456',
    '+12345',
    '1e5',
    '0x1234',
    'https://x/123456',
    `${' '.repeat(95)}123456`,
  ])('%j is none', (text) => {
    expect([parseCode(text), parseCode({ code: text })]).toEqual([undefined, undefined]);
  });

  test('of a signal names its factor and its challenge where the payload does, and nothing else of the payload', () => {
    const payload = { code: '123-456', factor: 'voice', challengeId: 'c-1', type: 'token', answers: 'otp', more: 1 };
    expect(parseCodeSignal('oob', payload, true)).toEqual({
      type: 'code',
      answers: 'oob',
      code: '123456',
      factor: 'voice',
      challengeId: 'c-1',
    });
  });

  test.each([
    ['a factor that does not exist', { factor: 'push' }],
    ['a factor that is no text', { factor: ['sms'] }],
    ['a factor by a name that every object has', { factor: 'constructor' }],
    ['a challenge id of 101 characters', { challengeId: 'x'.repeat(101) }],
    ['an empty challenge id', { challengeId: '' }],
    ['a challenge id that is no text', { challengeId: 5 }],
  ])('of a signal is taken without %s', (_what, more) => {
    expect(parseCodeSignal('otp', { code: '123456', ...more }, true)).toEqual({
      type: 'code',
      answers: 'otp',
      code: '123456',
    });
  });

  test('may name a challenge by 1 to 100 characters', () => {
    expect(parseChallengeId({ challengeId: '' })).toBeUndefined();
    expect(parseChallengeId({ challengeId: 'x' })).toBe('x');
    expect(parseChallengeId({ challengeId: 'x'.repeat(100) })).toBe('x'.repeat(100));
  });
});

describe('a token', () => {
  test('is taken with all that belongs to it, and nothing else', () => {
    const token = { accessToken: 'a', expiresIn: 600, expiresAt: now + 600_000, refreshToken: 'r' };
    expect(parseToken({ ...token, scope: 'enroll', userId: 'auth0|x' })).toEqual(token);
  });

  test.each([
    [1, true],
    [8192, true],
    [8193, false],
  ])('of %i characters is one: %p', (length, isOne) => {
    expect(parseToken({ accessToken: 'x'.repeat(length) }) !== undefined).toBe(isOne);
    const { refreshToken } = parseToken({ accessToken: 'a', refreshToken: 'x'.repeat(length) }) ?? {};
    expect(refreshToken !== undefined).toBe(isOne);
  });

  test.each([
    ['expiresIn', 0],
    ['expiresIn', -1],
    ['expiresIn', '600'],
    ['expiresIn', Number.NaN],
    ['expiresIn', Number.POSITIVE_INFINITY],
    ['expiresIn', 315_360_001],
    ['expiresIn', null],
    ['expiresAt', 0],
    ['expiresAt', -1],
    ['expiresAt', '2026-03-01'],
    ['expiresAt', Number.NaN],
    ['expiresAt', 1e300],
    ['refreshToken', ''],
    ['refreshToken', 5],
    ['refreshToken', null],
  ])('with %s %p is taken as if that was not said', (member, value) => {
    expect(parseToken({ accessToken: 'a', [member]: value })).toEqual({ accessToken: 'a' });
  });

  test('may be said to live up to ten years', () => {
    expect(parseToken({ accessToken: 'a', expiresIn: 315_360_000 })).toEqual({
      accessToken: 'a',
      expiresIn: 315_360_000,
    });
  });

  test('may be said to die only at a time that a date can show', () => {
    const { expiresAt = 0 } = parseToken({ accessToken: 'a', expiresAt: Number.MAX_SAFE_INTEGER / 1000 }) ?? {};
    expect(new Date(expiresAt).toISOString()).toMatch(/^\d{4}-/);
  });
});

test.each([
  ['+14155550123', true],
  ['14155550123', false],
  ['+1 415 555 0123', false],
  [`+1${'4'.repeat(15)}`, false],
])('%j is a phone number: %p', (phoneNumber, isOne) => {
  expect(parsePhoneNumber({ phoneNumber })).toBe(isOne ? phoneNumber : undefined);
});

describe('why somebody cancels', () => {
  test.each([
    ['as it is', 'changed their mind', 'changed their mind'],
    ['without blanks around', '  trimmed  ', 'trimmed'],
    ['without a phone number', 'call back on +14155550123', 'call back on …23'],
    ['without a code', 'the code was 123456', 'the code was …'],
    ['cut to 200 characters', 'x '.repeat(200), 'x '.repeat(100)],
    ['without the 1,001st character and what follows', `${'word '.repeat(199)}12345678901`, 'word '.repeat(40)],
  ])('is kept %s', (_how, reason, kept) => {
    expect(parseReason({ reason })).toBe(kept);
  });

  test.each([' ', '\n', ''])('%j is no reason', (reason) => {
    expect(parseReason({ reason })).toBeUndefined();
  });

  test('no digits of a number are left by cutting: what is shown is redacted before it is cut', () => {
    for (let before = 180; before < 215; before += 1) {
      const shown = parseReason({ reason: `${'x '.repeat(before / 2)}+14155550123` }) ?? '';
      expect(shown).not.toMatch(/\d{3}/);
    }
  });

  test('a reason of any size is read in time', () => {
    expect(parseReason({ reason: '1 '.repeat(500_000) })?.length).toBeLessThanOrEqual(200);
  });
});

describe('how an enrollment may begin', () => {
  const inherited = inheritedFrom(fresh());
  const input = { userId: 'auth0|own', factors: ['sms', 'otp'] };

  test.each([
    ['user and factors alone', {}],
    ['a user id of 255 characters', { userId: 'x'.repeat(255) }],
    ['every factor there is', { factors: factorNames }],
    ['a phone number', { phoneNumber: '+14155550123' }],
    ['a token', { token: { accessToken: 'x'.repeat(8192) } }],
    ['options of nothing', { options: {} }],
    [
      'every option',
      { options: { lifetimeSeconds: 60, partialPolicy: 'remove', opaqueTokens: 'accept', messagesPerRun: 10 } },
    ],
    ['the other values of the options', { options: { partialPolicy: 'keep', opaqueTokens: 'refuse' } }],
    ['a life of ten years', { options: { lifetimeSeconds: 315_360_000 } }],
    ['what the one before it had left', { inherited }],
    ['and when its last message was sent', { inherited: { ...inherited, lastDeliveryAt: now } }],
    ['an empty bucket', { inherited: { ...inherited, attempts: { ...inherited.attempts, level: 0 } } }],
    ['members that nobody knows yet', { later: 'version' }],
  ])('with %s', (_what, more) => {
    expect(isEnrollmentInput({ ...input, ...more })).toBe(true);
  });

  test.each([
    ['no user id', { userId: undefined }],
    ['an empty user id', { userId: '' }],
    ['a user id of 256 characters', { userId: 'x'.repeat(256) }],
    ['a user id that is a number', { userId: 5 }],
    ['no factors', { factors: undefined }],
    ['an empty list of factors', { factors: [] }],
    ['a factor twice', { factors: ['sms', 'sms'] }],
    ['a factor that does not exist', { factors: ['sms', 'push'] }],
    ['a factor by a name that every object has', { factors: ['constructor'] }],
    ['factors as a text', { factors: 'sms' }],
    ['factors as an object', { factors: { 0: 'sms', length: 1 } }],
    ['a list of 100,000 factors', { factors: Array.from({ length: 100_000 }, () => 'sms') }],
    ['a phone number that is none', { phoneNumber: '4155550123' }],
    ['a phone number that is null', { phoneNumber: null }],
    ['a token that is a text', { token: 'x' }],
    ['a token that is null', { token: null }],
    ['a token of 8193 characters', { token: { accessToken: 'x'.repeat(8193) } }],
    ['an empty token', { token: { accessToken: '' } }],
    ['options that are null', { options: null }],
    ['options that are a list', { options: [] }],
    ['no life at all', { options: { lifetimeSeconds: 0 } }],
    ['a negative life', { options: { lifetimeSeconds: -1 } }],
    ['a life that is a text', { options: { lifetimeSeconds: '60' } }],
    ['a life of more than ten years', { options: { lifetimeSeconds: 315_360_001 } }],
    ['a policy that does not exist', { options: { partialPolicy: 'delete' } }],
    ['a policy that is null', { options: { partialPolicy: null } }],
    ['a rule for opaque tokens that does not exist', { options: { opaqueTokens: true } }],
    ['runs of no message', { options: { messagesPerRun: 0 } }],
    ['runs of a text of messages', { options: { messagesPerRun: '10' } }],
    ['runs of no number of messages', { options: { messagesPerRun: Number.NaN } }],
    ['an inheritance that is null', { inherited: null }],
    ['an inheritance without attempts', { inherited: { ...inherited, attempts: undefined } }],
    ['an inheritance without deliveries', { inherited: { ...inherited, deliveries: undefined } }],
    ['an inheritance without emails', { inherited: { ...inherited, deliveries: { phone: inherited.attempts } } }],
    ['a last message at no time', { inherited: { ...inherited, lastDeliveryAt: Number.NaN } }],
    ['a last message before all time', { inherited: { ...inherited, lastDeliveryAt: -1 } }],
    [
      'a bucket that fills up at once',
      { inherited: { ...inherited, attempts: { ...inherited.attempts, refillMs: 0 } } },
    ],
    ['a bucket of nothing', { inherited: { ...inherited, attempts: { ...inherited.attempts, capacity: 0 } } }],
    ...['phone', 'email'].flatMap((bucket) =>
      [0, 1e300].map(
        (refillMs) =>
          [
            `a bucket of ${bucket} whose refillMs is ${refillMs}`,
            {
              inherited: {
                ...inherited,
                deliveries: { ...inherited.deliveries, [bucket]: { ...inherited.attempts, refillMs } },
              },
            },
          ] as const,
      ),
    ),
    ...['capacity', 'refillMs', 'level', 'since'].flatMap((member) =>
      [1e300, undefined, null, -1, Number.NaN, Number.POSITIVE_INFINITY, '5', []].map(
        (value) =>
          [
            `a bucket whose ${member} is ${JSON.stringify(value) ?? 'absent'}`,
            { inherited: { ...inherited, attempts: { ...inherited.attempts, [member]: value } } },
          ] as const,
      ),
    ),
  ])('not with %s', (_what, more) => {
    expect(isEnrollmentInput({ ...input, ...more })).toBe(false);
  });

  test('what is expected is said with every factor there is', () => {
    for (const name of factorNames) expect(inputExpected).toContain(name);
  });
});

test('each kind of refusal has a name of its own', () => {
  expect(new Set(refusalTypes).size).toBe(refusalTypes.length);
});
