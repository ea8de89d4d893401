import { factors, type FactorName } from '../factors';
import { isSameHand, type Actor } from './actor';
import type { Case } from './case';
import type { Refusal } from './commands';

/**
 * Why this hand does not send the code of this factor; `undefined` when it may. The account holder sends every code, but only for
 * the phone number that they have agreed to: one that somebody else set in the meantime is not theirs until they have seen it.
 */
export function refuseHand(of: Case, factor: FactorName, by: Actor | undefined): Refusal | undefined {
  if (by?.accountHolder !== true) return needsSecondPerson(of, factor, by) ? secondPersonNeeded : undefined;
  const isAgreed = factors[factor].needs !== 'phoneNumber' || of.enrollment.consentedAt !== undefined;
  return isAgreed ? undefined : consentNeeded;
}

/**
 * Does another person have to send this code? Whoever set a phone number does not send the code that went there: one person alone
 * could otherwise bind a phone of their own to somebody else's account. The account holder binds it to their own account, so they
 * may do both. A code whose sender nobody can tell, such as one from a plain shell, is taken as long as the number is the one that
 * the enrollment was started with.
 */
function needsSecondPerson({ enrollment, held }: Case, factor: FactorName, by: Actor | undefined): boolean {
  const { phoneNumberSetBy } = held;
  if (factors[factor].needs !== 'phoneNumber' || phoneNumberSetBy === undefined) return false;
  if (by === undefined) return (enrollment.phoneNumberChanges ?? 0) > 0;
  return by.accountHolder !== true && isSameHand(by, phoneNumberSetBy);
}

const secondPersonNeeded: Refusal = {
  type: 'second_person_needed',
  message: 'Whoever set the phone number does not send its code: another person has to. No attempt was used.',
};

const consentNeeded: Refusal = {
  type: 'number_changed',
  message: 'The user has not agreed to this phone number: they sign in with a new link first. No attempt was used.',
};
