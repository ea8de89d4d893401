/**
 * `type` of the failures that activities throw and that a case may close with. They are plain text in Temporal's history
 * on purpose: an operator without the codec reads them.
 */
export const failureTypes = {
  /** Surely no effect; Temporal tries again. */
  unreachable: 'Auth0Unreachable',
  /** 429: no effect; Temporal tries again after `nextRetryDelay`. */
  rateLimited: 'Auth0RateLimited',
  /** The request may have had its effect; the workflow reads the authenticators before anything else is tried. */
  ambiguous: 'Auth0Ambiguous',
  /** A closed tenant door; the message says which, and how to open it. */
  configuration: 'Auth0Configuration',
  /** Auth0 calls what we sent malformed: our bug. */
  malformedRequest: 'Auth0MalformedRequest',
  /** The run was started by hand with something that is no enrollment. */
  invalidInput: 'InvalidInput',
  /** Auth0 was down until the case's deadline. */
  unavailable: 'Auth0Unavailable',
} as const;
