import type { Associated, Proof, TokenSet } from '../enrollment/steps';
import type { AssociateRequest, Authenticator } from '../factors';

/** What a sign-in gives. */
export interface SignInTokens extends TokenSet {
  /** As Auth0 sent it: nothing in it has been checked. `createIdTokenCheck` does that. */
  readonly idToken?: string;
}

/** Auth0's MFA API. Every function throws Auth0Error (./errors) and nothing else, and never retries. */
export interface MfaClient {
  associate(token: string, request: AssociateRequest, signal?: AbortSignal): Promise<Associated>;
  /** The mfa-oob or mfa-otp grant: the first that succeeds activates the authenticator. */
  confirm(token: string, proof: Proof, signal?: AbortSignal): Promise<TokenSet>;
  listAuthenticators(token: string, signal?: AbortSignal): Promise<readonly Authenticator[]>;
  /** An authenticator that is already gone counts as deleted. */
  deleteAuthenticator(token: string, id: string, signal?: AbortSignal): Promise<void>;
  refresh(refreshToken: string, signal?: AbortSignal): Promise<TokenSet>;
  /** Authorization code with PKCE (RFC 7636). */
  exchangeCode(
    request: { code: string; codeVerifier: string; redirectUri: string },
    signal?: AbortSignal,
  ): Promise<SignInTokens>;
}
