import { defined } from './defined';
import type { Fault } from './steps';

/**
 * `type` of the failures that activities throw and that an enrollment may close with. They are plain text in Temporal's
 * history on purpose: an operator without the codec reads them.
 */
export const failureTypes = {
  /** Surely no effect; Temporal tries again. */
  unreachable: 'Auth0Unreachable',
  /** Auth0's 429: no effect; Temporal tries again after `nextRetryDelay`. */
  throttled: 'Auth0RateLimited',
  /** The request may have had its effect; the workflow reads the authenticators before anything else is tried. */
  ambiguous: 'Auth0Ambiguous',
  /** The tenant or the application is misconfigured; the message says what, and what to change. */
  configuration: 'Auth0Configuration',
  /** What we were about to send cannot be right: our bug. */
  malformedRequest: 'Auth0MalformedRequest',
  /** The counters of texts could not be asked: nothing was sent; Temporal tries again. */
  limitsUnreachable: 'SendingLimitsUnreachable',
  /** Not made inside the workflow task; nothing was tried, and it is made as a remote activity. */
  notLocal: 'NotLocal',
  /** The run was started by hand with something that is no enrollment. */
  invalidInput: 'InvalidInput',
  /** Auth0 was down until the enrollment's deadline. */
  unavailable: 'Auth0Unavailable',
} as const;

/** The first of the details of an activity's failure: about the answer, never out of its body. */
export interface FaultDetails {
  readonly endpoint: string;
  readonly status?: number;
  /** Auth0's `error` field, when it is a plain OAuth error code. */
  readonly error?: string;
  /** Milliseconds that Auth0 asks to wait. Temporal's SDK does not hand `nextRetryDelay` on to the workflow. */
  readonly retryAfterMs?: number;
}

/** A failure as an activity threw it, or as Temporal tells a workflow of it. */
export interface ToldFailure {
  readonly type?: string | null | undefined;
  readonly message: string;
  readonly details?: readonly unknown[] | null | undefined;
}

/** What a failure that an attempt itself reported says about its step. Whatever is not named here may have had its effect. */
export function faultOfFailure({ type, message, details }: ToldFailure): Fault {
  switch (type) {
    case failureTypes.unreachable:
    case failureTypes.limitsUnreachable:
    case failureTypes.notLocal:
    case failureTypes.throttled: {
      const [told] = (details ?? []) as readonly (FaultDetails | undefined)[]; // written by our activities alone
      return { kind: 'unavailable', ...defined({ retryAfterMs: told?.retryAfterMs }) };
    }
    case failureTypes.configuration:
      return { kind: 'fatal', failure: 'configuration', message };
    case failureTypes.malformedRequest:
      return { kind: 'fatal', failure: 'malformedRequest', message };
    default:
      return { kind: 'lost' };
  }
}
