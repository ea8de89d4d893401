import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import type { ConfigReader } from './reader';

const expected = 'ISO 3166-1 alpha-2 codes such as DE,US, separated by commas';

/** `PHONE_COUNTRIES`: only codes that there is a numbering plan for, so that a misspelled one is found at start. */
const countries = z
  .string()
  .transform((list) => list.split(',').map((code) => code.trim()))
  .refine((codes) => codes.every((code) => /^[A-Z]{2}$/.test(code) && isSupportedCountry(code)), expected)
  .transform((codes): readonly string[] => Object.freeze([...new Set(codes)].sort()));

/** The countries whose numbers are taken; undefined: all. */
export const readPhoneCountries = (reader: ConfigReader): readonly string[] | undefined =>
  reader.optional('PHONE_COUNTRIES', countries);
