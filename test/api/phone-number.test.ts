import { describe, expect, test } from '@jest/globals';
import { phoneNumber } from '../../src/api/atoms';
import { assertCountry, isOfCountries } from '../../src/api/phone-number';
import { ApiProblem } from '../../src/problems';

const expectedOf = (text: string): string => {
  const parsed = phoneNumber.safeParse(text);
  return parsed.success ? 'taken' : parsed.error.issues.map(({ message }) => message).join();
};

describe('a number that earns money for its holder, or that nobody answers, is refused', () => {
  test.each([
    ['premium rate, +1 900', '+1 900 555 0123'],
    ['premium rate, +44 909', '+44 909 234 5678'],
    ['premium rate, +33 89', '+33 891 23 45 67'],
    ['premium rate, +61 1900', '+61 1900 123 456'],
    ['premium rate of no country, +979', '+979 123 456 789'],
    ['premium rate of no country, of another length', '+979 12 345 678'],
    ['shared cost, +49 180', '+49 180 1 234567'],
    ['shared cost of no country, +808', '+808 1234 5678'],
    ['Inmarsat, +870', '+870 773 123 456'],
    ['universal personal, +878', '+878 10 1234567890'],
    ['Globalstar, +881 6', '+881 612 345 678'],
    ['Iridium, +881 6', '+881 631 012 345'],
    ['a network of no country, +882', '+882 16 123 456'],
    ['a network of no country, +883', '+883 5100 1234'],
    ['a network of no country, not assigned', '+883 510 012 3456'],
    ['disaster relief, +888', '+888 123 456 789'],
    ['personal numbers, +44 70', '+44 7024 123456'],
    ['a pager, +44 76', '+44 7600 123456'],
  ])('%s', (_what, text) => {
    expect(expectedOf(text)).toMatch(/^a number of an ordinary phone/);
  });

  test.each(['4155550123', '+1', '+1 415', 'no number', '+14155550123;ext=5'])('%s is no number at all', (text) => {
    expect(expectedOf(text)).toBe('an E.164 number such as +14155550123');
  });

  test('and the refusal never repeats the number', () => {
    expect(expectedOf('+19005550123')).not.toMatch(/900|0123/);
  });
});

describe('an ordinary phone is taken', () => {
  test.each([
    ['US, numbers for fiction', '+14155550123'],
    ['US', '+14155552671'],
    ['Canada', '+16135550123'],
    ['Jamaica', '+18765550123'],
    ['UK, mobile', '+447400123456'],
    ['UK, fixed line', '+442071838750'],
    ['Germany', '+4915123456789'],
    ['Germany, fixed line', '+493012345678'],
    ['France', '+33612345678'],
    ['France, a range that is newer than the library', '+33701234567'],
    ['Italy', '+393331234567'],
    ['Mexico', '+525512345678'],
    ['Brazil', '+5511961234567'],
    ['India', '+919876543210'],
    ['China', '+8613800138000'],
    ['Japan', '+819012345678'],
    ['Nigeria', '+2348012345678'],
    ['South Africa', '+27821234567'],
    ['Russia', '+79161234567'],
    ['Australia', '+61412345678'],
    ['UK, VoIP', '+445612345678'],
  ])('%s', (_what, text) => {
    expect(expectedOf(text)).toBe('taken');
  });
});

describe('PHONE_COUNTRIES', () => {
  test.each([
    ['+14155550123', ['US'], true],
    ['+16135550123', ['US'], false],
    ['+18765550123', ['US'], false],
    ['+18765550123', ['US', 'JM'], true],
    ['+447400123456', ['GB'], true],
    ['+447400123456', ['US', 'DE'], false],
    ['+4915123456789', ['DE'], true],
  ])('%s for %j: %s', (number, countries, taken) => {
    expect(isOfCountries(number, countries)).toBe(taken);
  });

  test('a number that several countries may have needs all of them', () => {
    const number = '+44551234567'; // no range of the plan that +44 shares
    expect(isOfCountries(number, ['GB'])).toBe(false);
    expect(isOfCountries(number, ['GB', 'GG', 'IM', 'JE'])).toBe(true);
  });

  test('a refusal says which countries are taken, and nothing of the number', () => {
    const refuse = () => assertCountry('+4915123456789', ['FR', 'US']);
    expect(refuse).toThrow(ApiProblem);
    expect(refuse).toThrow('phoneNumber: expected a number of one of these countries: FR, US.');
  });

  test('without it, and without a number, everything is taken', () => {
    expect(() => assertCountry('+4915123456789', undefined)).not.toThrow();
    expect(() => assertCountry(undefined, ['US'])).not.toThrow();
  });
});
