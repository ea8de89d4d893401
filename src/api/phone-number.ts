// With the types of numbers, which the package's smaller metadata has for few countries only.
import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import { ApiProblem } from '../problems';

// Which phone numbers texts and calls may be asked for. Each rule follows the money: fraud pays where a number earns its holder
// a share of what the call or text costs.

export const expectedE164 = 'an E.164 number such as +14155550123';
export const expectedOrdinary =
  'a number of an ordinary phone: no premium-rate, shared-cost, satellite, personal, pager, voicemail or company number';

/**
 * Country codes that belong to no country (ITU-T E.164, list of assigned codes): freephone 800, shared cost 808, Inmarsat 870,
 * universal personal 878, satellite systems 881, networks 882 and 883, disaster relief 888, premium rate 979.
 */
const noCountry: ReadonlySet<string> = new Set(['800', '808', '870', '878', '881', '882', '883', '888', '979']);

/** Dear, or with nobody behind who could read a code. Mobile and fixed lines, both, VoIP, freephone, and what is not known are ordinary. */
const unusual: ReadonlySet<string> = new Set([
  'PREMIUM_RATE',
  'SHARED_COST',
  'PERSONAL_NUMBER',
  'PAGER',
  'UAN',
  'VOICEMAIL',
]);

/**
 * The number in E.164, or what was expected instead. Length and country code are checked, and that it is of an ordinary kind; not
 * whether it is in use: ranges open faster than libraries learn of them. A fixed line is ordinary: it can be called, and in some
 * countries texted. An extension cannot get a text.
 */
export function readPhoneNumber(text: string): { readonly number: string } | { readonly expected: string } {
  const parsed = parsePhoneNumberFromString(text, { extract: false });
  if (parsed === undefined || parsed.ext !== undefined || !parsed.isPossible()) {
    return { expected: noCountryIn(text) ? expectedOrdinary : expectedE164 };
  }
  return isOrdinary(parsed) ? { number: parsed.number } : { expected: expectedOrdinary };
}

const isOrdinary = (parsed: PhoneNumber): boolean =>
  !noCountry.has(parsed.countryCallingCode) && !unusual.has(parsed.getType() ?? '');

/** Of a code that belongs to no country the library knows few numbers: the code alone says enough. */
const noCountryIn = (text: string): boolean => noCountry.has(text.replace(/\D/g, '').slice(0, 3));

/**
 * Is this number (E.164) of one of these countries? Where several share a country code and the number tells no difference, all
 * of them have to be allowed: a share of +1 is far dearer than the rest.
 */
export function isOfCountries(number: string, countries: readonly string[]): boolean {
  const parsed = parsePhoneNumberFromString(number);
  if (parsed === undefined) return false;
  const possible = parsed.country === undefined ? parsed.getPossibleCountries() : [parsed.country];
  return possible.length > 0 && possible.every((country) => countries.includes(country));
}

/** Throws the problem of a number of another country than those (all countries when absent). It does not repeat the number. */
export function assertCountry(
  number: string | undefined,
  countries: readonly string[] | undefined,
  field = 'phoneNumber',
): void {
  if (number === undefined || countries === undefined || isOfCountries(number, countries)) return;
  const expected = `a number of one of these countries: ${countries.join(', ')}`;
  throw new ApiProblem('invalid_request', {
    detail: `${field}: expected ${expected}.`,
    errors: [{ field, expected }],
  });
}
