import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Auth0Error, type Auth0Verdict } from '../auth0/errors';
import type { MfaClient } from '../auth0/mfa';
import { waitingAtMost, withPriority } from '../auth0/pace';
import { defined } from '../enrollment/defined';
import { failureTypes } from '../enrollment/failures';
import type {
  AssociateInput,
  AssociateOutcome,
  ConfirmInput,
  ConfirmOutcome,
  DeleteInput,
  DeleteOutcome,
  ListInput,
  ListOutcome,
  RecallInput,
  RecallOutcome,
  RefreshInput,
  RefreshOutcome,
  TokenRefused,
  Unexpected,
} from '../enrollment/steps';
import type { Priority } from '../enrollment/tenant-budget';
import { foreignToken, type OpaqueTokens } from '../enrollment/token-owner';
import { factors } from '../factors';
import { withinAttempt } from './attempt';
import { becameActive, leftAnAuthenticator } from './earlier-attempt';
import { failureOf, limitsUnreachable } from './failures';
import { deliveryResultOf, noObserver, type ActivityObserver } from './observer';
import type { SendingLimits, SendingReserved } from './sending-limits';

export interface ActivityDependencies {
  readonly mfa: MfaClient;
  /** Whether tokens are used whose user cannot be read. The workflow's own rule is checked again here, where Auth0 is spoken to. */
  readonly opaqueTokens: OpaqueTokens;
  /** Asked before a text or call is asked for. */
  readonly sendingLimits: SendingLimits;
  /** Asks Temporal to cancel a run, so that an enrollment cancelled by its own signal closes as Canceled. */
  readonly cancelRun: (workflowId: string, runId: string) => Promise<void>;
  /** Hears what became of texts and renewals; nobody does when absent. */
  readonly observer?: ActivityObserver;
}

/** The activities that perform one step each. */
export type StepActivities = ReturnType<typeof createStepActivities>;

/**
 * One function a step: call Auth0 once, turn its refusal into a value and its fault into a failure. Nothing here retries;
 * Temporal does. No call is made with a token of another user than the one it is for. Input and result pass through
 * Temporal's history, encrypted by the payload codec.
 */
