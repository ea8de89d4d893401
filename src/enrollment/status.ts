import type { FactorName } from '../factors';
import type { ProblemCode } from './problems';

/** Where an enrollment is; the last five are outcomes. Public names: other systems compare them. */
export const enrollmentStates = [
  'awaiting_token',
  'associating',
  'awaiting_code',
  'confirming',
  'verifying',
  'completed',
  'partial',
  'expired',
  'cancelled',
  'failed',
] as const;
export type EnrollmentStateName = (typeof enrollmentStates)[number];

export const outcomes = ['completed', 'partial', 'expired', 'cancelled', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];

export const waitingForWhos = ['user', 'onboarding', 'operator', 'auth0', 'nobody'] as const;
export const waitingForWhats = [
  'sign_in',
  'token',
  'token_refresh',
  'phone_number',
  'binding_code',
  'otp',
  'resend',
  'recovery_code',
  'attempts',
  'deliveries',
  'cooldown',
  'challenge',
  'code_check',
  'read_back',
  'answer',
  'unexpected_answer',
  'texts_stopped',
  'delete_authenticators',
  'configuration',
  'nothing',
] as const;

/** Whom an enrollment waits for, and for what. */
export interface WaitingFor {
  readonly who: (typeof waitingForWhos)[number];
  readonly what: (typeof waitingForWhats)[number];
}

/** `accepted`: Auth0 took the code, not read back yet. `confirmed`: Auth0 lists it active. `removed`: undone by policy. */
export type FactorProgressState = 'waiting' | 'challenged' | 'accepted' | 'confirmed' | 'removed';

export interface FactorStatus {
  readonly factor: FactorName;
  readonly state: FactorProgressState;
  /** Auth0 listed it active when it was last read. */
  readonly active: boolean;
  /** The user had it before the enrollment began. */
  readonly alreadyActive?: true;
  /** Auth0's id of the authenticator, once read back. */
  readonly authenticatorId?: string;
}

/** What the user must answer now, without the secret part (that is the `challenge` query). Times are ISO 8601, UTC. */
export interface ChallengeStatus {
  /** Names this challenge: a code may say which challenge it answers. */
  readonly challengeId: string;
  readonly factor: FactorName;
  /** `oob`: a code sent to the user. `otp`: a code from the authenticator app. */
  readonly type: 'oob' | 'otp';
  readonly issuedAt: string;
  /** When the texted code dies (Auth0: 5 minutes), or when the token dies that the setup key is bound to. */
  readonly expiresAt: string;
  /** Last digits only. */
  readonly phoneNumber?: string;
}

/** What happened to an enrollment that its user should hear of, by whatever way it came. */
export const noticeTypes = ['factor_confirmed', 'phone_number_changed', 'token_replaced'] as const;

/** Time is ISO 8601, UTC. */
export interface NoticeStatus {
  /**
   * `factor_confirmed`: Auth0 listed a factor active that the user did not have before. `token_replaced`: another token was
   * brought in place of one that was held.
   */
  readonly type: (typeof noticeTypes)[number];
  readonly at: string;
  readonly factor?: FactorName;
}

/** The public view of an enrollment. Never holds a secret. Times are ISO 8601, UTC. */
export interface EnrollmentStatus {
  readonly version: 1;
  readonly state: EnrollmentStateName;
  /** The factor under way; absent before the first and after the last. */
  readonly factor?: FactorName;
  readonly factors: readonly FactorStatus[];
  readonly challenge?: ChallengeStatus;
  /** Codes that may still be wrong before the user has to wait. */
  readonly attemptsLeft: number;
  /** When `attemptsLeft` grows by one; absent while it is full. */
  readonly nextAttemptAt?: string;
  /** Messages that Auth0 may still send now for the factor under way: text messages where that one sends nothing. */
  readonly textsLeft: number;
  /** When a message may be sent again; absent when now. */
  readonly nextTextAt?: string;
  readonly deadlines: { readonly enrollment: string; readonly challenge?: string; readonly token?: string };
  /** Last digits only: the number that was verified, once one is; before, the one that codes are sent to. */
  readonly phoneNumber?: string;
  /** How often the number was changed since the start: names the number that somebody was shown. */
  readonly phoneNumberChanges: number;
  /** When the user agreed to the plan and to the number of now; absent when they have not, or when the number was changed since. */
  readonly consentedAt?: string;
  /** Every factor is active, and the enrollment waits until somebody says that the user has saved the recovery code. */
  readonly recoveryCodeDue?: true;
  /** The newest 20, oldest first. */
  readonly notices: readonly NoticeStatus[];
  readonly lastProblem?: {
    readonly code: ProblemCode;
    readonly message: string;
    readonly at: string;
    readonly retryAt?: string;
  };
  /** Who has to act, and what is awaited: for programs. */
  readonly waitingFor: WaitingFor;
  /** One sentence for the person who helps: what has to happen next. */
  readonly nextAction: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** What `challenge` answers: secrets that the user must see, and nobody else. */
export type ChallengeSecrets =
  | { readonly type: 'none'; readonly recoveryCode?: string }
  | {
      readonly type: 'oob';
      readonly factor: FactorName;
      readonly challengeId: string;
      readonly phoneNumber?: string;
      readonly recoveryCode?: string;
    }
  | {
      readonly type: 'otp';
      readonly factor: FactorName;
      readonly challengeId: string;
      /** Base32, as Auth0 gave it. */
      readonly setupKey: string;
      /** `otpauth://totp/…`, verbatim: what the QR shows. */
      readonly barcodeUri: string;
      readonly recoveryCode?: string;
    };
