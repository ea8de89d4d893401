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
