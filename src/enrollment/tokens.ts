import { defined } from './defined';
import { limits } from './limits';
import { readToken } from './token-owner';

/** An access token for the MFA API and when it dies (epoch ms). */
export interface HeldToken {
  readonly accessToken: string;
  readonly expiresAt: number;
}

/** The tokens an enrollment holds, the best first: the one of the last confirm, then the ones it was given, newest first. */
export interface Tokens {
  readonly held: readonly HeldToken[];
  readonly refreshToken?: string;
}

/** A token that opens Auth0's MFA API for the user, as somebody brings it. */
export interface GivenToken {
  readonly accessToken: string;
  /** Seconds of life from now; 600 (Auth0's fixed life) when absent. A JWT's own `exp` wins over it. */
  readonly expiresIn?: number;
  /** Epoch ms: the same as `expiresIn`, but not moved by a delay on the way. Wins over `expiresIn`; a JWT's own `exp` wins over both. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
}

export const noTokens: Tokens = { held: [] };

/** The first token that lives `seconds` longer than `now`. */
export const tokenFor = (tokens: Tokens, seconds: number, now: number): HeldToken | undefined =>
  tokens.held.find(({ expiresAt }) => expiresAt - now >= seconds * 1000);

/**
 * With a token that is better than all before it. A refresh token that comes along replaces the one held. The newest
 * `limits.heldTokens` that live are kept, and `inUse`: a challenge that waits can be answered with no other.
 */
export function withToken(tokens: Tokens, token: GivenToken, now: number, inUse?: HeldToken): Tokens {
  const living = [heldToken(token, now), ...tokens.held.filter(({ expiresAt }) => expiresAt > now)];
  const held = living.filter(
    ({ accessToken }, index) => index < limits.heldTokens || accessToken === inUse?.accessToken,
  );
  return {
    held,
    ...defined({ refreshToken: token.refreshToken ?? tokens.refreshToken }),
  };
}

/** Without a token that Auth0 refused. */
export const withoutToken = (tokens: Tokens, refused: string): Tokens => ({
  ...tokens,
  held: tokens.held.filter(({ accessToken }) => accessToken !== refused),
});

/** A refresh token is used once unless its answer brings the next one. */
export const withoutRefreshToken = ({ held }: Tokens): Tokens => ({ held });

function heldToken({ accessToken, expiresIn, expiresAt }: GivenToken, now: number): HeldToken {
  const token = readToken(accessToken);
  const own = token.type === 'readable' ? token.expiresAt : undefined;
  return { accessToken, expiresAt: own ?? expiresAt ?? now + (expiresIn ?? limits.tokenLifeSeconds) * 1000 };
}
