/**
 * Why a case is not where it should be, as a closed list. The code is public and stable; the sentence is for people and
 * never holds a token, a code, a key or a whole phone number.
 */
export const problemCodes = [
  'code_rejected',
  'code_expired',
  'too_many_codes',
  'too_many_texts',
  'resend_too_soon',
  'phone_number_invalid',
  'phone_number_needed',
  'token_expired',
  'token_refused',
  'token_wrong_kind',
  'token_too_short',
  'authenticator_limit',
  'auth0_rate_limited',
  'auth0_unavailable',
  'answer_lost',
  'configuration',
  'denied',
  'internal',
] as const;

export type ProblemCode = (typeof problemCodes)[number];

export interface Problem {
  readonly code: ProblemCode;
  /** One sentence: what happened and what helps. */
  readonly message: string;
  /** Epoch milliseconds of workflow time. */
  readonly at: number;
  /** Epoch milliseconds before which trying again is useless. */
  readonly retryAt?: number;
}
