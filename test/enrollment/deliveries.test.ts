import { describe, expect, test } from '@jest/globals';
import { deliveriesOf } from '../../src/enrollment/deliveries';
import type { EnrollmentEvent } from '../../src/enrollment/enrollment';
import type { DeliveryBucket } from '../../src/factors';
import { after, fresh, now } from './samples';

const sent = (at: number, bucket: DeliveryBucket = 'phone'): EnrollmentEvent => ({
  type: 'deliveryCounted',
  bucket,
  at,
});
const spent = (count: number, at: number, bucket: DeliveryBucket = 'phone') =>
  Array.from({ length: count }, () => sent(at, bucket));

describe('messages to a phone', () => {
  test.each([
    ['at once when none was sent', fresh(), now, { left: 10, allowedAt: now }],
    [
      '30 seconds after the last',
      after(sent(now)),
      now + 1,
      { left: 9, allowedAt: now + 30_000, refused: 'resend_too_soon' },
    ],
    [
      'a millisecond before',
      after(sent(now)),
      now + 29_999,
      { left: 9, allowedAt: now + 30_000, refused: 'resend_too_soon' },
    ],
    ['at once when 30 seconds have passed', after(sent(now)), now + 30_000, { left: 9, allowedAt: now + 30_000 }],
    [
      'an hour after the first of ten',
      after(...spent(10, now)),
      now + 60_000,
      { left: 0, allowedAt: now + 3_600_000, refused: 'too_many_texts' },
    ],
    [
      'at once an hour after the first of ten',
      after(...spent(10, now)),
      now + 3_600_000,
      { left: 1, allowedAt: now + 3_600_000 },
    ],
    [
      'after the cool-down when that ends later than the hour',
      after(...spent(9, now), sent(now + 3_590_000), sent(now + 3_595_000)),
      now + 3_600_000,
      { left: 1, allowedAt: now + 3_625_000, refused: 'resend_too_soon' },
    ],
    [
      'after the cool-down when one comes back within it',
      after(...spent(10, now), sent(now + 3_590_000)),
      now + 3_595_000,
      { left: 0, allowedAt: now + 3_620_000, refused: 'too_many_texts' },
    ],
    [
      'after the cool-down also when the one that came back lies there',
      after(...spent(10, now), sent(now + 3_590_000)),
      now + 3_600_000,
      { left: 1, allowedAt: now + 3_620_000, refused: 'resend_too_soon' },
    ],
    [
      'an hour after Auth0 refused',
      after({ type: 'deliveriesRefused', bucket: 'phone', at: now + 5 }),
      now + 10,
      { left: 0, allowedAt: now + 3_600_005, refused: 'too_many_texts' },
    ],
    [
      'at once when the last one surely had no effect',
      after(sent(now), { type: 'deliveryWithdrawn', bucket: 'phone', at: now }),
      now,
      { left: 10, allowedAt: now },
    ],
  ])('%s', (_when, enrollment, at, deliveries) => {
    expect(deliveriesOf(enrollment, 'sms', at)).toEqual(deliveries);
    expect(deliveriesOf(enrollment, 'voice', at)).toEqual(deliveries);
  });
});

describe('emails', () => {
  test.each([
    ['at once when none was sent', fresh(), now, { left: 20, allowedAt: now }],
    [
      'a minute after the first of twenty',
      after(...spent(20, now, 'email')),
      now + 40_000,
      {
        left: 0,
        allowedAt: now + 60_000,
        refused: 'too_many_texts',
      },
    ],
    [
      'after the cool-down of a text when an email comes back within it',
      after(...spent(20, now, 'email'), sent(now + 50_000)),
      now + 55_000,
      { left: 0, allowedAt: now + 80_000, refused: 'too_many_texts' },
    ],
    ['from a bucket of their own', after(...spent(10, now)), now + 60_000, { left: 20, allowedAt: now + 60_000 }],
    [
      'under the cool-down of all messages',
      after(sent(now)),
      now + 1,
      {
        left: 20,
        allowedAt: now + 30_000,
        refused: 'resend_too_soon',
      },
    ],
    [
      'after Auth0 refused texts',
      after({ type: 'deliveriesRefused', bucket: 'phone', at: now }),
      now,
      {
        left: 20,
        allowedAt: now,
      },
    ],
  ])('%s', (_when, enrollment, at, deliveries) => {
    expect(deliveriesOf(enrollment, 'email', at)).toEqual(deliveries);
  });
});

test('nothing is said of a factor whose codes are not sent', () => {
  expect(deliveriesOf(after(...spent(10, now)), 'otp', now)).toBeUndefined();
});
