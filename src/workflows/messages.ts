import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Actor } from '../enrollment/actor';
import type { Case } from '../enrollment/case';
import type { CodeResult, EnrollmentInput, Shown } from '../enrollment/commands';
import type { Enrollment } from '../enrollment/enrollment';
import type { Told } from '../enrollment/events';
import type { ChallengeSecrets, EnrollmentStatus } from '../enrollment/status';
import type { GivenToken } from '../enrollment/tokens';
import type { FactorName } from '../factors';

/** The names are public: other systems send these messages. Arguments only ever gain optional fields. */
export const workflowType = 'mfaEnrollment';

/** What a run begins with. */
export interface MfaEnrollmentInput extends EnrollmentInput {
  /** Everything that the run before this one knew, where one continues as new. Set by the workflow itself. */
  readonly continued?: Case;
  /** What other systems were told of it, where the run before this one told them something. Set by the workflow itself. */
  readonly told?: Told;
}

export interface RenewTokenInput extends GivenToken {
  /** Any text; up to 64 characters are echoed back, which shows a caller whether its own call was the one executed. */
  readonly claim?: string;
  /**
   * What the user was shown before they signed in. The token is refused with `number_changed` when the number was changed
   * since. Together with `claim` it is the user's consent: `consentedAt` says when the token was taken.
   */
  readonly shown?: Shown;
}

export interface RenewTokenResult extends EnrollmentStatus {
  readonly claim?: string;
}

export interface ConfirmCodeInput {
  readonly factor: FactorName;
  /** Six digits; spaces and dashes are dropped. */
  readonly code: string;
  /** When given and not the current challenge, the code is refused without using an attempt. */
  readonly challengeId?: string;
  /** Whose hand sends it. A code from the hand that set the phone number is refused. */
  readonly by?: Actor;
}

export interface ConfirmCodeResult {
  readonly result: CodeResult;
  readonly attemptsLeft: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly status: EnrollmentStatus;
}

export interface ChangePhoneNumberInput {
  /** E.164. */
  readonly phoneNumber: string;
  /** Its keyed hash (`EnrollmentIds.phoneNumber`), by which the enrollment is found from now on. */
  readonly phoneNumberHash?: string;
  /** Whose hand sets it. */
  readonly by?: Actor;
}

export interface AcknowledgeRecoveryCodeInput {
  /** Whose hand sends it. */
  readonly by?: Actor;
}

/** The first of the details of the ApplicationFailure that refuses an update; its `type` is a `RefusalType`. No refused update leaves an event. */
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
export const acknowledgeRecoveryCode = defineUpdate<EnrollmentStatus, [AcknowledgeRecoveryCodeInput]>(
  'acknowledgeRecoveryCode',
);
export const renewToken = defineUpdate<RenewTokenResult, [RenewTokenInput]>('renewToken');

export const status = defineQuery<EnrollmentStatus>('status');
export const challenge = defineQuery<ChallengeSecrets>('challenge');

/** Key of the memo in which an enrollment is kept readable without a query (docs/decisions/0011-status-in-memo.md). */
export const caseMemo = 'enrollment';

/** What stands there: what `status` is computed from. Never holds a secret; encrypted like every payload. */
export interface CaseMemo {
  readonly version: 2;
  readonly enrollment: Enrollment;
  /** Epoch ms; of the token in use. */
  readonly tokenExpiresAt?: number;
  /** The first run of a chain that continued as new: what the enrollment id is made of. Absent until a worker has seen the run. */
  readonly firstRunId?: string;
}
