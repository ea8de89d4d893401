import type { Authenticator, FactorName } from '../factors';
import type { Priority } from './tenant-budget';

// What an enrollment asks of the outside, and the answers it understands. The answers of Auth0 come from src/activities;
// `Fault` is added where Temporal gave up on an activity.

/** What `POST /mfa/associate` answered, in our spelling. Auth0's answer, not our request, picks the next step. */
export type Associated =
  | {
      readonly type: 'oob';
      readonly oobCode: string;
      /** Shown once, on the first authenticator a user ever adds, when the tenant has recovery codes on. */
      readonly recoveryCode?: string;
    }
  | {
      readonly type: 'otp';
      /** Base32. Auth0 calls it `secret`. */
      readonly setupKey: string;
      /** `otpauth://totp/…`, verbatim. */
      readonly barcodeUri: string;
      readonly recoveryCode?: string;
    };

/** What `POST /oauth/token` answered, in our spelling. */
export interface TokenSet {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken?: string;
  /** As Auth0 sent it, split at spaces; empty when absent. */
  readonly scope: readonly string[];
}

/** The code of a user, with what Auth0 needs to know which challenge it answers. */
export type Proof =
  | { readonly type: 'oob'; readonly oobCode: string; readonly bindingCode: string }
  | { readonly type: 'otp'; readonly otp: string };

/** Every call names the user whose token it must be. */
interface OwnCall {
  readonly userId: string;
  readonly accessToken: string;
}

export type ListInput = OwnCall;

export interface AssociateInput extends OwnCall {
  readonly factor: FactorName;
  /** E.164. */
  readonly phoneNumber?: string;
  /** A keyed hash of the caller who set the number: whose texts these are; absent when nobody can tell. */
  readonly caller?: string;
  /** Ids of the factor's authenticators before this step: a later attempt tells by them whether an earlier one had its effect. */
  readonly knownIds: readonly string[];
  /**
   * `inTask`: asked for in the first workflow task of the run, where nothing in its history says so yet: the counter of texts remembers
   * it. `goesOn`: the remote activity after that one had surely sent nothing; it has the same place at the counter.
   */
  readonly firstOfRun?: 'inTask' | 'goesOn';
}

/** What the first workflow task of a run may have done in a try that was lost. */
export interface RecallInput {
  /** E.164. */
  readonly phoneNumber: string;
}

export interface ConfirmInput extends OwnCall {
  readonly factor: FactorName;
  readonly proof: Proof;
  /** Ids of all authenticators that were active before this step. */
  readonly activeIds: readonly string[];
}

export interface DeleteInput extends OwnCall {
  readonly id: string;
}

export interface RefreshInput {
  readonly userId: string;
  readonly refreshToken: string;
}

/** Why a list of authenticators is read. */
export type ReadingPurpose = 'opening' | 'reconcile' | 'leftovers' | 'readBack' | 'ending';

/** A person waits for what opens an enrollment and for what confirms it, and for no other reading. */
export const priorityOf = (purpose: ReadingPurpose): Priority =>
  purpose === 'opening' || purpose === 'readBack' ? 'interactive' : 'background';

/** What the workflow has to do next. The only place where a step is chosen is `decide`. */
export type Step =
  /** Until a message comes, the run is cancelled, or `until` (epoch ms) is reached. */
  | { readonly type: 'wait'; readonly until: number; readonly summary: string }
  | {
      readonly type: 'list';
      readonly purpose: ReadingPurpose;
      readonly input: ListInput;
      readonly summary: string;
    }
  | { readonly type: 'associate'; readonly input: AssociateInput; readonly summary: string }
  | { readonly type: 'confirm'; readonly input: ConfirmInput; readonly summary: string }
  | {
      readonly type: 'delete';
      readonly input: DeleteInput;
      /** The factor that is taken back; absent for an authenticator that nobody confirmed. */
      readonly undo?: FactorName;
      readonly summary: string;
    }
  | { readonly type: 'refresh'; readonly input: RefreshInput; readonly summary: string }
  | { readonly type: 'recall'; readonly input: RecallInput; readonly summary: string }
  /** The enrollment is settled and everybody has an answer. */
  | { readonly type: 'close' };

export type EffectStep = Exclude<Step, { type: 'wait' } | { type: 'close' }>;

/** Auth0 or we ourselves would not use this token. */
export interface TokenRefused {
  readonly kind: 'token_refused';
  readonly problem: 'token_refused' | 'token_wrong_kind' | 'token_of_another_user' | 'token_unreadable';
}

/** An answer that no version of Auth0 is known to give: a proxy's page, a firewall, or a new error text. */
export interface Unexpected {
  readonly kind: 'unexpected';
}

/** How a call ended without an answer of Auth0. */
export type Fault =
  /** It may have had its effect. `outage`: Auth0 had not answered the attempt before. `ahead`: so may steps that follow from it. */
  | { readonly kind: 'lost'; readonly outage?: true; readonly ahead?: true }
  /** It had none, and Auth0 did not come back within the bound. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs?: number }
  /** The tenant or the application is misconfigured, or our request is malformed: no repetition helps. */
  | {
      readonly kind: 'fatal';
      readonly failure: 'configuration' | 'malformedRequest';
      readonly message: string;
    };

export type ListOutcome =
  { readonly kind: 'listed'; readonly authenticators: readonly Authenticator[] } | TokenRefused | Unexpected;

export type AssociateOutcome =
  | { readonly kind: 'associated'; readonly challenge: Associated }
  | { readonly kind: 'phone_number_invalid' }
  | { readonly kind: 'too_many_texts' }
  | { readonly kind: 'authenticator_limit' }
  /**
   * Auth0 was not asked: the number or the caller has had its texts and calls of a day, one more is free at `retryAt` (epoch ms);
   * or an operator has stopped them for the number's prefix.
   */
  | { readonly kind: 'not_sent'; readonly why: 'number' | 'caller' | 'stopped'; readonly retryAt?: number }
  | TokenRefused
  | Unexpected;

export type ConfirmOutcome =
  /** `token` is absent when Auth0's own answer was lost and its list shows the factor active. */
  | { readonly kind: 'accepted'; readonly token?: TokenSet }
  | { readonly kind: 'code_rejected' }
  | { readonly kind: 'challenge_expired' }
  | { readonly kind: 'too_many_codes' }
  | { readonly kind: 'denied' }
  | TokenRefused
  | Unexpected;

export type DeleteOutcome = { readonly kind: 'deleted' } | { readonly kind: 'not_allowed' } | TokenRefused;

export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly token: TokenSet }
  | { readonly kind: 'refused' }
  /** The token that came is not this user's, or nobody can tell. */
  | { readonly kind: 'foreign'; readonly problem: 'token_of_another_user' | 'token_unreadable' }
  | Unexpected;

export type RecallOutcome =
  /** A text or call was reserved; `knownIds`: the authenticators of its factor that were there before. */
  | { readonly kind: 'reserved'; readonly knownIds: readonly string[] }
  /** None was, so none was sent. */
  | { readonly kind: 'none' };

/** A step that was performed, with what came of it. */
export type Performed =
  | Done<'list', ListOutcome>
  | Done<'associate', AssociateOutcome>
  | Done<'confirm', ConfirmOutcome>
  | Done<'delete', DeleteOutcome>
  | Done<'refresh', RefreshOutcome>
  | Done<'recall', RecallOutcome>;

interface Done<Type extends EffectStep['type'], Outcome> {
  readonly type: Type;
  readonly step: Extract<EffectStep, { type: Type }>;
  readonly outcome: Outcome | Fault;
}
