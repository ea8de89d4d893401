import { readToken } from '../enrollment/token-owner';
import { Auth0Error } from './errors';
import type { MfaClient } from './mfa';
import { turnOf, type Pace } from './pace';
import { endpoints, type Auth0Call } from './requests';
import { createTenantLimitDetector } from './tenant-limit';

/**
 * The same client, whose calls wait for their turn (`withPriority`, `waitingAtMost` in ./pace). One that gets none in time was
 * not sent: it throws an Auth0Error `throttled` without a status, as Auth0's own 429 is one with status 429, and says when to
 * come again. Every call is asked for anew: nothing is retried here.
 */
export function paced(mfa: MfaClient, pace: Pace): MfaClient {
  const tenantLimit = createTenantLimitDetector();

  async function inTurn<T>(
    call: Auth0Call,
    user: string,
    signal: AbortSignal | undefined,
    make: () => Promise<T>,
  ): Promise<T> {
    const admission = await pace.admit(turnOf(signal));
    if (admission.type === 'refused') {
      const { retryAfterMs } = admission;
      throw new Auth0Error({ verdict: 'throttled', endpoint: endpoints[call], retryAfterMs, remedy: notSent });
    }
    let answer: T;
    try {
      answer = await make();
    } catch (error) {
      if (!mayBeOfTenant(error)) tenantLimit.ended();
      if (!mayBeOfTenant(error) || !tenantLimit.throttled(user)) {
        admission.ended();
        throw error;
      }
      const { verdict, endpoint, status, error: code } = error;
      const retryAfterMs = admission.throttled(error.retryAfterMs);
      throw new Auth0Error({
        verdict,
        endpoint,
        retryAfterMs,
        ...(status && { status }),
        ...(code && { error: code }),
      });
    }
    tenantLimit.ended();
    admission.ended();
    return answer;
  }

  return {
    associate: (token, request, signal) =>
      inTurn('associate', userOf(token), signal, () => mfa.associate(token, request, signal)),
    confirm: (token, proof, signal) =>
      inTurn(proof.type === 'oob' ? 'confirm_oob' : 'confirm_otp', userOf(token), signal, () =>
        mfa.confirm(token, proof, signal),
      ),
    listAuthenticators: (token, signal) =>
      inTurn('list', userOf(token), signal, () => mfa.listAuthenticators(token, signal)),
    deleteAuthenticator: (token, id, signal) =>
      inTurn('delete', userOf(token), signal, () => mfa.deleteAuthenticator(token, id, signal)),
    refresh: (refreshToken, signal) => inTurn('refresh', anybody, signal, () => mfa.refresh(refreshToken, signal)),
    exchangeCode: (request, signal) => inTurn('exchange', anybody, signal, () => mfa.exchangeCode(request, signal)),
  };
}

const notSent = 'It was not sent: the calls to this tenant have to wait for their turn (AUTH0_CALLS_PER_SECOND).';

/** Whose call it is; calls whose user is not known count as one user's. */
const anybody = '';
function userOf(accessToken: string): string {
  const token = readToken(accessToken);
  return token.type === 'readable' ? token.subject : anybody;
}

/**
 * May this be refused because of the calls of all users together? A 429 with another error code is about one user or address:
 * whoever provokes it must not make everybody wait.
 */
const mayBeOfTenant = (error: unknown): error is Auth0Error =>
  error instanceof Auth0Error &&
  error.verdict === 'throttled' &&
  (error.error === undefined || error.error === 'too_many_requests');
