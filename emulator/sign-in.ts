/** What an application asked for at `/authorize`. */
export interface AuthorizeRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly audience: string;
  readonly scope: readonly string[];
  readonly issuer: string;
  readonly state?: string | undefined;
  readonly nonce?: string | undefined;
  readonly loginHint?: string | undefined;
  readonly codeChallenge?: string | undefined;
}

/** A sign-in under way in a browser. */
export interface SignIn {
  readonly id: string;
  readonly request: AuthorizeRequest;
  /** Absent until the password was right. */
  userId?: string;
  /** The open challenge of the MFA page, for factors that send something. */
  challengeId?: string;
}

/** Single use, a minute long. */
export interface AuthorizationCode {
  readonly request: AuthorizeRequest;
  readonly userId: string;
  readonly expiresAt: number;
}

export interface RefreshToken {
  readonly userId: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scope: readonly string[];
}
