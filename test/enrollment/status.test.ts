import { expect, test } from '@jest/globals';
import { enrollmentStates, outcomes } from '../../src/enrollment/status';

test('the states keep their public names, in the order of a case', () => {
  expect(enrollmentStates).toEqual([
    'awaiting_token',
    'associating',
    'awaiting_code',
    'confirming',
    'verifying',
    'completed',
    'partial',
    'expired',
    'cancelled',
    'failed',
  ]);
});

test('the outcomes are the last five states', () => {
  expect(outcomes).toEqual(enrollmentStates.slice(5));
});
