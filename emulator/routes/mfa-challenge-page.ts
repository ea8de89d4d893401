import type { FastifyReply } from 'fastify';
import { type Authenticator, challenges, listEntry } from '../authenticator';
import type { Challenge } from '../challenge';
import { OAuthError } from '../errors';
import { textField } from '../fields';
import { attemptBucket, countFailure, requireAttempt } from '../limits';
import { findByCode } from '../otp';
import { escapeHtml, faultyField, page } from '../pages';
import { refusals } from '../refusals';
import { sendChallenge, takeSending } from '../send-challenge';
import type { Session, SignIn } from '../sign-in';
import { finish } from '../sign-in-steps';
import type { Tenant } from '../tenant';
import type { User } from '../user';
import { requireSignIn } from './login';
import type { AddRoutes } from './route';

/** The hosted challenge that stands before a token for a user with an active factor. */
export const mfaChallengePageRoutes: AddRoutes = (app, tenant) => {
  app.get('/u/mfa-challenge', async (request, reply) => {
    const { signIn, user, authenticator } = requireStep(tenant, request.query);
    const problem = refusalOf(() => openChallenge(tenant, signIn, user, authenticator));
    return show(reply, signIn, user, authenticator, problem);
  });

  app.post('/u/mfa-challenge', async (request, reply) => {
    const { signIn, session, user, authenticator } = requireStep(tenant, request.body);
    const code = textField(request.body, 'code') ?? '';
    const problem = refusalOf(() => check(tenant, signIn, user, authenticator, code));
    return problem === undefined
      ? finish(tenant, reply, signIn, session)
      : show(reply.code(400), signIn, user, authenticator, problem);
  });
};

interface Step {
  readonly signIn: SignIn;
  readonly session: Session;
  readonly user: User;
  /** The one the page asked for, or the oldest that can challenge. */
  readonly authenticator: Authenticator;
}

function requireStep(tenant: Tenant, fields: unknown): Step {
  const signIn = requireSignIn(tenant, fields);
  const { session } = signIn;
  const user = tenant.state.users.get(session?.userId ?? '');
  if (session === undefined || user === undefined) throw new OAuthError(400, 'invalid_request', 'Log in first.');
  const usable = user.authenticators.filter(challenges);
  const asked = textField(fields, 'authenticator');
  const authenticator = usable.find((one) => one.id === asked) ?? usable[0];
  if (authenticator === undefined) throw new OAuthError(400, 'invalid_request', 'No factor is left to answer with.');
  return { signIn, session, user, authenticator };
}

function refusalOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof OAuthError) return error.description;
    throw error;
  }
}

/** Sends once a sign-in and authenticator; showing the page again sends nothing. */
function openChallenge(tenant: Tenant, signIn: SignIn, user: User, authenticator: Authenticator): void {
  if (authenticator.kind !== 'oob' || challengeOf(tenant, signIn, authenticator) !== undefined) return;
  takeSending(tenant, user, authenticator.channel);
  signIn.challengeId = sendChallenge(tenant, user, signIn.id, [authenticator]).id;
}

function challengeOf(tenant: Tenant, signIn: SignIn, authenticator: Authenticator): Challenge | undefined {
  const challenge = tenant.state.challenges.get(signIn.challengeId ?? '');
  return challenge?.authenticatorIds.includes(authenticator.id) === true ? challenge : undefined;
}

/** Marks the code as used, or throws the refusal that the page shows. */
function check(tenant: Tenant, signIn: SignIn, user: User, authenticator: Authenticator, code: string): void {
  const { switches } = tenant.state;
  const bucket = attemptBucket(tenant, authenticator.kind === 'otp' ? 'otp' : 'oob');
  requireAttempt(tenant, user, bucket);
  if (authenticator.kind === 'otp') {
    const found = findByCode(tenant, [authenticator], code);
    if (found === undefined) {
      countFailure(tenant, user, bucket, 'Invalid otp_code.');
      throw refusals.otpCodeInvalid();
    }
    found.record.lastStep = found.step;
    return;
  }
  const answer = challengeOf(tenant, signIn, authenticator)?.answer;
  if (answer?.by === 'push') {
    if (answer.state === 'rejected') throw refusals.pushRejected(switches);
    if (answer.state !== 'approved') throw refusals.authorizationPending();
  } else {
    if (answer !== undefined && answer.expiresAt <= tenant.clock.now()) throw refusals.codeExpired(switches);
    if (answer?.state !== 'open' || answer.code !== code) {
      countFailure(tenant, user, bucket, 'Invalid binding_code.');
      throw refusals.bindingCodeInvalid(switches);
    }
  }
  answer.state = 'used';
}

function show(
  reply: FastifyReply,
  signIn: SignIn,
  user: User,
  authenticator: Authenticator,
  problem?: string,
): FastifyReply {
  const isPush = authenticator.kind === 'oob' && authenticator.channel === 'auth0';
  const others = user.authenticators.filter((one) => challenges(one) && one.id !== authenticator.id);
  const links = others.map(
    (one) =>
      `<li><a href="/u/mfa-challenge?state=${encodeURIComponent(signIn.id)}&amp;authenticator=${encodeURIComponent(one.id)}">${escapeHtml(describe(one))}</a></li>`,
  );
  const codeField = `<label for="code">Code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus${faultyField(problem)}>`;
  return reply.type('text/html').send(
    page(
      'Verify your identity',
      `<p>${escapeHtml(isPush ? 'Approve the request on your device, then continue.' : `Code from: ${describe(authenticator)}`)}</p>
<form method="post" action="/u/mfa-challenge">
<input type="hidden" name="state" value="${escapeHtml(signIn.id)}">
<input type="hidden" name="authenticator" value="${escapeHtml(authenticator.id)}">
${isPush ? '' : codeField}
<button type="submit">Continue</button>
</form>
${links.length === 0 ? '' : `<p id="others">Use another method:</p><ul aria-labelledby="others">${links.join('')}</ul>`}`,
      problem,
    ),
  );
}

function describe(authenticator: Authenticator): string {
  if (authenticator.kind !== 'oob') return 'authenticator app';
  const { name } = listEntry(authenticator, false);
  return typeof name === 'string' ? `${authenticator.channel} to ${name}` : 'device';
}
