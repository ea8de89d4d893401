import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error, type Auth0Verdict } from '../auth0/errors';
import type { MfaClient } from '../auth0/mfa';
import { defined } from '../enrollment/defined';
import { failureTypes } from '../enrollment/failures';
import type { AssociateInput, ConfirmInput } from '../enrollment/steps';
import { factors, type Authenticator } from '../factors';

// An attempt after the first may follow on a worker that died between Auth0's answer and ours.

/** Is there an authenticator that this step must have made? */
export async function leftAnAuthenticator(
  mfa: MfaClient,
  { accessToken, factor, knownIds }: AssociateInput,
  signal: AbortSignal,
): Promise<boolean> {
  const authenticators = await lookBack(mfa, accessToken, earlierAssociate, signal);
  return authenticators.some(
    (authenticator) => factors[factor].matches(authenticator) && !knownIds.includes(authenticator.id),
  );
}

/** Has the code of this step worked? */
export async function becameActive(
  mfa: MfaClient,
  { accessToken, factor, activeIds }: ConfirmInput,
  signal: AbortSignal,
): Promise<boolean> {
  const authenticators = await lookBack(mfa, accessToken, earlierConfirm, signal);
  return authenticators.some(
    (authenticator) =>
      authenticator.active && factors[factor].matches(authenticator) && !activeIds.includes(authenticator.id),
  );
}

/** Verdicts of a look that leave open what an earlier attempt has done, and whether looking again can help. */
type OpenVerdicts = Partial<Record<Auth0Verdict, 'look again' | 'give up'>>;

const earlierConfirm: OpenVerdicts = {
  unreachable: 'look again',
  throttled: 'look again',
  unexpected: 'give up',
  denied: 'give up',
};
/** A refused token also leaves open whether a message was sent; of a code, the next token's reading tells. */
const earlierAssociate: OpenVerdicts = { ...earlierConfirm, token_expired: 'give up', token_wrong_kind: 'give up' };

/** Reads what an earlier attempt has done. If the read fails, the earlier attempt may have succeeded: it is reported as ambiguous. */
async function lookBack(
  mfa: MfaClient,
  accessToken: string,
  open: OpenVerdicts,
  signal: AbortSignal,
): Promise<readonly Authenticator[]> {
  try {
    return await mfa.listAuthenticators(accessToken, signal);
  } catch (error) {
    if (!(error instanceof Auth0Error)) throw error;
    const next = open[error.verdict];
    if (next === undefined) throw error;
    throw ApplicationFailure.create({
      type: failureTypes.ambiguous,
      message: 'An earlier attempt of this step may have had its effect, and that cannot be read now.',
      details: [{ endpoint: error.endpoint, status: error.status, error: error.error }],
      nonRetryable: next === 'give up',
      ...defined({ nextRetryDelay: error.retryAfterMs }),
    });
  }
}
