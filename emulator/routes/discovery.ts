import { mfaScopes } from '../token-response';
import { grantTypes } from '../application';
import { supportedMethods } from '../client-authentication';
import { issuerFor } from '../place';
import { responseModes } from '../sign-in';
import type { AddRoutes } from './route';

/** OpenID Connect discovery and the key set, for the host that was asked. */
export const discoveryRoutes: AddRoutes = (app, tenant) => {
  app.get('/.well-known/openid-configuration', async (request) => {
    const issuer = issuerFor(tenant.place, request.host);
    return {
      issuer,
      authorization_endpoint: `${issuer}authorize`,
      token_endpoint: `${issuer}oauth/token`,
      userinfo_endpoint: `${issuer}userinfo`,
      mfa_challenge_endpoint: `${issuer}mfa/challenge`,
      revocation_endpoint: `${issuer}oauth/revoke`,
      end_session_endpoint: `${issuer}oidc/logout`,
      jwks_uri: `${issuer}.well-known/jwks.json`,
      scopes_supported: ['openid', 'profile', 'email', 'offline_access', ...mfaScopes],
      response_types_supported: ['code'],
      response_modes_supported: responseModes,
      grant_types_supported: grantTypes,
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: supportedMethods,
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'PS256'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: [
        ...['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'sid', 'auth_time'],
        ...['email', 'email_verified', 'name', 'amr'],
      ],
    };
  });

  app.get('/.well-known/jwks.json', async () => tenant.tokens.jwks);
};
