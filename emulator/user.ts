import type { Authenticator } from './authenticator';
import { type Bucket, type BucketName, bucketRules, fullBucket } from './bucket';

export interface User {
  /** `auth0|<24 hex>`. */
  readonly userId: string;
  readonly email: string;
  readonly password: string;
  /** Names of roles. Absent for a user that an emulator before there were any has kept. */
  roles?: readonly string[];
  /** Oldest first. */
  authenticators: Authenticator[];
  readonly buckets: Record<BucketName, Bucket>;
}

export function createUser(userId: string, email: string, password: string, now: number): User {
  const full = (name: BucketName) => fullBucket(bucketRules[name], now);
  return {
    userId,
    email,
    password,
    authenticators: [],
    buckets: {
      attempts: full('attempts'),
      otpAttempts: full('otpAttempts'),
      recoveryAttempts: full('recoveryAttempts'),
      sms: full('sms'),
      email: full('email'),
      push: full('push'),
    },
  };
}
