import type { FastifyReply, FastifyRequest } from 'fastify';
import { authenticateClient } from '../client-authentication';
import { OAuthError } from '../errors';
import { textField, words } from '../fields';
import { requireField } from '../grants/grant';
import { issuerFor } from '../place';
import type { Tenant } from '../tenant';
import { sessionCookie } from './login';
import type { AddRoutes } from './route';

/** What surrounds a sign-in: user info, revocation, logout. */
export const sessionRoutes: AddRoutes = (app, tenant) => {
  app.get('/userinfo', async (request) => {
    const token = words(request.headers.authorization)[1] ?? '';
    const verified = await tenant.tokens.verify(token);
    const issuer = issuerFor(tenant.place, request.host);
    const user = verified.state === 'valid' ? tenant.state.users.get(verified.claims.sub) : undefined;
    if (verified.state !== 'valid' || user === undefined || !verified.claims.aud.includes(`${issuer}userinfo`)) {
      throw new OAuthError(401, 'invalid_token', 'Unauthorized');
    }
    return { sub: user.userId, email: user.email, email_verified: true, name: user.email };
  });

  // RFC 7009: an unknown token is as good as revoked.
  app.post('/oauth/revoke', async (request, reply) => {
    const { clientId } = await authenticateClient(tenant, request);
    const token = requireField(tenant, request, 'token');
    if (tenant.state.refreshTokens.get(token)?.clientId === clientId) tenant.state.refreshTokens.delete(token);
    return reply.code(200).send();
  });

  app.get('/v2/logout', async (request, reply) => {
    endSession(tenant, request, reply);
    const returnTo = textField(request.query, 'returnTo');
    if (returnTo === undefined) return reply.type('text/plain').send('OK');
    return reply.redirect(requireKnownAddress(tenant, 'returnTo', returnTo).href, 303);
  });

  // OpenID Connect RP-Initiated Logout 1.0, section 2. Like Auth0's own, it also takes a POST.
  app.route({
    method: ['GET', 'POST'],
    url: '/oidc/logout',
    handler: async (request, reply) => {
      endSession(tenant, request, reply);
      const fields = request.method === 'POST' ? request.body : request.query;
      const address = textField(fields, 'post_logout_redirect_uri');
      if (address === undefined) return reply.type('text/plain').send('OK');
      const url = requireKnownAddress(tenant, 'post_logout_redirect_uri', address);
      const state = textField(fields, 'state');
      if (state !== undefined) url.searchParams.set('state', state);
      return reply.redirect(url.href, 303);
    },
  });
};

function endSession(tenant: Tenant, request: FastifyRequest, reply: FastifyReply): void {
  tenant.state.sessions.delete(request.cookies[sessionCookie] ?? '');
  reply.clearCookie(sessionCookie, { path: '/' });
}

/** @throws OAuthError for an address whose origin is that of no application's callback. */
function requireKnownAddress(tenant: Tenant, name: string, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const known = [...tenant.state.applications.values()].some(
    ({ callbacks }) => callbacks.length === 0 || callbacks.some((one) => new URL(one).origin === url?.origin),
  );
  if (url === undefined || !known) {
    throw new OAuthError(400, 'invalid_request', `The ${name} address is not allowed`);
  }
  return url;
}
