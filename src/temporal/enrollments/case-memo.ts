import { z } from 'zod';
import { defined } from '../../enrollment/defined';
import type { Enrollment } from '../../enrollment/enrollment';
import { problemCodes } from '../../enrollment/problems';
import { noticeTypes, outcomes } from '../../enrollment/status';
import { factorNames } from '../../factors';
import { caseMemo, type CaseMemo } from '../../workflows/messages';

/**
 * Under this name the API keeps a StartMemo as one value: each sealed value costs some 100 bytes, and Temporal's server warns
 * of memos above 2 KiB.
 */
export const startMemo = 'start';

/** What the API keeps in a run's memo beside what the run itself writes there. */
export interface StartMemo {
  /** Of the body that started it, without its token. */
  readonly fingerprint?: string;
  /** Of the caller and the Idempotency-Key that started it. */
  readonly startKey?: string;
  /** Keyed hash of the caller who started it: whose enrollment it is. */
  readonly owner?: string;
  /** Under which key its ids and hashes are made. */
  readonly keyId?: string;
  /** The name of the caller who started it, as the user of a sign-in link is told it. */
  readonly askedBy?: string;
}

/**
 * A run's memo as far as it can be read. A newer worker, or somebody with access to Temporal, may have written something else:
 * that counts as no memo, and the run is asked instead.
 */
export function parseMemo(memo: Record<string, unknown> | undefined): StartMemo & { readonly shared?: CaseMemo } {
  const { fingerprint, startKey, [startMemo]: start, [caseMemo]: shared } = memoShape.parse(memo ?? {});
  return defined({ fingerprint, startKey, ...start, shared });
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
  phoneNumberChanges: z.number().int().min(0).exactOptional(),
  consentedAt: at.exactOptional(),
  notices: z.array(z.object({ type: z.enum(noticeTypes), at, factor: factor.exactOptional() })).exactOptional(),
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
    earlier: challenge.exactOptional(),
  }),
  z.object({ ...facts, state: z.enum(['awaiting_code', 'confirming']), challenge }),
  z.object({
    ...facts,
    state: z.literal('verifying'),
    outage: z.enum(['auth0_unavailable', 'unexpected_answer']).exactOptional(),
    recoveryCodeDue: z.literal(true).exactOptional(),
  }),
  z.object({ ...facts, state: z.enum(outcomes), endedAt: at }),
]);

const shared: z.ZodType<CaseMemo> = z.object({
  version: z.literal(2),
  enrollment,
  tokenExpiresAt: at.exactOptional(),
  firstRunId: z.string().exactOptional(),
});

const started: z.ZodType<StartMemo> = z.object({
  fingerprint: z.string().exactOptional(),
  startKey: z.string().exactOptional(),
  owner: z.string().exactOptional(),
  keyId: z.string().exactOptional(),
  askedBy: z.string().exactOptional(),
});

const memoShape = z.object({
  // Where runs that were started before there were owners have them.
  fingerprint: z.string().optional().catch(undefined),
  startKey: z.string().optional().catch(undefined),
  [startMemo]: started.optional().catch(undefined),
  [caseMemo]: shared.optional().catch(undefined),
});
