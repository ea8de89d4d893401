import { managementScopes } from '../management/scopes';
import { textField, words } from '../fields';
import { issuerFor, managementAudiences } from '../place';
import { refusals } from '../refusals';
import { type GrantHandler, requireField } from './grant';

/** Seconds. */
const life = 86_400;

/** `client_credentials`: a token for the Management API, with every scope or the ones asked for. */
export const clientCredentials: GrantHandler = async ({ tenant, request, application }) => {
  const audience = requireField(tenant, request, 'audience');
  if (!managementAudiences(tenant.place).includes(audience)) throw refusals.serviceNotFound(audience);
  const asked = words(textField(request.body, 'scope'));
  const scope = asked.length === 0 ? managementScopes : managementScopes.filter((one) => asked.includes(one));
  const { clientId } = application;
  const { token } = await tenant.tokens.mintAccessToken({
    issuer: issuerFor(tenant.place, request.host),
    subject: `${clientId}@clients`,
    audience,
    clientId,
    scope,
    lifeSeconds: life,
  });
  return { access_token: token, scope: scope.join(' '), expires_in: life, token_type: 'Bearer' };
};
