import { levelAt } from '../enrollment/bucket';
import { limits } from '../enrollment/limits';
import { maskPhoneNumber } from '../enrollment/phone-number';
import { textAllowedAt } from '../enrollment/view';
import { factors, type FactorName } from '../factors';
import { forgetChallenge, record, recordProblem, type LiveCase, type LiveChallenge } from './live-case';

/** Takes another number: a code texted to the old one proves nothing about the new one, so its challenge is gone. */
export function changeNumber(live: LiveCase, phoneNumber: string): void {
  forgetChallenge(live);
  takeNumber(live, phoneNumber);
}

/** Keeps another number; a challenge that has nothing to do with it goes on. */
export function takeNumber(live: LiveCase, phoneNumber: string): void {
  live.phoneNumber = phoneNumber;
  record(live, { type: 'phoneNumberChanged', phoneNumber: maskPhoneNumber(phoneNumber) });
}

/** Asks for another challenge; a signal that asks for a text too early learns it from the last problem. */
export function resend(live: LiveCase, factor: FactorName): void {
  const refusal = resendRefusal(live, factor, Date.now());
  if (refusal === undefined) record(live, { type: 'reassociationRequested' });
  else if (refusal.type !== 'not_resendable') recordProblem(live, refusal.type, refusal.retryAt);
}

/** `retryAt`: epoch ms. */
export type ResendRefusal =
  | { readonly type: 'not_resendable' }
  | { readonly type: 'too_many_texts' | 'resend_too_soon'; readonly retryAt: number };

/** Why another challenge of this factor cannot be asked for now, by update or by signal; `undefined` when it can. */
export function resendRefusal(live: LiveCase, factor: FactorName, now: number): ResendRefusal | undefined {
  if (!factors[factor].sendsText) {
    const waits = 'challenge' in live.enrollment && live.live !== undefined && !challengeIsOver(live, live.live);
    return waits ? { type: 'not_resendable' } : undefined;
  }
  const retryAt = textAllowedAt(live.enrollment, now);
  if (retryAt <= now) return undefined;
  return { type: levelAt(live.enrollment.texts, now) === 0 ? 'too_many_texts' : 'resend_too_soon', retryAt };
}

/** Is the token gone that this challenge belongs to, or about to be? No code can answer it then. */
export const challengeIsOver = (live: LiveCase, challenge: LiveChallenge): boolean =>
  challenge.token.expiresAt - Date.now() < limits.callMarginSeconds * 1000 ||
  !live.tokens.held.some(({ accessToken }) => accessToken === challenge.token.accessToken);
