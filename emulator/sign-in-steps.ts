import { isChallenged } from './enroll';
import { isMfaAudience } from './token-response';
import { alphabets } from './random';
import type { AuthorizeRequest, SignIn } from './sign-in';
import type { Tenant } from './tenant';
import type { User } from './user';

/** Milliseconds that an authorization code lives. */
const codeLifeMs = 60_000;

/** "Remember this browser" has no say for the MFA audience; an email factor alone makes no challenge. */
export const mustAnswerChallenge = (tenant: Tenant, user: User, audience: string): boolean =>
  isChallenged(user) && (isMfaAudience(tenant, audience) || tenant.state.switches.mfaPolicy === 'always');

/** Where the browser goes once the user is known: to the challenge or back to the application. */
export function afterLogin(tenant: Tenant, signIn: SignIn, user: User): string {
  signIn.userId = user.userId;
  return mustAnswerChallenge(tenant, user, signIn.request.audience)
    ? `/u/mfa-challenge?state=${signIn.id}`
    : finish(tenant, signIn, user);
}

/** Ends the sign-in: the redirect that carries the code. */
export function finish(tenant: Tenant, { id, request }: SignIn, user: User): string {
  tenant.state.signIns.delete(id);
  const code = tenant.random.text(alphabets.alphanumeric, 43);
  const expiresAt = tenant.clock.now() + codeLifeMs;
  tenant.state.authorizationCodes.set(code, { request, userId: user.userId, expiresAt });
  return redirectTo(request, { code });
}

export function redirectTo(
  { redirectUri, state }: Pick<AuthorizeRequest, 'redirectUri' | 'state'>,
  answer: { readonly code: string } | { readonly error: string; readonly error_description: string },
): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}