export function createStepActivities({
  mfa,
  opaqueTokens,
  sendingLimits,
  cancelRun,
  observer = noObserver,
}: ActivityDependencies) {
  /** Runs a call of the user's own; a verdict that `refusal` names becomes a value, any other a failure. */
  async function asOwner<Outcome>(
    { userId, accessToken }: ListInput,
    call: (signal: AbortSignal) => Promise<Outcome>,
    refusal: (error: Auth0Error) => Outcome | undefined,
    kind?: CallKind,
  ): Promise<Outcome | TokenRefused> {
    const foreign = foreignToken(accessToken, userId, opaqueTokens);
    if (foreign !== undefined) return { kind: 'token_refused', problem: foreign };
    return refusing<Outcome | TokenRefused>(call, (error) => refusal(error) ?? tokenRefusal(error), kind);
  }

  /** Counts the text or call that this step is about to ask for; `undefined` for a factor that is not delivered to a phone. */
  async function reserve(
    { factor, phoneNumber, caller, firstOfRun, knownIds }: AssociateInput,
    signal: AbortSignal,
  ): Promise<SendingReserved | undefined> {
    const { delivery } = factors[factor];
    if (delivery.type !== 'sent' || delivery.bucket !== 'phone' || phoneNumber === undefined) return undefined;
    if (firstOfRun === 'inTask' && !sendingLimits.remembers) throw notLocal();
    const id = firstOfRun === undefined ? idOfStep() : idOfFirst();
    const note = firstOfRun === 'inTask' ? JSON.stringify(knownIds) : undefined;
    try {
      return await sendingLimits.reserve({ id, phoneNumber, ...defined({ caller, note }) }, signal);
    } catch (error) {
      throw limitsUnreachable(error);
    }
  }

  return {
    /** `GET /mfa/authenticators`: what is true. */
    async listAuthenticators(input: ListInput, priority?: Priority): Promise<ListOutcome> {
      return asOwner<ListOutcome>(
        input,
        async (signal) => ({
          kind: 'listed',
          authenticators: await mfa.listAuthenticators(input.accessToken, signal),
        }),
        unexpected,
        defined({ priority }),
      );
    },

    /**
     * `POST /mfa/associate`: sends a code (sms, voice, email) or makes a setup key (otp), and leaves an authenticator. An
     * attempt after the first looks before it asks again, since a worker may have died between Auth0's answer and ours.
     * A text or call is counted by the limits of all enrollments first, and taken back where Auth0 surely sent none.
     */
    async associate(input: AssociateInput): Promise<AssociateOutcome> {
      const { accessToken, factor, phoneNumber } = input;
      return asOwner<AssociateOutcome>(
        input,
        async (signal) => {
          if (activityInfo().attempt > 1 && (await leftAnAuthenticator(mfa, input, signal))) throw hadItsEffect();
          const reserved = await reserve(input, signal);
          // Inside a workflow task a reservation is made once: this one is of a try that goes on elsewhere.
          if (input.firstOfRun === 'inTask' && reserved?.type === 'reserved' && reserved.again) throw hadItsEffect();
          if (reserved?.type === 'refused') {
            const { why, retryAt } = reserved;
            log.warn('a limit keeps a text or call from being sent', { why });
            observer.delivery(factor, why === 'stopped' ? why : `${why}_limit`);
            return { kind: 'not_sent', why, ...defined({ retryAt }) };
          }
          const request = factors[factor].associateRequest(defined({ phoneNumber }));
          const isDelivered = factors[factor].delivery.type === 'sent';
          try {
            const challenge = await mfa.associate(accessToken, request, signal);
            if (isDelivered) observer.delivery(factor, 'sent');
            return { kind: 'associated', challenge };
          } catch (error) {
            const { verdict } = error instanceof Auth0Error ? error : { verdict: 'ambiguous' as const };
            if (isDelivered) observer.delivery(factor, deliveryResultOf(verdict, maySend[verdict]));
            if (!maySend[verdict]) await reserved?.release();
            throw error;
          }
        },
        (error) => {
          switch (error.verdict) {
            case 'phone_number_invalid':
            case 'too_many_texts':
            case 'authenticator_limit':
              return { kind: error.verdict };
            default:
              return unexpected(error);
          }
        },
      );
    },

    /**
     * `POST /oauth/token` with the mfa-oob or mfa-otp grant. A code works once: an attempt after the first reads whether an
     * earlier one has worked, and does not spend it again.
     */
    async confirm(input: ConfirmInput): Promise<ConfirmOutcome> {
      const { accessToken, factor, proof } = input;
      return asOwner<ConfirmOutcome>(
        input,
        async (signal) => {
          if (activityInfo().attempt > 1 && (await becameActive(mfa, input, signal))) {
            log.info('an earlier attempt had been accepted', { factor });
            return { kind: 'accepted' };
          }
          return { kind: 'accepted', token: await mfa.confirm(accessToken, proof, signal) };
        },
        (error) => {
          switch (error.verdict) {
            case 'code_rejected':
            case 'challenge_expired':
            case 'too_many_codes':
            case 'denied':
              return { kind: error.verdict };
            default:
              return unexpected(error);
          }
        },
      );
    },

    /**
     * `DELETE /mfa/authenticators/{id}`. One that is gone already counts as deleted, so a call whose answer is lost is
     * simply made again. Whatever else Auth0 says no with, the authenticator stays: nobody's enrollment fails for that.
     */
    async deleteAuthenticator(input: DeleteInput): Promise<DeleteOutcome> {
      return asOwner<DeleteOutcome>(
        input,
        async (signal) => {
          await mfa.deleteAuthenticator(input.accessToken, input.id, signal);
          return { kind: 'deleted' };
        },
        (error) => {
          switch (error.verdict) {
            case 'not_found':
              return { kind: 'deleted' };
            case 'token_expired':
            case 'token_wrong_kind':
            case 'unreachable':
            case 'throttled':
            case 'ambiguous':
              return undefined;
            default:
              log.warn('Auth0 does not delete an authenticator', told(error));
              return { kind: 'not_allowed' };
          }
        },
        { repeatable: true, priority: 'background' },
      );
    },

    /** The refresh_token grant. A refusal means that the user must sign in; so does a token that is not the user's. */
    async refreshToken({ userId, refreshToken }: RefreshInput): Promise<RefreshOutcome> {
      const renewed = refusing<RefreshOutcome>(
        async (signal) => {
          const token = await mfa.refresh(refreshToken, signal);
          const foreign = foreignToken(token.accessToken, userId, opaqueTokens);
          return foreign === undefined ? { kind: 'refreshed', token } : { kind: 'foreign', problem: foreign };
        },
        (error) => {
          switch (error.verdict) {
            case 'configuration': // a tenant that does not refresh is no reason to end an enrollment: the user can still sign in
            case 'denied':
            case 'token_expired':
            case 'token_wrong_kind':
              return { kind: 'refused' };
            default:
              return unexpected(error);
          }
        },
      );
      return renewed.then(
        (outcome) => {
          observer.renewal(outcome.kind);
          return outcome;
        },
        (error: unknown) => {
          observer.renewal('fault');
          throw error;
        },
      );
    },

    /**
     * Has the first workflow task of this run reserved a text, in a try that was lost? The counter of texts knows: it is asked
     * before Auth0 is.
     */
    async recallFirstText({ phoneNumber }: RecallInput): Promise<RecallOutcome> {
      const note = await withinAttempt((signal) =>
        sendingLimits.recall({ id: idOfFirst(), phoneNumber }, signal).catch((error: unknown) => {
          throw limitsUnreachable(error);
        }),
      );
      return note === undefined ? { kind: 'none' } : { kind: 'reserved', knownIds: parseIds(note) };
    },

    /** Has Temporal cancel the run that calls it. */
    async cancelOwnRun(): Promise<void> {
      const { workflowId, runId } = activityInfo().workflowExecution ?? {};
      if (workflowId === undefined || runId === undefined) throw new Error('cancelOwnRun is called by a workflow only');
      await cancelRun(workflowId, runId);
    },
  };
}

