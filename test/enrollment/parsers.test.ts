import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isEnrollmentInput,
  parseChallengeId,
  parseCode,
  parsePhoneNumber,
  parseReason,
  parseToken,
} from '../../src/enrollment/commands';

const parsers = { parseChallengeId, parseCode, parsePhoneNumber, parseReason, parseToken, isEnrollmentInput };
type ParserName = keyof typeof parsers;
const parserNames = Object.keys(parsers) as ParserName[]; // Object.keys forgets the key type; the object is closed

/** One value of each JSON type, and the argument that was left out. */
const ofEachType = [undefined, null, true, false, 0, -1, 1e308, 123456, '', 'text', [], ['123456'], {}, { code: {} }];

/** The names that messages carry, so that random objects come near to what is looked for. */
const names = fc.constantFrom(
  ...['code', 'challengeId', 'accessToken', 'expiresIn', 'refreshToken', 'phoneNumber', 'reason'],
  ...['userId', 'factors', 'token', 'options', 'lifetimeSeconds', 'partialPolicy', '__proto__', 'toString', 'length'],
);
const anyPayload = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue()));

describe.each(parserNames)('%s', (name) => {
  const none = name === 'isEnrollmentInput' ? false : undefined;

  test.each(ofEachType)('finds nothing in %p', (value) => {
    expect(parsers[name](value)).toBe(none);
  });

  test('never throws, and never changes what it reads', () => {
    fc.assert(
      fc.property(anyPayload, (value) => {
        const before = JSON.stringify(value);
        parsers[name](value);
        expect(JSON.stringify(value)).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a code', () => {
  test.each([
    ['a string', '123456', '123456'],
    ['an object', { code: '123456' }, '123456'],
    ['with more beside it', { code: '123456', challengeId: 'c', note: 1 }, '123456'],
    ['leading zeros', '000001', '000001'],
    ['blanks around', '  123456\n', '123456'],
    ['a blank in the middle', '123 456', '123456'],
    ['a no-break space in the middle', '123\u00a0456', '123456'],
    ['a dash in the middle', '123-456', '123456'],
    ['blanks in the object', { code: ' 12 34 56 ' }, '123456'],
  ])('is read from %s', (_what, value, code) => {
    expect(parseCode(value)).toBe(code);
  });

  test.each([
    ['five digits', '12345'],
    ['seven digits', '1234567'],
    ['a letter', '12345a'],
    ['a sign', '+12345'],
    ['a point', '1234.5'],
    ['digits of another script', '١٢٣٤٥٦'],
    ['full-width digits', '\uff11\uff12\uff13\uff14\uff15\uff16'],
    ['a number', 123456],
    ['a number in the object', { code: 123456 }],
    ['an object in the object', { code: { code: '123456' } }],
    ['an array', ['123456']],
    ['an array in the object', { code: ['123456'] }],
    ['another name', { otp: '123456' }],
    ['two codes', '123456 654321'],
    ['blanks alone', '      '],
    ['a thousand digits', '1'.repeat(1000)],
    ['a code after a megabyte of blanks and a letter', `${' '.repeat(1_000_000)}x123456`],
  ])('is not read from %s', (_what, value) => {
    expect(parseCode(value)).toBeUndefined();
  });

  test('is six digits whatever it is read from', () => {
    const near = fc.stringMatching(/^[\d\s-]{0,14}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          anyPayload,
          near,
          near.map((code) => ({ code })),
        ),
        (value) => {
          const code = parseCode(value);
          if (code !== undefined) expect(code).toMatch(/^\d{6}$/);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('keeps its digits and their order, however it was typed', () => {
    const gap = fc.stringMatching(/^[ \t\u00a0-]{0,3}$/);
    const typed = fc.array(fc.tuple(gap, fc.integer({ min: 0, max: 9 })), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(typed, gap, (digits, end) => {
        const text = digits.map(([before, digit]) => `${before}${digit}`).join('') + end;
        expect(parseCode(text)).toBe(digits.map(([, digit]) => digit).join(''));
      }),
    );
  });
});

describe('the challenge that a code names', () => {
  test('is a string beside the code', () => {
    expect(parseChallengeId({ code: '123456', challengeId: 'challenge-1' })).toBe('challenge-1');
  });

  test.each([
    ['a code alone', '123456'],
    ['a number', { challengeId: 7 }],
    ['null', { challengeId: null }],
  ])('is not read from %s', (_what, value) => {
    expect(parseChallengeId(value)).toBeUndefined();
  });
});

describe('a token', () => {
  const accessToken = 'an-opaque-token';
  const tenYears = 10 * 365 * 24 * 3600;

  test.each([
    ['alone', { accessToken }, { accessToken }],
    ['with its life', { accessToken, expiresIn: 600 }, { accessToken, expiresIn: 600 }],
    ['with the longest life', { accessToken, expiresIn: tenYears }, { accessToken, expiresIn: tenYears }],
    ['with a refresh token', { accessToken, refreshToken: 'r' }, { accessToken, refreshToken: 'r' }],
    ['of 8192 characters', { accessToken: 'x'.repeat(8192) }, { accessToken: 'x'.repeat(8192) }],
    ['of more characters than that as nothing', { accessToken: 'x'.repeat(8193) }, undefined],
    ['with more beside it', { accessToken, scope: 'enroll', idToken: 'i' }, { accessToken }],
  ])('is read %s', (_what, value, token) => {
    expect(parseToken(value)).toEqual(token);
  });

  test.each([0, -1, tenYears + 1, Number.MAX_VALUE, NaN, Infinity, '600', null, true, [600]])(
    'that is said to live %p has no stated life',
    (expiresIn) => {
      expect(parseToken({ accessToken, expiresIn })).toEqual({ accessToken });
    },
  );

  test.each(['', null, 7, true, ['r'], { r: 1 }])('with the refresh token %p has none', (refreshToken) => {
    expect(parseToken({ accessToken, refreshToken })).toEqual({ accessToken });
  });

  test.each([
    ['an empty text', { accessToken: '' }],
    ['a number', { accessToken: 7 }],
    ['an array', { accessToken: ['an-opaque-token'] }],
    ['the text alone', accessToken],
    ['the snake case of the wire', { access_token: accessToken }],
  ])('is not read from %s', (_what, value) => {
    expect(parseToken(value)).toBeUndefined();
  });
});

describe('a phone number', () => {
  test('is read when it is E.164', () => {
    expect(parsePhoneNumber({ phoneNumber: '+14155550123' })).toBe('+14155550123');
  });

  test.each([
    ['alone', '+14155550123'],
    ['without the plus', { phoneNumber: '14155550123' }],
    ['with blanks', { phoneNumber: '+1 415 555 0123' }],
    ['as a number', { phoneNumber: 14155550123 }],
    ['too long', { phoneNumber: `+1${'0'.repeat(15)}` }],
    ['far too long', { phoneNumber: `+1${'0'.repeat(100_000)}` }],
  ])('is not read %s', (_what, value) => {
    expect(parsePhoneNumber(value)).toBeUndefined();
  });
});

describe('a reason', () => {
  test('is trimmed', () => {
    expect(parseReason({ reason: '  wrong person ' })).toBe('wrong person');
  });

  test.each([
    ['alone', 'wrong person'],
    ['blank', { reason: ' \n ' }],
    ['a number', { reason: 7 }],
    ['a list', { reason: ['x'] }],
  ])('is not read %s', (_what, value) => {
    expect(parseReason(value)).toBeUndefined();
  });

  test('is short, and holds no number that could be a code or a phone', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\d\s+().a-z-]{0,300}$/));
    fc.assert(
      fc.property(text, (reason) => {
        const kept = parseReason({ reason }) ?? '';
        expect(kept.length).toBeLessThanOrEqual(200);
        expect(kept).not.toMatch(/\d{4}/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what a run begins with', () => {
  const least = { userId: 'auth0|someone', factors: ['sms'] };

  test.each([
    ['a user and a factor', least],
    ['two factors in any order', { ...least, factors: ['otp', 'sms'] }],
    ['a number', { ...least, phoneNumber: '+14155550123' }],
    ['a token', { ...least, token: { accessToken: 'a' } }],
    ['options', { ...least, options: { lifetimeSeconds: 60, partialPolicy: 'remove' } }],
    ['no options', { ...least, options: {} }],
    ['fields of a later version', { ...least, locale: 'en' }],
  ])('is good: %s', (_what, value) => {
    expect(isEnrollmentInput(value)).toBe(true);
  });

  test.each([
    ['no user', { factors: ['sms'] }],
    ['a user that is no text', { ...least, userId: 7 }],
    ['no factors', { userId: least.userId }],
    ['an empty list', { ...least, factors: [] }],
    ['a factor alone', { ...least, factors: 'sms' }],
    ['a factor twice', { ...least, factors: ['sms', 'sms'] }],
    ['a factor nobody knows', { ...least, factors: ['sms', 'carrier-pigeon'] }],
    ['the name of something every object has', { ...least, factors: ['toString'] }],
    ['a number that is none', { ...least, phoneNumber: '0123' }],
    ['a number that is null', { ...least, phoneNumber: null }],
    ['a token that is none', { ...least, token: 'a' }],
    ['options that are none', { ...least, options: [] }],
    ['a life of nothing', { ...least, options: { lifetimeSeconds: 0 } }],
    ['a life as text', { ...least, options: { lifetimeSeconds: '60' } }],
    ['a life of more than ten years', { ...least, options: { lifetimeSeconds: 400_000_000 } }],
    ['a policy nobody knows', { ...least, options: { partialPolicy: 'burn' } }],
  ])('is not: %s', (_what, value) => {
    expect(isEnrollmentInput(value)).toBe(false);
  });
});
