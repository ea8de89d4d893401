import type { FastifyRequest } from 'fastify';
import { OAuthError } from '../errors';
import { textField, words } from '../fields';
import { issuerFor } from '../place';
import { alphabets } from '../random';
import { refusals } from '../refusals';
import type { AuthorizeRequest, SignIn } from '../sign-in';
import { afterLogin, mustAnswerChallenge, redirectTo } from '../sign-in-steps';
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
      return reply.redirect(begin(tenant, request, back));
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return reply.redirect(redirectTo(back, { error: error.code, error_description: error.description }));
    }
  });
};

type Callback = Pick<AuthorizeRequest, 'clientId' | 'redirectUri' | 'state'>;

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
  return { clientId, redirectUri, state: textField(query, 'state') };
}

/** The next address of the browser. */
function begin(tenant: Tenant, request: FastifyRequest, back: Callback): string {
  const { query } = request;
  if (textField(query, 'response_type') !== 'code') {
    throw new OAuthError(400, 'unsupported_response_type', 'Only response_type=code is supported');
  }
  const codeChallenge = textField(query, 'code_challenge');
  if (codeChallenge !== undefined && textField(query, 'code_challenge_method') !== 'S256') {
    throw new OAuthError(400, 'invalid_request', 'Only code_challenge_method=S256 is supported');
  }
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
    },
  };
  const prompt = textField(query, 'prompt');
  const user = prompt === 'login' ? undefined : signedInUser(tenant, request);
  if (prompt === 'none') requireSilence(tenant, user, signIn);
  tenant.state.signIns.set(signIn.id, signIn);
  return user === undefined ? `/u/login?state=${signIn.id}` : afterLogin(tenant, signIn, user);
}

function signedInUser(tenant: Tenant, request: FastifyRequest): User | undefined {
  const userId = tenant.state.sessions.get(request.cookies[sessionCookie] ?? '');
  return tenant.state.users.get(userId ?? '');
}

function requireSilence(tenant: Tenant, user: User | undefined, { request }: SignIn): void {
  if (user === undefined) throw new OAuthError(400, 'login_required', 'Login required');
  if (mustAnswerChallenge(tenant, user, request.audience)) {
    throw new OAuthError(400, 'login_required', 'Multifactor authentication required');
  }
}