const runId = (): string => activityInfo().workflowExecution?.runId ?? '';

/** What a reservation is called: the same in each attempt of a step, and in each try of a run's first workflow task. */
const idOfStep = (): string => `${runId()}:${activityInfo().activityId}`;
const idOfFirst = (): string => `${runId()}:first`;

/** Written by ourselves. */
const parseIds = (note: string): readonly string[] => {
  const ids: unknown = JSON.parse(note);
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
};

const notLocal = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    'No counter would remember this text, so it is not asked for inside a workflow task.',
    failureTypes.notLocal,
  );

const hadItsEffect = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    'An earlier attempt of this step had its effect; its answer is lost.',
    failureTypes.ambiguous,
  );

interface CallKind {
  /** See `failureOf`; no when absent. */
  readonly repeatable?: boolean;
  /** Whether a person waits for it; one does when absent. */
  readonly priority?: Priority;
}

/**
 * How long the calls of one attempt may wait for their turn (milliseconds), so that there is time left to make them. Inside a workflow
 * task, which messages have to wait for, it is short: the step goes on as a remote activity.
 */
const turnMs = { local: 500, remote: 5_000 };

async function refusing<Outcome>(
  call: (signal: AbortSignal) => Promise<Outcome>,
  refusal: (error: Auth0Error) => Outcome | undefined,
  { repeatable = false, priority = 'interactive' }: CallKind = {},
): Promise<Outcome> {
  const waitMs = activityInfo().isLocal ? turnMs.local : turnMs.remote;
  try {
    return await withinAttempt((signal) => waitingAtMost(waitMs, () => withPriority(priority, () => call(signal))));
  } catch (error) {
    const outcome = error instanceof Auth0Error ? refusal(error) : undefined;
    if (outcome !== undefined) return outcome;
    throw failureOf(error, { repeatable });
  }
}

function tokenRefusal({ verdict }: Auth0Error): TokenRefused | undefined {
  if (verdict === 'token_expired') return { kind: 'token_refused', problem: 'token_refused' };
  return verdict === 'token_wrong_kind' ? { kind: 'token_refused', problem: 'token_wrong_kind' } : undefined;
}

/** After which answers to an associate a text may be under way: whatever is not surely without effect. */
const maySend: Readonly<Record<Auth0Verdict, boolean>> = {
  unreachable: false,
  throttled: false,
  ambiguous: true,
  configuration: false,
  malformed_request: false,
  token_expired: false,
  token_wrong_kind: false,
  unexpected: true,
  denied: true,
  pending: true,
  code_rejected: true,
  challenge_expired: true,
  too_many_codes: true,
  too_many_texts: false,
  phone_number_invalid: false,
  authenticator_limit: false,
  not_found: true,
};

/** A refusal that says nothing about this step. The enrollment waits for an operator; the log tells what came. */
function unexpected(error: Auth0Error): Unexpected | undefined {
  switch (error.verdict) {
    case 'unexpected':
    case 'denied':
    case 'pending':
      log.warn('an answer came that Auth0 is not known to give', told(error));
      return { kind: 'unexpected' };
    default:
      return undefined;
  }
}

const told = ({ endpoint, status, error, remedy }: Auth0Error) => defined({ endpoint, status, error, remedy });
