import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error, type Auth0Verdict } from '../auth0/errors';
import type { MfaClient } from '../auth0/mfa';
import { failureTypes } from '../enrollment/failures';
import { factors } from '../factors';
import { becameActive, leftARecord } from './earlier-attempt';
import { failureOf } from './failures';
import type {
  AssociateInput,
  AssociateOutcome,
  ConfirmInput,
  ConfirmOutcome,
  DeleteOutcome,
  ListOutcome,
  RefreshOutcome,
  TokenRefused,
} from './outcomes';

export interface ActivityDependencies {
  readonly mfa: MfaClient;
  /** Asks Temporal to cancel a run, so that a case cancelled by its own signal closes as Canceled. */
  readonly cancelRun: (workflowId: string, runId: string) => Promise<void>;
}

export type Activities = ReturnType<typeof createActivities>;

/**
 * One function a step: call Auth0 once, turn its refusal into a value and its fault into a failure. Nothing here retries;
 * Temporal does. Input and result pass through Temporal's history, encrypted by the payload codec.
 */
export function createActivities({ mfa, cancelRun }: ActivityDependencies) {
  return {
    /** `GET /mfa/authenticators`: what is true. */
    async listAuthenticators({ accessToken }: { accessToken: string }): Promise<ListOutcome> {
      return refusing<ListOutcome>(
        async () => ({
          kind: 'listed',
          authenticators: await mfa.listAuthenticators(accessToken, cancellationSignal()),
        }),
        tokenRefusal,
      );
    },

    /**
     * `POST /mfa/associate`: sends a text (sms) or makes a setup key (otp), and leaves a record. An attempt after the first
     * looks before it asks again, since a worker may have died between Auth0's answer and ours.
     */
    async associate(input: AssociateInput): Promise<AssociateOutcome> {
      const { accessToken, factor, phoneNumber } = input;
      return refusing<AssociateOutcome>(
        async () => {
          if (activityInfo().attempt > 1 && (await leftARecord(mfa, input))) {
            throw ApplicationFailure.create({
              type: failureTypes.ambiguous,
              message: 'An earlier attempt of this step had its effect; its answer is lost.',
              nonRetryable: true,
            });
          }
          const details = phoneNumber === undefined ? {} : { phoneNumber };
          const request = factors[factor].associateRequest(details);
          return { kind: 'associated', challenge: await mfa.associate(accessToken, request, cancellationSignal()) };
        },
        (verdict) => {
          if (verdict === 'phone_number_invalid' || verdict === 'too_many_texts' || verdict === 'authenticator_limit') {
            return { kind: verdict };
          }
          return tokenRefusal(verdict);
        },
      );
    },

    /**
     * `POST /oauth/token` with the mfa-oob or mfa-otp grant. A code works once: an attempt after the first reads whether an
     * earlier one has worked, and does not spend it again.
     */
    async confirm(input: ConfirmInput): Promise<ConfirmOutcome> {
      const { accessToken, factor, proof } = input;
      return refusing<ConfirmOutcome>(
        async () => {
          if (activityInfo().attempt > 1 && (await becameActive(mfa, input))) {
            log.info('an earlier attempt had been accepted', { factor });
            return { kind: 'accepted' };
          }
          return { kind: 'accepted', token: await mfa.confirm(accessToken, proof, cancellationSignal()) };
        },
        (verdict) => {
          switch (verdict) {
            case 'code_rejected':
            case 'challenge_expired':
            case 'too_many_codes':
            case 'denied':
              return { kind: verdict };
            default:
              return tokenRefusal(verdict);
          }
        },
      );
    },

    /**
     * `DELETE /mfa/authenticators/{id}`. One that is gone already counts as deleted, so a call whose answer is lost is
     * simply made again.
     */
    async deleteAuthenticator({ accessToken, id }: { accessToken: string; id: string }): Promise<DeleteOutcome> {
      return refusing<DeleteOutcome>(
        async () => {
          await mfa.deleteAuthenticator(accessToken, id, cancellationSignal());
          return { kind: 'deleted' };
        },
        (verdict) => {
          if (verdict === 'not_found') return { kind: 'deleted' };
          return verdict === 'configuration' ? { kind: 'not_allowed' } : tokenRefusal(verdict);
        },
        { repeatable: true },
      );
    },

    /** The refresh_token grant. A refusal means that the user must sign in. */
    async refreshToken({ refreshToken }: { refreshToken: string }): Promise<RefreshOutcome> {
      return refusing<RefreshOutcome>(
        async () => ({ kind: 'refreshed', token: await mfa.refresh(refreshToken, cancellationSignal()) }),
        // A tenant that does not refresh is no reason to end a case: the user can still sign in.
        (verdict) =>
          verdict === 'configuration' || verdict === 'denied' || tokenRefusal(verdict) !== undefined
            ? { kind: 'refused' }
            : undefined,
      );
    },

    /** Has Temporal cancel the run that calls it. */
    async cancelOwnRun(): Promise<void> {
      const { workflowId, runId } = activityInfo().workflowExecution ?? {};
      if (workflowId === undefined || runId === undefined) throw new Error('cancelOwnRun is called by a workflow only');
      await cancelRun(workflowId, runId);
    },
  };
}

/** Runs a call; a verdict that `refusal` names becomes a value, any other a failure. */
async function refusing<Outcome>(
  call: () => Promise<Outcome>,
  refusal: (verdict: Auth0Verdict) => Outcome | undefined,
  kind: { readonly repeatable: boolean } = { repeatable: false },
): Promise<Outcome> {
  try {
    return await call();
  } catch (error) {
    const outcome = error instanceof Auth0Error ? refusal(error.verdict) : undefined;
    if (outcome !== undefined) return outcome;
    throw failureOf(error, kind);
  }
}

function tokenRefusal(verdict: Auth0Verdict): TokenRefused | undefined {
  if (verdict === 'token_expired') return { kind: 'token_refused', problem: 'token_refused' };
  return verdict === 'token_wrong_kind' ? { kind: 'token_refused', problem: 'token_wrong_kind' } : undefined;
}
