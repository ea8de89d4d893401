import { type BucketName, bucketRules, refill, spend } from './bucket';
import type { OAuthError } from './errors';
import { writeLog } from './logs';
import { refusals } from './refusals';
import type { Tenant } from './tenant';
import type { User } from './user';

/** True when the user's bucket has a unit left now. */
function hasLeft(tenant: Tenant, user: User, name: BucketName): boolean {
  user.buckets[name] = refill(user.buckets[name], bucketRules[name], tenant.clock.now());
  return user.buckets[name].level > 0;
}

/** Takes one unit, or throws what Auth0 says of an empty bucket. */
export function takeOrRefuse(tenant: Tenant, user: User, name: BucketName, refusal: OAuthError): void {
  if (!hasLeft(tenant, user, name)) throw refusal;
  user.buckets[name] = spend(user.buckets[name]);
}

export const attemptBucket = (tenant: Tenant, kind: 'oob' | 'otp'): BucketName =>
  kind === 'otp' && !tenant.state.switches.sharedAttempts ? 'otpAttempts' : 'attempts';

/** With an empty bucket no code is looked at, not even a right one. */
export function requireAttempt(tenant: Tenant, user: User, name: BucketName): void {
  if (hasLeft(tenant, user, name)) return;
  writeLog(tenant, 'gd_otp_rate_limit_exceed', user.userId, 'Too many failed codes');
  throw refusals.tooManyCodes(tenant.state.switches);
}

export function countFailure(tenant: Tenant, user: User, name: BucketName, reason: string): void {
  user.buckets[name] = spend(user.buckets[name]);
  writeLog(tenant, 'gd_auth_failed', user.userId, reason);
}
