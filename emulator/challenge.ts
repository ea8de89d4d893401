/** A code on its way to a user, or a push that waits for approval. */
export interface Challenge {
  readonly id: string;
  readonly userId: string;
  /** Of the token that asked for it. */
  readonly transaction: string;
  /** The records that a right answer activates: two when siblings were enrolled together. */
  readonly authenticatorIds: readonly string[];
  readonly createdAt: number;
  readonly answer: CodeAnswer | PushAnswer;
}

export interface CodeAnswer {
  readonly by: 'code';
  readonly code: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  state: 'open' | 'used' | 'void';
}

export interface PushAnswer {
  readonly by: 'push';
  state: 'pending' | 'approved' | 'rejected' | 'used';
  /** Epoch milliseconds of the polls of the last minute. */
  polls: readonly number[];
}

/** Milliseconds; not configurable at Auth0. */
export const codeLife = 300_000;
