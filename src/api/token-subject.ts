import { readToken, type OpaqueTokens } from '../enrollment/token-owner';
import { ApiProblem } from '../problems';

/**
 * Throws `invalid_request` for a token that says it is somebody else's, and for one whose user cannot be read unless those are
 * accepted. The signature is not checked: Auth0 does that whenever the token is used. A token that has expired is taken, for the
 * enrollment itself says what it needs then.
 */
export function assertTokenOf(
  accessToken: string,
  field: string,
  isTheirs: (subject: string) => boolean,
  opaqueTokens: OpaqueTokens,
): void {
  const token = readToken(accessToken);
  if (token.type === 'opaque' ? opaqueTokens === 'accept' : isTheirs(token.subject)) return;
  const expected =
    token.type === 'opaque'
      ? 'an access token (JWT) for the audience https://<domain>/mfa/, which says whose it is'
      : 'a token of the user of this enrollment';
  throw new ApiProblem('invalid_request', { detail: `${field}: expected ${expected}.`, errors: [{ field, expected }] });
}
