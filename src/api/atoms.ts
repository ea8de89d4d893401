import { z } from 'zod';
import { expectedE164, readPhoneNumber } from './phone-number';

const sixDigits = 'six digits, such as 123456';
const auth0UserId = "Auth0's user_id, such as auth0|507f1f77bcf86cd799439020";

// Patterns stand in the OpenAPI file too, for people and for generators of examples: no classes of Unicode properties in them.

/** Blanks and dashes that people type and paste between digits: hyphens and dashes of Unicode, blanks of any width. */
const between = String.raw`[\s\u2010-\u2015\u2212-]{0,4}`;

/** Six digits. Spaces and dashes are dropped: people paste what they see. */
export const code = z
  .string({ error: sixDigits })
  .regex(new RegExp(`^(?:${between}[0-9]){6}${between}$`), sixDigits)
  .transform((text) => text.replace(/[^0-9]/g, ''))
  .meta({ description: 'Six digits; spaces and dashes are dropped.', examples: ['123456'], writeOnly: true });

/** A phone number with its country code, as people write it, to E.164: of an ordinary phone, see `readPhoneNumber`. */
export const phoneNumber = z
  .string({ error: expectedE164 })
  .regex(/^[\s(]{0,4}\+[\s(]{0,4}[1-9](?:[\s().\u2010-\u2015\u2212-]{0,4}[0-9]){4,14}[\s)]{0,4}$/, expectedE164)
  .transform((text, context) => {
    const read = readPhoneNumber(text);
    if ('number' in read) return read.number;
    context.addIssue({ code: 'custom', message: read.expected });
    return z.NEVER;
  })
  .meta({ description: 'E.164: a plus sign, the country code, the number.', examples: ['+14155550123'] });

/**
 * Auth0's user_id: up to 255 characters of the Unicode that names are written in, without blanks, controls, and characters
 * of more than two bytes in UTF-16, of which a half may come alone.
 */
export const userId = z
  .string({ error: auth0UserId })
  .regex(
    /^[!-~\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff\uf900-\ufefe\uff01-\uffef]{1,255}$/,
    auth0UserId,
  )
  .meta({ examples: ['auth0|507f1f77bcf86cd799439020'] });
