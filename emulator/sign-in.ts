/**
 * How the answer comes back: in the address, or as a message to the window that opened the page or frames it
 * (draft-sakimura-oauth-wmrm). Auth0's browser SDK signs in silently and by popup with the second.
 */
export const responseModes = ['query', 'web_message'] as const;

/** What an application asked for at `/authorize`. */
export interface AuthorizeRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly responseMode: (typeof responseModes)[number];
  readonly audience: string;
  readonly scope: readonly string[];
  readonly issuer: string;
  readonly state?: string | undefined;
  readonly nonce?: string | undefined;
  readonly loginHint?: string | undefined;
  readonly codeChallenge?: string | undefined;
  /** The application asked for a fresh sign-in (`prompt=login` or `max_age`), so the id_token says when the user signed in. */
  readonly tellsAuthTime: boolean;
}

/** A browser's session at the login page. */
export interface Session {
  readonly userId: string;
  /** What id_tokens name it by: OpenID Connect Front-Channel Logout 1.0, section 3. Not the cookie, which is secret. */
  readonly sid: string;
  /** When the password was right, epoch milliseconds. Absent in a session that an emulator before this one kept. */
  readonly authenticatedAt?: number;
}

/** A sign-in under way in a browser. */
export interface SignIn {
  readonly id: string;
  readonly request: AuthorizeRequest;
  /** Absent until the password was right. */
  session?: Session;
  /** The open challenge of the MFA page, for factors that send something. */
  challengeId?: string;
}

/** Single use, a minute long. */
export interface AuthorizationCode {
  readonly request: AuthorizeRequest;
  readonly session: Session;
  readonly expiresAt: number;
}

export interface RefreshToken {
  readonly userId: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scope: readonly string[];
  /** Of the session it began in, where there was one. */
  readonly sid?: string | undefined;
}
