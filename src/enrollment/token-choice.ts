import type { Case, Turn } from './case';
import { apply, emptyCase, forgetChallenge, hold, meetProblem, remember } from './case';
import { parseToken, type EnrollmentInput } from './commands';
import { defined } from './defined';
import { limits } from './limits';
import { problem, type ProblemCode } from './problems';
import { foreignToken } from './token-owner';
import { tokenFor, withToken, type GivenToken, type HeldToken } from './tokens';

/**
 * Keeps a token that somebody brought, and goes on if the enrollment waited for one. A token of another user, or one whose
 * user cannot be read where that is not allowed, changes nothing but the last problem.
 */
export function takeToken(of: Case, token: GivenToken, now: number): Case {
  const foreign = foreignToken(token.accessToken, of.userId, of.opaqueTokens);
  if (foreign !== undefined) {
    const told = meetProblem(of, foreign, now);
    return tokenFor(of.held.tokens, 0, now) === undefined ? remember(told, { tokenProblem: foreign }) : told;
  }
  const replaces = of.held.tokens.held.some((each) => each.expiresAt > now) && !isHeld(of, token);
  const noted = replaces ? apply(of, { type: 'tokenReplaced', at: now }) : of;
  const taken = remember(hold(noted, { tokens: withToken(of.held.tokens, token, now, of.held.challenge?.token) }), {
    tokenProblem: undefined,
    refreshAt: undefined,
    refreshUseless: false,
  });
  return taken.enrollment.state === 'awaiting_token' ? apply(taken, { type: 'tokenProvided' }) : taken;
}

const isHeld = ({ held }: Case, { accessToken }: GivenToken): boolean =>
  held.tokens.held.some((each) => each.accessToken === accessToken);

/** A token is at hand for a step, or the turn that has to come first. */
export type TokenChoice = { readonly token: HeldToken } | { readonly turn: Turn };

/**
 * A token that lives `seconds` more, in this order: the one the last confirm returned, one that was given, a refreshed one.
 * Without any the enrollment waits for a token, and the step that asked is chosen again when one comes.
 */
export function chooseToken(of: Case, seconds: number, now: number): TokenChoice {
  const token = tokenFor(of.held.tokens, seconds, now);
  if (token !== undefined) return { token };
  return { turn: mayRefresh(of, now) ? refreshTurn(of) : { case: pauseForToken(of, now) } };
}

export const mayRefresh = ({ held, memory }: Case, now: number): boolean =>
  held.tokens.refreshToken !== undefined &&
  !memory.refreshUseless &&
  (memory.refreshAt === undefined || memory.refreshAt <= now);

export function refreshTurn(of: Case): Turn {
  const { refreshToken } = of.held.tokens;
  if (refreshToken === undefined) return { case: of };
  return {
    case: of,
    step: { type: 'refresh', input: { userId: of.userId, refreshToken }, summary: 'Renew the token' },
  };
}

/** Could the next challenge be asked for without a person signing in again? */
export const canGoOnWithoutSignIn = ({ held, memory }: Case, now: number): boolean =>
  tokenFor(held.tokens, limits.tokenMarginSeconds, now) !== undefined ||
  (held.tokens.refreshToken !== undefined && !memory.refreshUseless);

/** Nothing goes on until somebody brings a token, or the refresh token at hand is tried again. */
export function pauseForToken(of: Case, now: number): Case {
  const { refreshAt, tokenProblem } = of.memory;
  const waiting = of.held.tokens.refreshToken !== undefined && !of.memory.refreshUseless ? refreshAt : undefined;
  const met =
    waiting === undefined
      ? problem(tokenProblem ?? missingToken(of, now), now)
      : problem('auth0_unavailable', now, { retryAt: waiting });
  return apply(forgetChallenge(of), { type: 'tokenNeeded', problem: met, ...defined({ refreshAt: waiting }) });
}

function missingToken({ held }: Case, now: number): ProblemCode {
  if (tokenFor(held.tokens, limits.callMarginSeconds, now) !== undefined) return 'token_too_short';
  return held.tokens.held.length > 0 ? 'token_expired' : 'token_needed';
}

/**
 * When an Auth0 that is down is asked again (epoch ms): after 30 s, doubling up to 5 minutes, not before Auth0 wants it, and
 * spread so that enrollments which failed together do not all come back together.
 */
export function askAgainAt(of: Case, now: number, retryAfterMs = 0): number {
  const doubled = limits.askAgainSeconds * 2 ** Math.min(Math.max(0, of.memory.outages - 1), 10);
  const backoffMs = Math.min(limits.askAgainLongestSeconds, doubled) * 1000;
  return now + Math.round(Math.max(backoffMs, retryAfterMs) * (1 + of.spread / 2));
}

/**
 * A case at its beginning. `now`: when the run was started (epoch ms), which is when its token was given. `spread`: 0 to 1, see
 * `Case`.
 */
export function openCase(input: EnrollmentInput, now: number, spread: number): Case {
  const opened = emptyCase(input, now, spread);
  const token = parseToken(input.token); // a run may have been started by hand
  return token === undefined ? opened : takeToken(opened, token, now);
}
