/**
 * What a person wrote, without what does not belong into a log or a status: numbers of four digits or more (phone numbers
 * keep their last two) and unbroken strings of twenty characters or more, as tokens, keys and recovery codes are.
 */
export const redactFreeText = (text: string): string =>
  text
    .replace(/[A-Za-z0-9+/=_-]{20,}/g, '…')
    .replace(/\+?\d(?:[\s().-]{0,3}\d){3,}/g, (number) =>
      number.replace(/\D/g, '').length < 8 ? '…' : `…${number.slice(-2)}`,
    );
