import type { DeliveryBucket } from '../factors';

/** Auth0's limits and ours, with their units. Sources: docs/auth0-mfa-api.md. */
export const limits = {
  /** MFA-audience access token (Auth0 docs: fixed). */
  tokenLifeSeconds: 600,
  /** A code that was sent (Auth0 docs: not configurable). */
  codeLifeSeconds: 300,
  /** A step that waits for a person begins only with this much token life: the code's own life and half a minute to act. */
  tokenMarginSeconds: 330,
  /** A call that is about to be made needs the token to outlive it. */
  callMarginSeconds: 10,
  /** Ours, below Auth0's bucket of 10, so that our users never empty that one and lock themselves out elsewhere. */
  attempts: 5,
  /** Auth0 gives one attempt back every 6 minutes; so do we. */
  attemptRefillSeconds: 360,
  /** NIST SP 800-63B-4 3.2.2 allows 100 consecutive failures; an enrollment ends long before. */
  attemptsInAll: 30,
  /** Between two deliveries of a code, whatever asked for the second one. */
  cooldownSeconds: 30,
  /** The whole enrollment, unless the caller says otherwise. */
  lifetimeSeconds: 72 * 3600,
  /** The longest life that may be asked for: ten years. Dates far beyond cannot be represented. */
  longestLifetimeSeconds: 315_360_000,
  /** An associate whose answer was lost is made again without being asked this often, each time after reading what there is. */
  lostAnswers: 2,
  /**
   * Milliseconds that the local calls of one workflow task may have taken before one more is made. That one takes up to 3 seconds
   * more: together less than the 8 seconds after which the SDK asks the server for more time, and messages wait as long.
   */
  localMsPerTask: 3000,
  /** At the end, this many calls whose answer was lost are followed by another reading: each took up to a minute. */
  lostCallsAtTheEnd: 3,
  /** Auth0 keeps about 51 authenticators of a user; from here on the status says so. */
  nearAuthenticatorLimit: 45,
  /** A code of an app that was refused is not asked about again within this time: a double click costs one attempt. */
  sameOtpSeconds: 10,
  /** An Auth0 that is down is asked again after this time, which doubles up to the longest. */
  askAgainSeconds: 30,
  askAgainLongestSeconds: 300,
  /** Texts that an operator has stopped are asked for again after this time, and up to half as much more. */
  stoppedAskAgainSeconds: 1200,
  /** Waits between readings that do not list an accepted factor yet. After the last one the user is asked to start that factor again. */
  readBackSeconds: [1, 2, 4, 8, 15, 30],
  /** Commands that wait at once. More come from a fault or an attack: an update is refused, a signal is dropped. */
  inbox: 20,
  /** Tokens among them: each may have 16 kB, and a run that continues as new takes all of it along. */
  inboxTokens: 4,
  /** Update ids remembered whose claim was given back. */
  claims: 50,
  /** Notices kept; the oldest go. */
  notices: 20,
  /** Tokens held at once; the newest are kept. */
  heldTokens: 3,
} as const;

/** What Auth0 sends to one user, each as a bucket: 10 texts and calls, then one an hour; 20 emails, then one a minute. */
export const deliveryLimits: Readonly<
  Record<DeliveryBucket, { readonly capacity: number; readonly refillSeconds: number }>
> = {
  phone: { capacity: 10, refillSeconds: 3600 },
  email: { capacity: 20, refillSeconds: 60 },
};
