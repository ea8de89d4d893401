import type { FastifyReply } from 'fastify';
import { answerApplication } from './authorize-answer';
import { isChallenged } from './enroll';
import { isMfaAudience } from './token-response';
import { alphabets } from './random';
import type { Session, SignIn } from './sign-in';
import type { Tenant } from './tenant';
import type { User } from './user';

/** Milliseconds that an authorization code lives. */
const codeLifeMs = 60_000;

/** "Remember this browser" has no say for the MFA audience; an email factor alone makes no challenge. */
export const mustAnswerChallenge = (tenant: Tenant, user: User, audience: string): boolean =>
  isChallenged(user) && (isMfaAudience(tenant, audience) || tenant.state.switches.mfaPolicy === 'always');

/** What the browser gets once the user is known: the challenge, or the end of the sign-in. */
export function afterLogin(
  tenant: Tenant,
  reply: FastifyReply,
  signIn: SignIn,
  user: User,
  session: Session,
): FastifyReply {
  signIn.session = session;
  return mustAnswerChallenge(tenant, user, signIn.request.audience)
    ? reply.redirect(`/u/mfa-challenge?state=${signIn.id}`, 303)
    : finish(tenant, reply, signIn, session);
}

/** Ends the sign-in: the application gets its code. */
export function finish(tenant: Tenant, reply: FastifyReply, { id, request }: SignIn, session: Session): FastifyReply {
  tenant.state.signIns.delete(id);
  const code = tenant.random.text(alphabets.alphanumeric, 43);
  const expiresAt = tenant.clock.now() + codeLifeMs;
  tenant.state.authorizationCodes.set(code, { request, session, expiresAt });
  return answerApplication(reply, request, { code });
}
