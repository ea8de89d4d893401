import { authenticateClient } from '../client-authentication';
import { OAuthError } from '../errors';
import { textField, words } from '../fields';
import { requireField } from '../grants/grant';
import { issuerFor } from '../place';
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
    tenant.state.sessions.delete(request.cookies[sessionCookie] ?? '');
    reply.clearCookie(sessionCookie, { path: '/' });
    const returnTo = textField(request.query, 'returnTo');
    if (returnTo === undefined) return reply.type('text/plain').send('OK');
    const known = [...tenant.state.applications.values()].some(
      ({ callbacks }) =>
        callbacks.length === 0 ||
        callbacks.some((one) => URL.canParse(returnTo) && new URL(one).origin === new URL(returnTo).origin),
    );
    if (!known || !URL.canParse(returnTo))
      throw new OAuthError(400, 'invalid_request', 'The returnTo address is not allowed');
    return reply.redirect(returnTo);
  });
};
