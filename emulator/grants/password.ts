import { passwordRealmGrant } from '../application';
import { OAuthError } from '../errors';
import { textField, words } from '../fields';
import { issuerFor } from '../place';
import { mustAnswerChallenge } from '../sign-in-steps';
import { issueTokens, requireAudience } from '../token-response';
import { type GrantHandler, requireField } from './grant';
import { mfaRequired } from './mfa-required';

/** `password` and `password-realm` (RFC 6749 4.3): tokens, or `mfa_required`. */
export const password: GrantHandler = async ({ tenant, request, application }) => {
  const username = requireField(tenant, request, 'username');
  const secret = requireField(tenant, request, 'password');
  if (textField(request.body, 'grant_type') === passwordRealmGrant) requireField(tenant, request, 'realm');
  const issuer = issuerFor(tenant.place, request.host);
  const audience = requireAudience(tenant, issuer, textField(request.body, 'audience'));
  const user = [...tenant.state.users.values()].find((one) => one.email === username);
  if (user === undefined || user.password !== secret) {
    throw new OAuthError(403, 'invalid_grant', 'Wrong email or password.');
  }
  const scope = words(textField(request.body, 'scope'));
  const signIn = { user, clientId: application.clientId, issuer, audience, scope };
  const due = tenant.state.switches.mfaPolicy === 'always' || mustAnswerChallenge(tenant, user, audience);
  if (due) throw await mfaRequired(tenant, signIn);
  return (await issueTokens(tenant, signIn)).body;
};
