import { maskPhoneNumber } from '../enrollment/phone-number';
import { forgetChallenge, record, type LiveCase } from './live-case';

/** Takes another number: a code texted to the old one proves nothing about the new one, so its challenge is gone. */
export function changeNumber(live: LiveCase, phoneNumber: string): void {
  live.phoneNumber = phoneNumber;
  forgetChallenge(live);
  record(live, { type: 'phoneNumberChanged', phoneNumber: maskPhoneNumber(phoneNumber) });
}
