import { authenticateClient } from '../client-authentication';
import { mayUse, mfaGrant, passwordRealmGrant } from '../application';
import { authorizationCode } from '../grants/authorization-code';
import { type GrantHandler, requireField } from '../grants/grant';
import { clientCredentials } from '../grants/client-credentials';
import { password } from '../grants/password';
import { refreshToken } from '../grants/refresh-token';
import { mfaOob } from '../grants/mfa-oob';
import { mfaOtp } from '../grants/mfa-otp';
import { mfaRecoveryCode } from '../grants/mfa-recovery-code';
import { OAuthError } from '../errors';
import { refusals } from '../refusals';
import type { AddRoutes } from './route';

const grants: ReadonlyMap<string, GrantHandler> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
  ['password', password],
  [passwordRealmGrant, password],
  [mfaGrant.oob, mfaOob],
  [mfaGrant.otp, mfaOtp],
  [mfaGrant.recoveryCode, mfaRecoveryCode],
]);

/** `POST /oauth/token`, form or JSON. */
export const tokenRoute: AddRoutes = (app, tenant) => {
  app.post('/oauth/token', {
    // Recorded without a charset here, with one at /mfa/*. A fault's HTML page stays what it is.
    onSend: async (_request, reply) => {
      if (String(reply.getHeader('content-type')).startsWith('application/json')) {
        reply.header('content-type', 'application/json');
      }
    },
    handler: async (request, reply) => {
      const grantType = requireField(tenant, request, 'grant_type');
      const application = await authenticateClient(tenant, request);
      const grant = grants.get(grantType);
      if (grant === undefined) {
        throw new OAuthError(403, 'unsupported_grant_type', `Unsupported grant type: ${grantType}`);
      }
      if (!mayUse(application, grantType)) throw refusals.grantNotAllowed(grantType);
      const body = await grant({ tenant, request, application });
      return reply.header('cache-control', 'no-store').send(body);
    },
  });
};
