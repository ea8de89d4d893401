import { factors, type FactorName } from '../factors';
import { isSameHand, type Actor } from './actor';
import type { Case } from './case';
import type { Refusal } from './commands';

/**
 * Does another person have to send this code? Whoever set a phone number does not send the code that went there: one person alone
 * could otherwise bind a phone of their own to somebody else's account. A code whose sender nobody can tell, such as one from a
 * plain shell, is taken as long as the number is the one that the enrollment was started with.
 */
export function needsSecondPerson({ enrollment, held }: Case, factor: FactorName, by: Actor | undefined): boolean {
  const { phoneNumberSetBy } = held;
  if (factors[factor].needs !== 'phoneNumber' || phoneNumberSetBy === undefined) return false;
  return by === undefined ? (enrollment.phoneNumberChanges ?? 0) > 0 : isSameHand(by, phoneNumberSetBy);
}

export const secondPersonNeeded: Refusal = {
  type: 'second_person_needed',
  message: 'Whoever set the phone number does not send its code: another person has to. No attempt was used.',
};
