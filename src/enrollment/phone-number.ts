/** E.164: a plus sign, a first digit that is not zero, 15 digits at most (ITU-T E.164; NIST and ASVS ask for a validated number). */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{1,14}$/.test(text);

/** Everything but the last two digits hidden: enough to tell two phones apart, too little to dial. */
export const maskPhoneNumber = (phoneNumber: string): string =>
  `${'•'.repeat(Math.max(0, phoneNumber.length - 2))}${phoneNumber.slice(-2)}`;
