import { OAuthError } from '../errors';
import { isChallenged } from '../enroll';
import { textField, words } from '../fields';
import { issuerFor } from '../place';
import { refusals } from '../refusals';
import { issueTokens } from '../token-response';
import { type GrantHandler, requireField } from './grant';
import { mfaRequired } from './mfa-required';

/** `refresh_token`: the audience stays that of the first grant, the scope may shrink. Refresh tokens do not rotate. */
export const refreshToken: GrantHandler = async ({ tenant, request, application }) => {
  const known = tenant.state.refreshTokens.get(requireField(tenant, request, 'refresh_token'));
  const user = tenant.state.users.get(known?.userId ?? '');
  if (known === undefined || user === undefined || known.clientId !== application.clientId) {
    throw refusals.refreshTokenInvalid();
  }
  const asked = words(textField(request.body, 'scope'));
  if (asked.some((scope) => !known.scope.includes(scope))) {
    throw new OAuthError(403, 'invalid_scope', 'The scope is wider than the one first granted');
  }
  const issuer = issuerFor(tenant.place, request.host);
  const scope = asked.length === 0 ? known.scope : asked;
  const grant = { user, clientId: application.clientId, issuer, audience: known.audience, scope, sid: known.sid };
  const { refreshWantsMfa, mfaPolicy } = tenant.state.switches;
  if (refreshWantsMfa && (isChallenged(user) || mfaPolicy === 'always')) throw await mfaRequired(tenant, grant);
  return (await issueTokens(tenant, { ...grant, mayRefresh: false })).body;
};
