import { limits } from './limits';

/** An access token for the MFA API and when it dies (epoch ms). */
export interface HeldToken {
  readonly accessToken: string;
  readonly expiresAt: number;
}

/** The tokens a case holds, the best first: the one of the last confirm, then the ones it was given, newest first. */
export interface Tokens {
  readonly held: readonly HeldToken[];
  readonly refreshToken?: string;
}

export interface GivenToken {
  readonly accessToken: string;
  /** Seconds; 600 (Auth0's fixed life) when absent. */
  readonly expiresIn?: number;
  readonly refreshToken?: string;
}

export const noTokens: Tokens = { held: [] };

/** The first token that lives `seconds` longer than `now`. */
export const tokenFor = (tokens: Tokens, seconds: number, now: number): HeldToken | undefined =>
  tokens.held.find(({ expiresAt }) => expiresAt - now >= seconds * 1000);

/** With a token that is better than all before it. A refresh token that comes along replaces the one held. */
export function withToken(tokens: Tokens, token: GivenToken, now: number): Tokens {
  const refreshToken = token.refreshToken ?? tokens.refreshToken;
  return {
    held: [held(token, now), ...alive(tokens.held, now)],
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

/** Without a token that Auth0 refused. */
export const withoutToken = (tokens: Tokens, refused: string): Tokens => ({
  ...tokens,
  held: tokens.held.filter(({ accessToken }) => accessToken !== refused),
});

/** A refresh token is used once unless its answer brings the next one. */
export const withoutRefreshToken = ({ held }: Tokens): Tokens => ({ held });

const held = ({ accessToken, expiresIn = limits.tokenLifeSeconds }: GivenToken, now: number): HeldToken => ({
  accessToken,
  expiresAt: now + expiresIn * 1000,
});

const alive = (tokens: readonly HeldToken[], now: number) => tokens.filter(({ expiresAt }) => expiresAt > now);
