import type { Authenticator } from '../../src/factors';
import {
  advance,
  openEnrollment,
  type Challenge,
  type Enrollment,
  type EnrollmentEvent,
} from '../../src/enrollment/enrollment';
import { problem } from '../../src/enrollment/problems';
import type { EnrollmentStateName } from '../../src/enrollment/status';

export const now = Date.parse('2026-03-01T12:00:00Z');

export const smsActive: Authenticator = { id: 'sms|dev_1', authenticatorType: 'oob', oobChannel: 'sms', active: true };
export const otpActive: Authenticator = { id: 'totp|dev_2', authenticatorType: 'otp', active: true };

export const smsChallenge: Challenge = {
  challengeId: 'challenge-1',
  factor: 'sms',
  type: 'oob',
  issuedAt: now,
  expiresAt: now + 300_000,
};
export const otpChallenge: Challenge = {
  challengeId: 'challenge-2',
  factor: 'otp',
  type: 'otp',
  issuedAt: now,
  expiresAt: now + 600_000,
};

const phoneNumber = '+14155550167';
/** As a fresh enrollment shows its number. */
export const masked = '••••••••••67';

export const fresh = (): Enrollment =>
  openEnrollment({ factors: ['sms', 'otp'], phoneNumber, options: { lifetimeSeconds: 3600 } }, now);

export const after = (...events: readonly EnrollmentEvent[]): Enrollment => events.reduce(advance, fresh());

const associatedSms: EnrollmentEvent = { type: 'associated', challenge: smsChallenge, at: now };
const associatedOtp: EnrollmentEvent = { type: 'associated', challenge: otpChallenge, at: now };
const confirmed: readonly EnrollmentEvent[] = [{ type: 'confirmStarted' }, { type: 'codeAccepted', at: now }];
const bothAccepted = [associatedSms, ...confirmed, associatedOtp, ...confirmed];

const settledAs = (outcome: 'partial' | 'expired' | 'cancelled' | 'failed'): EnrollmentEvent => ({
  type: 'settled',
  outcome,
  at: now,
});

/** One enrollment in each state, reached by the events that lead there. */
export const inState: Readonly<Record<EnrollmentStateName, Enrollment>> = {
  awaiting_token: after({ type: 'tokenNeeded', problem: problem('token_needed', now) }),
  associating: after(),
  awaiting_code: after(associatedSms),
  confirming: after(associatedSms, { type: 'confirmStarted' }),
  verifying: after(...bothAccepted),
  completed: after(
    ...bothAccepted,
    { type: 'authenticatorsRead', authenticators: [smsActive, otpActive], opening: false, at: now },
    { type: 'settled', outcome: 'completed', at: now },
  ),
  partial: after(associatedSms, ...confirmed, settledAs('partial')),
  expired: after(settledAs('expired')),
  cancelled: after(settledAs('cancelled')),
  failed: after(settledAs('failed')),
};
