import { createHash } from 'node:crypto';
import { OAuthError } from '../errors';
import { textField } from '../fields';
import { issuerFor } from '../place';
import type { AuthorizationCode } from '../sign-in';
import { issueTokens } from '../token-response';
import { type GrantHandler, requireField } from './grant';

const codeInvalid = () => new OAuthError(403, 'invalid_grant', 'Invalid authorization code');

/** `authorization_code` with PKCE S256 (RFC 7636). A code that was tried is spent, whether or not the try was right. */
export const authorizationCode: GrantHandler = async ({ tenant, request, application }) => {
  const code = requireField(tenant, request, 'code');
  const known = tenant.state.authorizationCodes.get(code);
  tenant.state.authorizationCodes.delete(code);
  if (known === undefined || known.expiresAt <= tenant.clock.now()) throw codeInvalid();
  const { clientId, redirectUri, issuer, audience, scope, nonce, tellsAuthTime } = known.request;
  const user = tenant.state.users.get(known.session.userId);
  const { sid, authenticatedAt } = known.session;
  if (user === undefined || clientId !== application.clientId) throw codeInvalid();
  if (issuer !== issuerFor(tenant.place, request.host)) throw codeInvalid();
  if (textField(request.body, 'redirect_uri') !== redirectUri) {
    throw new OAuthError(403, 'invalid_grant', 'The redirect URI is wrong.');
  }
  checkVerifier(known, textField(request.body, 'code_verifier'));
  const { body } = await issueTokens(tenant, {
    ...{ user, clientId, issuer, audience, scope, nonce, sid },
    ...(tellsAuthTime && { authenticatedAt }),
  });
  return body;
};

function checkVerifier({ request }: AuthorizationCode, verifier: string | undefined): void {
  if (request.codeChallenge === undefined && verifier === undefined) return;
  const matches =
    verifier !== undefined && createHash('sha256').update(verifier).digest('base64url') === request.codeChallenge;
  if (!matches) throw new OAuthError(403, 'invalid_grant', 'Failed to verify code verifier');
}
