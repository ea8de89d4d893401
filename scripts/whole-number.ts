/** A command line option that must be a whole number from 1 to `most`; `usual` when absent. Throws RangeError. */
export function wholeNumber(option: string, text: string | undefined, usual: number, most: number): number {
  const value = text === undefined ? usual : Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`${option} must be a whole number from 1 to ${most}`);
}
