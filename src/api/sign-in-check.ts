import type { FastifyBaseLogger } from 'fastify';
import { JwksError, type CheckIdToken } from '../auth0/id-token';
import type { MfaClient } from '../auth0/mfa';
import { readToken } from '../enrollment/token-owner';
import type { Enrollments } from '../temporal/enrollments';
import type { SignIn } from './sign-in-cookie';

export type Tokens = Awaited<ReturnType<MfaClient['exchangeCode']>>;

/** The page that a sign-in ends with which proves nothing. */
export interface Doubt {
  readonly type: 'not_fresh' | 'not_signed_in' | 'other_user' | 'unavailable';
}

export interface SignInCheckParts {
  readonly checkIdToken: CheckIdToken;
  readonly isOf: Enrollments['isOf'];
}

/** Why a sign-in does not prove that the user of the enrollment was there just now; undefined when it does. */
export function createSignInCheck({ checkIdToken, isOf }: SignInCheckParts) {
  return async function doubtAbout(
    log: FastifyBaseLogger,
    { enrollmentId, nonce, agreedAt }: Pick<SignIn, 'enrollmentId' | 'nonce' | 'agreedAt'>,
    { idToken, accessToken }: Tokens,
  ): Promise<Doubt | undefined> {
    try {
      const checked = await checkIdToken(idToken, { nonce, since: agreedAt });
      if (checked.type === 'refused') {
        log.warn({ why: checked.why }, 'ID token refused');
        return { type: checked.why === 'not_fresh' ? 'not_fresh' : 'not_signed_in' };
      }
      // Both tokens, and closed should Auth0 ever send one that does not say whose it is: a link must not enroll whoever opens it.
      const owner = readToken(accessToken);
      const subjects = [checked.subject, owner.type === 'readable' ? owner.subject : undefined];
      const isTheirs = subjects.every((subject) => subject !== undefined && isOf(enrollmentId, subject));
      return isTheirs ? undefined : { type: 'other_user' };
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      log.warn({ err: error }, 'ID token not checked');
      return { type: 'unavailable' };
    }
  };
}
