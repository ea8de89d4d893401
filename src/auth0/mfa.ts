import type { AssociateRequest, Authenticator } from '../factors';

/** What `POST /mfa/associate` answered, in our spelling. Auth0's answer, not our request, picks the next step. */
export type Associated =
  | {
      readonly type: 'oob';
      readonly oobCode: string;
      /** `prompt`: the user types a code. Absent: the user approves on a device (push). */
      readonly bindingMethod?: 'prompt';
      /** Shown once, on the first authenticator a user ever adds, when the tenant has recovery codes on. */
      readonly recoveryCode?: string;
    }
  | {
      readonly type: 'otp';
      /** Base32. Auth0 calls it `secret`. */
      readonly setupKey: string;
      readonly barcodeUri: string;
      readonly recoveryCode?: string;
    };

export interface TokenSet {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken?: string;
  /** As Auth0 sent it, split at spaces; empty when absent. */
  readonly scope: readonly string[];
}

export type Proof =
  | { readonly type: 'oob'; readonly oobCode: string; readonly bindingCode: string }
  | { readonly type: 'otp'; readonly otp: string };

/** Auth0's MFA API. Every function throws Auth0Error (./errors) and nothing else, and never retries. */
export interface MfaClient {
  associate(token: string, request: AssociateRequest, signal?: AbortSignal): Promise<Associated>;
  /** The mfa-oob or mfa-otp grant: the first that succeeds activates the authenticator. */
  confirm(token: string, proof: Proof, signal?: AbortSignal): Promise<TokenSet>;
  listAuthenticators(token: string, signal?: AbortSignal): Promise<readonly Authenticator[]>;
  /** A record that is already gone counts as deleted. */
  deleteAuthenticator(token: string, id: string, signal?: AbortSignal): Promise<void>;
  refresh(refreshToken: string, signal?: AbortSignal): Promise<TokenSet>;
  /** Authorization code with PKCE (RFC 7636). */
  exchangeCode(
    request: { code: string; codeVerifier: string; redirectUri: string },
    signal?: AbortSignal,
  ): Promise<TokenSet>;
}
