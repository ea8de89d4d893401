import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isE164, maskPhoneNumber } from '../../src/enrollment/phone-number';

describe('E.164', () => {
  test.each(['+14155550123', '+447700900123', '+4915112345678', '+2905123', '+123456789012345'])('takes %s', (text) => {
    expect(isE164(text)).toBe(true);
  });

  test.each([
    ['no plus', '14155550123'],
    ['two plus signs', '++14155550123'],
    ['a plus elsewhere', '1+4155550123'],
    ['the international prefix 00', '0014155550123'],
    ['a country code that begins with zero', '+04155550123'],
    ['16 digits', '+1234567890123456'],
    ['one digit', '+1'],
    ['a plus alone', '+'],
    ['nothing', ''],
    ['blanks', '+1 415 555 0123'],
    ['dashes', '+1-415-555-0123'],
    ['brackets', '+1(415)5550123'],
    ['letters', '+1415555CALL'],
    ['an extension', '+14155550123;ext=5'],
    ['a blank before', ' +14155550123'],
    ['a blank after', '+14155550123 '],
    ['a line break after', '+14155550123\n'],
    ['a second line', '+14155550123\n+14155550124'],
    ['digits of another script', '+1٤١٥٥٥٥٠١٢٣'],
    ['full-width digits', '+\uFF11\uFF14155550123'],
    ['a URI', 'tel:+14155550123'],
  ])('refuses %s', (_what, text) => {
    expect(isE164(text)).toBe(false);
  });

  test('takes every number of 2 to 15 digits that begins with a country code', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), digits, (first, rest) => {
        expect(isE164(`+${first}${rest.join('')}`)).toBe(true);
      }),
    );
  });

  test('takes nothing that holds anything but one plus and digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(10), (text, cut) => {
        fc.pre(/[^+\d]/.test(text));
        expect(isE164(`+1415555${text.slice(0, cut)}${text}`)).toBe(false);
      }),
    );
  });
});

describe('a masked number', () => {
  test.each([
    ['+14155550123', '••••••••••23'],
    ['+4915112345678', '••••••••••••78'],
  ])('%s is shown as %s', (phoneNumber, masked) => {
    expect(maskPhoneNumber(phoneNumber)).toBe(masked);
  });

  test('shows two digits of any number, and how long it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{3,14}$/), (phoneNumber) => {
        const masked = maskPhoneNumber(phoneNumber);
        expect(masked).toHaveLength(phoneNumber.length);
        expect(masked.replaceAll('•', '')).toBe(phoneNumber.slice(-2));
      }),
    );
  });
});
