import { getCountries, getCountryCallingCode, isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import Negotiator from 'negotiator';
import type { Language } from '../html/messages';

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: CountryCode;
  readonly name: string;
  /** Without the plus sign. */
  readonly callingCode: string;
}

/** The countries whose numbers may be given, by their names in this language. `allowed` (ISO 3166-1 alpha-2): absent, all. */
export function countriesIn(language: Language, allowed?: readonly string[]): readonly Country[] {
  const names = new Intl.DisplayNames(language, { type: 'region' });
  const { compare } = new Intl.Collator(language);
  return (allowed === undefined ? getCountries() : allowed.filter((code) => isSupportedCountry(code)))
    .map((code) => ({ code, name: names.of(code) ?? code, callingCode: getCountryCallingCode(code) }))
    .sort((one, other) => compare(one.name, other.name));
}

/** The country that is chosen at first: that of the browser's languages or of the page's, as far as it is one of `countries`. */
export function likelyCountry(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  language: Language,
  countries: readonly Country[],
): CountryCode | undefined {
  const regions = [...new Negotiator({ headers }).languages(), language].map(regionOf);
  const found = regions.find((region) => countries.some(({ code }) => code === region));
  return countries.find(({ code }) => code === found)?.code ?? countries[0]?.code;
}

function regionOf(tag: string): string | undefined {
  try {
    return new Intl.Locale(tag).maximize().region;
  } catch {
    return undefined;
  }
}
