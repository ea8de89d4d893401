import type { Associated, Proof, TokenSet } from '../auth0/mfa';
import type { Authenticator, FactorName } from '../factors';

/** Refusals are values: what Auth0 said no to, in a list that the workflow switches over. */
export type TokenRefused = {
  readonly kind: 'token_refused';
  readonly problem: 'token_refused' | 'token_wrong_kind';
};

export type ListOutcome = { readonly kind: 'listed'; readonly authenticators: readonly Authenticator[] } | TokenRefused;

export type AssociateOutcome =
  | { readonly kind: 'associated'; readonly challenge: Associated }
  | { readonly kind: 'phone_number_invalid' }
  | { readonly kind: 'too_many_texts' }
  | { readonly kind: 'authenticator_limit' }
  | TokenRefused;

export type ConfirmOutcome =
  /** `token` is absent when Auth0's own answer was lost and its list shows the factor active. */
  | { readonly kind: 'accepted'; readonly token?: TokenSet }
  | { readonly kind: 'code_rejected' }
  | { readonly kind: 'challenge_expired' }
  | { readonly kind: 'too_many_codes' }
  | { readonly kind: 'denied' }
  | TokenRefused;

export type DeleteOutcome = { readonly kind: 'deleted' } | { readonly kind: 'not_allowed' } | TokenRefused;

export type RefreshOutcome = { readonly kind: 'refreshed'; readonly token: TokenSet } | { readonly kind: 'refused' };

export interface AssociateInput {
  readonly accessToken: string;
  readonly factor: FactorName;
  /** E.164. */
  readonly phoneNumber?: string;
  /** Ids of the factor's records before this step: a later attempt tells by them whether an earlier one had its effect. */
  readonly knownIds: readonly string[];
}

export interface ConfirmInput {
  readonly accessToken: string;
  readonly factor: FactorName;
  readonly proof: Proof;
  /** Ids of the factor's records that were active before this step. */
  readonly activeIds: readonly string[];
}
