import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { Enrollment } from '../enrollment/enrollment';
import { problemCodes } from '../enrollment/problems';
import { outcomes } from '../enrollment/status';
import { factorNames } from '../factors';
import { caseMemo, type CaseMemo } from '../workflows/messages';

/** What the API keeps in a run's memo beside what the run itself writes there. */
export interface StartMemo {
  /** Of the body that started it, without its token. */
  readonly fingerprint?: string;
  /** Of the caller and the Idempotency-Key that started it. */
  readonly startKey?: string;
}

/**
 * A run's memo as far as it can be read. A newer worker, or somebody with access to Temporal, may have written something else:
 * that counts as no memo, and the run is asked instead.
 */
export function parseMemo(memo: Record<string, unknown> | undefined): StartMemo & { readonly shared?: CaseMemo } {
  const { fingerprint, startKey, [caseMemo]: shared } = memoShape.parse(memo ?? {});
  return defined({ fingerprint, startKey, shared });
}

const factor = z.enum(factorNames);
/** Epoch ms that a Date can hold. */
const at = z.number().min(0).max(8.64e15);
const bucket = z.object({
  capacity: z.number().min(0),
  refillMs: z.number().positive(),
  level: z.number().min(0),
  since: at,
});
const problem = z.object({
  code: z.enum(problemCodes),
  message: z.string(),
  at,
  retryAt: at.exactOptional(),
});
const facts = {
  plan: z.array(
    z.object({
      factor,
      state: z.enum(['waiting', 'challenged', 'accepted', 'confirmed', 'removed']),
      alreadyActive: z.boolean(),
      authenticatorId: z.string().exactOptional(),
    }),
  ),
  startedAt: at,
  deadline: at,
  attempts: bucket,
  deliveries: z.object({ phone: bucket, email: bucket }),
  wrongCodes: z.number(),
  lastDeliveryAt: at.exactOptional(),
  phoneNumber: z.string().exactOptional(),
  verifiedPhoneNumber: z.string().exactOptional(),
  lastProblem: problem.exactOptional(),
};
const challenge = z.object({
  challengeId: z.string(),
  factor,
  type: z.enum(['oob', 'otp']),
  issuedAt: at,
  expiresAt: at,
  expired: z.literal(true).exactOptional(),
});

const enrollment: z.ZodType<Enrollment> = z.discriminatedUnion('state', [
  z.object({ ...facts, state: z.literal('awaiting_token'), refreshAt: at.exactOptional() }),
  z.object({
    ...facts,
    state: z.literal('associating'),
    blockedOn: z.enum(['phone_number', 'resend', 'auth0', 'operator', 'cooldown']).exactOptional(),
    blockedBy: problem.exactOptional(),
  }),
  z.object({ ...facts, state: z.enum(['awaiting_code', 'confirming']), challenge }),
  z.object({
    ...facts,
    state: z.literal('verifying'),
    outage: z.enum(['auth0_unavailable', 'unexpected_answer']).exactOptional(),
  }),
  z.object({ ...facts, state: z.enum(outcomes), endedAt: at }),
]);

const shared: z.ZodType<CaseMemo> = z.object({
  version: z.literal(2),
  enrollment,
  tokenExpiresAt: at.exactOptional(),
  firstRunId: z.string().exactOptional(),
});

const memoShape = z.object({
  fingerprint: z.string().optional().catch(undefined),
  startKey: z.string().optional().catch(undefined),
  [caseMemo]: shared.optional().catch(undefined),
});
