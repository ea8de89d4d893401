import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerApplication } from '../authorize-answer';
import { OAuthError } from '../errors';
import { textField, words } from '../fields';
import { issuerFor } from '../place';
import { alphabets } from '../random';
import { refusals } from '../refusals';
import { type AuthorizeRequest, responseModes, type Session, type SignIn } from '../sign-in';
import { afterLogin, mustAnswerChallenge } from '../sign-in-steps';
import type { Tenant } from '../tenant';
import { requireAudience } from '../token-response';
import type { User } from '../user';
import { sessionCookie } from './login';
import type { AddRoutes } from './route';

/** `GET /authorize`: the code flow (RFC 6749 4.1) with PKCE S256. */
export const authorizeRoute: AddRoutes = (app, tenant) => {
  app.get('/authorize', async (request, reply) => {
    const back = requireCallback(tenant, request);
    try {
      return begin(tenant, request, reply, back);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return answerApplication(reply, back, { error: error.code, error_description: error.description });
    }
  });
};

type Callback = Pick<AuthorizeRequest, 'clientId' | 'redirectUri' | 'state' | 'responseMode'>;

/** Until client and callback are known good, errors are shown here and go nowhere (RFC 6749 4.1.2.1). */
function requireCallback(tenant: Tenant, { query }: FastifyRequest): Callback {
  const clientId = textField(query, 'client_id');
  const redirectUri = textField(query, 'redirect_uri');
  if (clientId === undefined) throw refusals.missingParameter('client_id');
  if (redirectUri === undefined) throw refusals.missingParameter('redirect_uri');
  const application = tenant.state.applications.get(clientId);
  if (application === undefined) throw new OAuthError(403, 'invalid_request', `Unknown client: ${clientId}`);
  const listed = application.callbacks.length === 0 || application.callbacks.includes(redirectUri);
  if (!listed || !URL.canParse(redirectUri)) {
    throw new OAuthError(403, 'unauthorized_client', `Callback URL mismatch. ${redirectUri} is not allowed`);
  }
  const asked = textField(query, 'response_mode');
  const responseMode = responseModes.find((mode) => mode === asked) ?? 'query';
  return { clientId, redirectUri, state: textField(query, 'state'), responseMode };
}

/** Sends the browser on: to the login page, to the challenge, or straight back with a code. */
function begin(tenant: Tenant, request: FastifyRequest, reply: FastifyReply, back: Callback): FastifyReply {
  const { query } = request;
  if (textField(query, 'response_type') !== 'code') {
    throw new OAuthError(400, 'unsupported_response_type', 'Only response_type=code is supported');
  }
  const responseMode = textField(query, 'response_mode') ?? 'query';
  if (responseMode !== back.responseMode) {
    throw new OAuthError(400, 'invalid_request', `response_mode must be one of: ${responseModes.join(', ')}`);
  }
  const codeChallenge = textField(query, 'code_challenge');
  if (codeChallenge !== undefined && textField(query, 'code_challenge_method') !== 'S256') {
    throw new OAuthError(400, 'invalid_request', 'Only code_challenge_method=S256 is supported');
  }
  const prompt = textField(query, 'prompt');
  const maxAge = maxAgeOf(query);
  const issuer = issuerFor(tenant.place, request.host);
  const signIn: SignIn = {
    id: tenant.random.text(alphabets.alphanumeric, 32),
    request: {
      ...back,
      issuer,
      audience: requireAudience(tenant, issuer, textField(query, 'audience')),
      scope: words(textField(query, 'scope')),
      nonce: textField(query, 'nonce'),
      loginHint: textField(query, 'login_hint'),
      codeChallenge,
      tellsAuthTime: prompt === 'login' || maxAge !== undefined,
    },
  };
  const known = sessionOf(tenant, request);
  const session = mustAskAgain(tenant, known, prompt, maxAge) ? undefined : known;
  const user = tenant.state.users.get(session?.userId ?? '');
  if (prompt === 'none') requireSilence(tenant, user, signIn);
  tenant.state.signIns.set(signIn.id, signIn);
  return user === undefined || session === undefined
    ? reply.redirect(`/u/login?state=${signIn.id}`, 303)
    : afterLogin(tenant, reply, signIn, user, session);
}

function sessionOf(tenant: Tenant, request: FastifyRequest): Session | undefined {
  return tenant.state.sessions.get(request.cookies[sessionCookie] ?? '');
}

/** Seconds; undefined when it was not asked for. @throws OAuthError for what is no number of seconds. */
function maxAgeOf(query: unknown): number | undefined {
  const text = textField(query, 'max_age');
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new OAuthError(400, 'invalid_request', 'max_age must be a number of seconds');
  return Number(text);
}

/** OpenID Connect Core 1.0, 3.1.2.1: `login` always asks again, `max_age` when the sign-in is older than that; 0 is any sign-in. */
function mustAskAgain(
  { clock, state }: Tenant,
  session: Session | undefined,
  prompt: string | undefined,
  maxAge: number | undefined,
): boolean {
  if (state.switches.reauthentication === 'silent') return false;
  if (prompt === 'login' || maxAge === 0) return true;
  return maxAge !== undefined && clock.now() - (session?.authenticatedAt ?? 0) > maxAge * 1000;
}

function requireSilence(tenant: Tenant, user: User | undefined, { request }: SignIn): void {
  if (user === undefined) throw new OAuthError(400, 'login_required', 'Login required');
  if (mustAnswerChallenge(tenant, user, request.audience)) {
    throw new OAuthError(400, 'login_required', 'Multifactor authentication required');
  }
}
