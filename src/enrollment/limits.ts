/** Auth0's limits and ours, with their units. Sources: docs/auth0-mfa-api.md. */
export const limits = {
  /** MFA-audience access token (Auth0 docs: fixed). */
  tokenLifeSeconds: 600,
  /** Code by text (Auth0 docs: not configurable). */
  codeLifeSeconds: 300,
  /** A step that waits for a person begins only with this much token life: the code's own life and a half minute to act. */
  tokenMarginSeconds: 330,
  /** A call that is about to be made needs the token to outlive it. */
  callMarginSeconds: 10,
  /** Ours, below Auth0's bucket of 10, so that our users never empty that one and lock themselves out elsewhere. */
  attempts: 5,
  /** Auth0 gives one attempt back every 6 minutes; so do we. */
  attemptRefillSeconds: 360,
  /** NIST SP 800-63B-4 3.2.2 allows 100 consecutive failures; a case ends long before. */
  attemptsInAll: 30,
  /** Auth0: bucket of 10 texts per user, then one an hour. */
  texts: 10,
  textRefillSeconds: 3600,
  resendCooldownSeconds: 30,
  /** The whole case, unless the caller says otherwise. */
  lifetimeSeconds: 72 * 3600,
} as const;
