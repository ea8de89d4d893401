import type { Payload } from '@temporalio/common';
import { maskPhoneNumber } from '../enrollment/phone-number';

const shown = '[secret]';

/** Members that hold a credential, wherever they stand in what a case sends and stores. */
const credentials = new Set([
  'accessToken',
  'refreshToken',
  'oobCode',
  'bindingCode',
  'otp',
  'setupKey',
  'barcodeUri',
  'recoveryCode',
]);

/**
 * A decrypted payload without what an operator needs not see: tokens, codes, setup keys and recovery codes; a phone number
 * keeps its last two digits. Everything else is as it was. A payload that is no JSON of ours is passed on.
 */
export function veiled(payload: Payload): Payload {
  const { metadata, data } = payload;
  if (!data || Buffer.from(metadata?.['encoding'] ?? []).toString() !== 'json/plain') return payload;
  try {
    return { ...payload, data: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(data).toString(), veil))) };
  } catch {
    return payload;
  }
}

function veil(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (credentials.has(name)) return shown;
  if (name === 'phoneNumber') return maskPhoneNumber(value);
  // A problem has a code too, in words; the codes of people are digits, and so is a code sent alone.
  return (name === 'code' || name === '') && /^[\d\s-]{4,20}$/.test(value) ? shown : value;
}
