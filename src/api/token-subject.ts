import { decodeJwt } from 'jose';
import { ApiProblem } from './problems';

/**
 * Whose token it is, when it can be read. Not verified: Auth0 does that on every call. This only keeps one user's token
 * out of another's case, so a token that cannot be read tells nothing.
 */
export function tokenSubject(accessToken: string): string | undefined {
  try {
    return decodeJwt(accessToken).sub;
  } catch {
    return undefined;
  }
}

/** Throws `invalid_request` when the token says that it is somebody else's. */
export function assertTokenOf(accessToken: string, field: string, isTheirs: (subject: string) => boolean): void {
  const subject = tokenSubject(accessToken);
  if (subject === undefined || isTheirs(subject)) return;
  const expected = 'a token of the user of this enrollment';
  throw new ApiProblem('invalid_request', { detail: `${field}: expected ${expected}.`, errors: [{ field, expected }] });
}
