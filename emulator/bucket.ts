/** Auth0's per-user limits: full at first, one unit comes back every `refillSeconds` while it is not full. */
export interface BucketRule {
  readonly capacity: number;
  readonly refillSeconds: number;
}

export interface Bucket {
  readonly level: number;
  /** Epoch milliseconds from which the next unit is counted. */
  readonly since: number;
}

/** Source: Auth0 docs, "Rate Limit Configurations", "Additional MFA rate limits". */
export const bucketRules = {
  /** Wrong codes, by text and by app together unless the switch says otherwise. */
  attempts: { capacity: 10, refillSeconds: 360 },
  /** Wrong app codes when they are counted alone. */
  otpAttempts: { capacity: 10, refillSeconds: 360 },
  recoveryAttempts: { capacity: 10, refillSeconds: 360 },
  /** Texts and calls. */
  sms: { capacity: 10, refillSeconds: 3600 },
  email: { capacity: 20, refillSeconds: 60 },
  push: { capacity: 5, refillSeconds: 12 },
} as const satisfies Record<string, BucketRule>;

export type BucketName = keyof typeof bucketRules;

export const fullBucket = (rule: BucketRule, now: number): Bucket => ({ level: rule.capacity, since: now });

/** The bucket as it stands at `now`. */
export function refill(bucket: Bucket, rule: BucketRule, now: number): Bucket {
  const period = rule.refillSeconds * 1000;
  const gained = Math.floor((now - bucket.since) / period);
  if (bucket.level + gained >= rule.capacity) return fullBucket(rule, now);
  return { level: bucket.level + gained, since: bucket.since + gained * period };
}

/** Takes one unit out of a bucket that `refill` found non-empty. */
export const spend = (bucket: Bucket): Bucket => ({ ...bucket, level: bucket.level - 1 });
