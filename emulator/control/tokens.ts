import { z } from 'zod';
import { words } from '../fields';
import { alphabets } from '../random';
import type { AddRoutes } from '../routes/route';
import { issueTokens, mfaScopes } from '../token-response';
import { ControlError, requireUser } from './control-error';

const tokenRequest = z.strictObject({
  userId: z.string().min(1),
  kind: z.enum(['access_token', 'mfa_token']).default('access_token'),
  /** An API of the tenant; default: the MFA API. */
  audience: z.string().optional(),
  /** Space-separated; default: the three scopes of the MFA API, or all permissions of the API. With `offline_access` a refresh token comes along. */
  scope: z.string().optional(),
  /** Seconds; default: the life that the tenant gives. */
  expiresIn: z.int().min(1).max(86_400).optional(),
  /** The application it is issued to; default: the emulator's own. */
  clientId: z.string().optional(),
});

/** The token that `/authorize` with the MFA audience would give, or the one of an `mfa_required` answer. */
export const tokensRoute: AddRoutes = (app, tenant) => {
  app.post('/tokens', async (request) => {
    const {
      userId,
      kind,
      audience: asked,
      scope,
      expiresIn,
      clientId = tenant.client.id,
    } = tokenRequest.parse(request.body);
    const user = requireUser(tenant, userId);
    if (!tenant.state.applications.has(clientId)) throw new ControlError(404, `No application ${clientId}`);
    const issuer = `${tenant.place.origin}/`;
    const api = tenant.state.apis.get(asked ?? '');
    if (asked !== undefined && api === undefined) throw new ControlError(404, `No API ${asked}`);
    const audience = api?.identifier ?? `https://${tenant.place.domain}/mfa/`;
    const scopes = scope === undefined ? [...(api?.permissions ?? mfaScopes)] : words(scope);
    if (kind === 'mfa_token') {
      const lifeSeconds = expiresIn ?? tenant.state.switches.mfaTokenLifeSeconds;
      const mfaToken = await tenant.seals.seal({
        kind: 'mfa_token',
        transaction: tenant.random.text(alphabets.hex, 24),
        userId,
        clientId,
        issuer,
        audience,
        scope: scopes,
        expiresAt: tenant.clock.now() + lifeSeconds * 1000,
      });
      return { mfaToken, accessToken: mfaToken, expiresIn: lifeSeconds, scope: scopes.join(' ') };
    }
    const { body } = await issueTokens(tenant, {
      user,
      clientId,
      issuer,
      audience,
      scope: scopes,
      lifeSeconds: expiresIn,
    });
    return {
      accessToken: body.access_token,
      expiresIn: body['expires_in'],
      scope: body['scope'],
      tokenType: 'Bearer',
      ...(body['refresh_token'] !== undefined && { refreshToken: body['refresh_token'] }),
      ...(body['id_token'] !== undefined && { idToken: body['id_token'] }),
    };
  });
};
