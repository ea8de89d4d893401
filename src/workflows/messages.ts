import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Enrollment } from '../enrollment/enrollment';
import type { ChallengeSecrets, EnrollmentStatus } from '../enrollment/status';
import type { FactorName } from '../factors';

/** Contract, section 3. The names are public: other systems send these messages. Arguments only ever gain optional fields. */
export const workflowType = 'mfaEnrollment';

/** A token that opens Auth0's MFA API for the user. Auth0 docs: 600 seconds, fixed. */
export interface TokenInput {
  readonly accessToken: string;
  /** Seconds of life left; 600 when absent. */
  readonly expiresIn?: number;
  readonly refreshToken?: string;
}

export interface MfaEnrollmentInput {
  readonly userId: string;
  /** In order. */
  readonly factors: readonly FactorName[];
  /** E.164. */
  readonly phoneNumber?: string;
  readonly token?: TokenInput;
  readonly options?: MfaEnrollmentOptions;
}

/** All in seconds where not said otherwise; defaults in src/enrollment/limits.ts. */
export interface MfaEnrollmentOptions {
  /** Life of the whole case. */
  readonly lifetimeSeconds?: number;
  /** What becomes of factors that did get active when the case ends without all of them. */
  readonly partialPolicy?: 'keep' | 'remove';
}

export interface RenewTokenInput extends TokenInput {
  /** Comes back with the answer. Of several calls under one update id only the first is carried out: it tells whose that was. */
  readonly claim?: string;
}

export interface RenewTokenResult extends EnrollmentStatus {
  readonly claim?: string;
}

export interface ConfirmCodeInput {
  readonly factor: FactorName;
  /** Six digits; spaces and dashes are dropped. */
  readonly code: string;
  /** When given and not the challenge of now, the code is refused as late instead of being spent. */
  readonly challengeId?: string;
}

export interface ConfirmCodeResult {
  readonly result: 'confirmed' | 'rejected' | 'rate_limited' | 'expired' | 'token_needed' | 'unavailable';
  readonly attemptsLeft: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly status: EnrollmentStatus;
}

export interface ChangePhoneNumberInput {
  /** E.164. */
  readonly phoneNumber: string;
}

/** Why an update is refused, as the `type` of the ApplicationFailure its caller gets. No refused update leaves an event. */
export const refusalTypes = [
  'malformed',
  'wrong_step',
  'stale_challenge',
  'rate_limited',
  'resend_too_soon',
  'too_many_texts',
  'not_resendable',
  'settled',
] as const;
export type RefusalType = (typeof refusalTypes)[number];

/** The first of the ApplicationFailure's details. */
export interface RefusalDetails {
  readonly attemptsLeft?: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly factor?: FactorName;
}

// Signals carry `unknown`: they are durable before anyone looks at them, so whatever they hold must be harmless.
export const submitBindingCode = defineSignal<[unknown?]>('submitBindingCode');
export const submitOtp = defineSignal<[unknown?]>('submitOtp');
export const provideToken = defineSignal<[unknown?]>('provideToken');
export const resendCode = defineSignal<[unknown?]>('resendCode');
export const cancelEnrollment = defineSignal<[unknown?]>('cancelEnrollment');

export const awaitChallenge = defineUpdate<EnrollmentStatus>('awaitChallenge');
export const confirmCode = defineUpdate<ConfirmCodeResult, [ConfirmCodeInput]>('confirmCode');
export const resend = defineUpdate<EnrollmentStatus>('resend');
export const changePhoneNumber = defineUpdate<EnrollmentStatus, [ChangePhoneNumberInput]>('changePhoneNumber');
export const renewToken = defineUpdate<RenewTokenResult, [RenewTokenInput]>('renewToken');

export const status = defineQuery<EnrollmentStatus>('status');
export const challenge = defineQuery<ChallengeSecrets>('challenge');

/** Key of the memo in which a case is kept readable without a query (docs/decisions/0011-status-in-memo.md). */
export const caseMemo = 'enrollment';

/** What stands there: what `status` is computed from. Never holds a secret; encrypted like every payload. */
export interface CaseMemo {
  readonly version: 1;
  readonly enrollment: Enrollment;
  /** Epoch ms; of the token in use. */
  readonly tokenExpiresAt?: number;
}
