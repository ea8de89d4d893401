import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { isOfCountries, readPhoneNumber } from '../phone-number';

export type NumberRead =
  | { readonly type: 'number'; /** E.164. */ readonly number: string }
  | { readonly type: 'refused'; readonly why: 'invalid' | 'unusual' | 'country' };

/**
 * A number as a person enters it: as they dial it in `country` (ISO 3166-1 alpha-2), or with a plus sign. `allowed`: whose numbers
 * may be given; absent, all.
 */
export function readEnteredNumber(text: string, country: string, allowed: readonly string[] | undefined): NumberRead {
  const parsed = parsePhoneNumberFromString(text, {
    ...(isSupportedCountry(country) ? { defaultCountry: country } : {}),
    extract: false,
  });
  if (parsed === undefined || parsed.ext !== undefined || !parsed.isPossible()) return refused('invalid');
  const read = readPhoneNumber(parsed.number);
  if (!('number' in read)) return refused('unusual');
  if (allowed !== undefined && !isOfCountries(read.number, allowed)) return refused('country');
  return { type: 'number', number: read.number };
}

const refused = (why: 'invalid' | 'unusual' | 'country'): NumberRead => ({ type: 'refused', why });
