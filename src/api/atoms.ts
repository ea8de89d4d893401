import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';

const sixDigits = 'six digits, such as 123456';
const e164 = 'an E.164 number such as +14155550123';

/** Six digits. Spaces and dashes are dropped: people paste what they see. */
export const code = z
  .string({ error: sixDigits })
  .max(32, sixDigits)
  .transform((text) => text.replace(/[\s\p{Pd}]/gu, ''))
  .pipe(z.string().regex(/^\d{6}$/, sixDigits))
  .meta({ description: 'Six digits; spaces and dashes are dropped.', examples: ['123456'], writeOnly: true });

/**
 * A phone number with its country code, as people write it, to E.164. Length and country are checked, not whether the
 * number is in use: ranges open faster than libraries learn of them. An extension cannot get a text.
 */
export const phoneNumber = z
  .string({ error: e164 })
  .max(40, e164)
  .transform((text, context) => {
    const parsed = parsePhoneNumberFromString(text, { extract: false });
    if (parsed !== undefined && parsed.isPossible() && parsed.ext === undefined) return parsed.number;
    context.addIssue({ code: 'custom', message: e164 });
    return z.NEVER;
  })
  .meta({ description: 'E.164: a plus sign, the country code, the number.', examples: ['+14155550123'] });
