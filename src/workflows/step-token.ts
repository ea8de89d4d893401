import { limits } from '../enrollment/limits';
import { problem, type ProblemCode } from '../enrollment/problems';
import { tokenFor, withoutRefreshToken, withoutToken, withToken, type HeldToken } from '../enrollment/tokens';
import { refreshToken } from './auth0-calls';
import { changeNumber } from './commands';
import { forgetChallenge, nextCommand, record, tokenExpiry, type LiveCase } from './live-case';
import type { TokenInput } from './messages';
import { share } from './presentation';

/** `awaiting_token`: nothing goes on until somebody brings a token; days may pass. */
export async function awaitToken(live: LiveCase): Promise<void> {
  const command = await nextCommand(live, 'Waiting for a token');
  switch (command?.type) {
    case undefined:
      return;
    case 'token':
      takeToken(live, command.token);
      command.done = true;
      return;
    case 'changePhoneNumber':
      changeNumber(live, command.phoneNumber);
      command.done = true;
      return;
    case 'resend':
      command.done = true;
      return;
    case 'code':
      command.result = { result: 'token_needed' };
      return;
  }
}

/** Keeps a token that somebody brought; a case that waited for one goes on. */
export function takeToken(live: LiveCase, token: TokenInput): void {
  live.tokens = withToken(live.tokens, token, Date.now());
  live.tokenProblem = undefined;
  if (live.enrollment.state === 'awaiting_token') record(live, { type: 'tokenProvided' });
  else share(live.enrollment, tokenExpiry(live));
}

/**
 * A token that lives `seconds` more, in this order: the one the last confirm returned, one that was given, a refreshed one.
 * Without any the case turns to `awaiting_token`, and the step that asked is begun again when a token comes.
 */
export async function tokenOrPause(live: LiveCase, seconds: number): Promise<HeldToken | undefined> {
  const token = tokenFor(live.tokens, seconds, Date.now()) ?? (await refreshed(live, seconds));
  if (token === undefined) pauseForToken(live);
  return token;
}

/** Could the next challenge be asked for without a person signing in again? */
export const canGoOnWithoutSignIn = (live: LiveCase): boolean =>
  tokenFor(live.tokens, limits.tokenMarginSeconds, Date.now()) !== undefined || live.tokens.refreshToken !== undefined;

/** Auth0 refused a token: it is not tried again. */
export function dropToken(live: LiveCase, accessToken: string, because: ProblemCode): void {
  live.tokens = withoutToken(live.tokens, accessToken);
  live.tokenProblem = because;
}

export function pauseForToken(live: LiveCase): void {
  const now = Date.now();
  forgetChallenge(live);
  record(live, { type: 'tokenNeeded', problem: problem(live.tokenProblem ?? missing(live, now), now) });
}

function missing(live: LiveCase, now: number): ProblemCode {
  if (tokenFor(live.tokens, limits.callMarginSeconds, now) !== undefined) return 'token_too_short';
  return live.tokens.held.length > 0 ? 'token_expired' : 'token_needed';
}

async function refreshed(live: LiveCase, seconds: number): Promise<HeldToken | undefined> {
  if (live.tokens.refreshToken === undefined) return undefined;
  const outcome = await refreshToken(live.tokens.refreshToken);
  // Whatever the answer was, this refresh token has been used: an answer that got lost may have rotated it.
  if (outcome.kind !== 'unavailable') live.tokens = withoutRefreshToken(live.tokens);
  if (outcome.kind !== 'refreshed') return undefined;
  live.tokens = withToken(live.tokens, outcome.token, Date.now());
  return tokenFor(live.tokens, seconds, Date.now());
}
