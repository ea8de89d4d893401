import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error, type Auth0Verdict } from '../auth0/errors';
import type { MfaClient } from '../auth0/mfa';
import { failureTypes } from '../enrollment/failures';
import { factors, type Authenticator } from '../factors';
import type { AssociateInput, ConfirmInput } from './outcomes';

// An attempt after the first may follow on a worker that died between Auth0's answer and ours.

/** Is there a record that this step must have made? */
export async function leftARecord(mfa: MfaClient, { accessToken, factor, knownIds }: AssociateInput): Promise<boolean> {
  const records = await lookBack(mfa, accessToken, earlierAssociate);
  return records.some((record) => factors[factor].lists(record) && !knownIds.includes(record.id));
}

/** Has the code of this step worked? */
export async function becameActive(mfa: MfaClient, { accessToken, factor, activeIds }: ConfirmInput): Promise<boolean> {
  const records = await lookBack(mfa, accessToken, earlierConfirm);
  return records.some((record) => record.active && factors[factor].lists(record) && !activeIds.includes(record.id));
}

/** Verdicts of a look that leave open what an earlier attempt has done, and whether looking again can help. */
type OpenVerdicts = Partial<Record<Auth0Verdict, 'look again' | 'give up'>>;

const earlierConfirm: OpenVerdicts = { unreachable: 'look again', rate_limited: 'look again' };
/** A refused token also leaves open whether a text is out; of a code, the next token's reading tells. */
const earlierAssociate: OpenVerdicts = { ...earlierConfirm, token_expired: 'give up', token_wrong_kind: 'give up' };

/**
 * Reads what an earlier attempt has done. Where that cannot be read, the step may have had its effect, whatever the look
 * itself has: it must not end as one that surely had none.
 */
async function lookBack(mfa: MfaClient, accessToken: string, open: OpenVerdicts): Promise<readonly Authenticator[]> {
  try {
    return await mfa.listAuthenticators(accessToken, cancellationSignal());
  } catch (error) {
    if (!(error instanceof Auth0Error)) throw error;
    const next = open[error.verdict];
    if (next === undefined) throw error;
    throw ApplicationFailure.create({
      type: failureTypes.ambiguous,
      message: 'An earlier attempt of this step may have had its effect, and that cannot be read now.',
      details: [{ endpoint: error.endpoint, status: error.status, error: error.error }],
      nonRetryable: next === 'give up',
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  }
}
