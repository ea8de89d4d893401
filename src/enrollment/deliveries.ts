import { factors, type FactorName } from '../factors';
import { levelAt, nextUnitAt } from './bucket';
import type { Enrollment } from './enrollment';
import { limits } from './limits';

/** What Auth0 may still send for a factor, and when. */
export interface Deliveries {
  /** Messages that may still be sent now. */
  readonly left: number;
  /** Epoch ms: when the next one may be sent; `now` when at once. */
  readonly allowedAt: number;
  /** Why not at once. */
  readonly refused?: 'too_many_texts' | 'resend_too_soon';
}

/** `undefined` for a factor whose codes are not sent. The cool-down holds over all factors: one person gets all of it. */
export function deliveriesOf(enrollment: Enrollment, factor: FactorName, now: number): Deliveries | undefined {
  const { delivery } = factors[factor];
  if (delivery.type !== 'sent') return undefined;
  const bucket = enrollment.deliveries[delivery.bucket];
  const left = levelAt(bucket, now);
  const { lastDeliveryAt } = enrollment;
  const cooledDownAt = lastDeliveryAt === undefined ? now : lastDeliveryAt + limits.cooldownSeconds * 1000;
  const refilledAt = left > 0 ? now : (nextUnitAt(bucket, now) ?? now);
  const allowedAt = Math.max(now, cooledDownAt, refilledAt);
  if (left === 0) return { left, allowedAt, refused: 'too_many_texts' };
  return allowedAt > now ? { left, allowedAt, refused: 'resend_too_soon' } : { left, allowedAt };
}

/**
 * The same, and the limits of a day too: what the number, or the caller who set it, may have was used up when the last one was
 * asked for.
 */
export function resendable(enrollment: Enrollment, factor: FactorName, now: number): Deliveries | undefined {
  const deliveries = deliveriesOf(enrollment, factor, now);
  const blockedBy = enrollment.state === 'associating' ? enrollment.blockedBy : undefined;
  const isUsedUp = blockedBy?.code === 'number_limit_reached' || blockedBy?.code === 'caller_limit_reached';
  const freeAt = isUsedUp ? (blockedBy.retryAt ?? now) : now;
  if (deliveries === undefined || freeAt <= now) return deliveries;
  return { left: 0, allowedAt: Math.max(deliveries.allowedAt, freeAt), refused: 'too_many_texts' };
}
