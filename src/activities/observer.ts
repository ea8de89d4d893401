import type { Auth0Verdict } from '../auth0/errors';
import type { FactorName } from '../factors';

/**
 * What became of a text, call or mail that was about to be asked for: Auth0 took it (`sent`); one of our limits kept it back; Auth0
 * refused it for its user, its number or its authenticators; it was surely not sent for another reason; or nobody knows.
 */
export const deliveryResults = [
  'sent',
  'number_limit',
  'caller_limit',
  'stopped',
  'too_many_texts',
  'phone_number_invalid',
  'authenticator_limit',
  'not_sent',
  'unknown',
] as const;
export type DeliveryResult = (typeof deliveryResults)[number];

/** What became of a token that was to be renewed by its refresh token. */
export const renewalResults = ['refreshed', 'refused', 'foreign', 'unexpected', 'fault'] as const;
export type RenewalResult = (typeof renewalResults)[number];

/** What became of one attempt to deliver an event. */
export const attemptResults = ['delivered', 'refused', 'unreachable'] as const;
export type AttemptResult = (typeof attemptResults)[number];

/** Hears of what activities do, to count it. None of these may throw. */
export interface ActivityObserver {
  delivery(channel: FactorName, result: DeliveryResult): void;
  renewal(result: RenewalResult): void;
  webhookAttempt(result: AttemptResult): void;
}

/** Hears nothing. */
export const noObserver: ActivityObserver = {
  delivery: () => undefined,
  renewal: () => undefined,
  webhookAttempt: () => undefined,
};

/** `maySend`: a text may be under way after this verdict. */
export function deliveryResultOf(verdict: Auth0Verdict, maySend: boolean): DeliveryResult {
  switch (verdict) {
    case 'too_many_texts':
    case 'phone_number_invalid':
    case 'authenticator_limit':
      return verdict;
    default:
      return maySend ? 'unknown' : 'not_sent';
  }
}
