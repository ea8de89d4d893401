import { expect, test } from '@jest/globals';
import { deliveryLimits, limits } from '../../src/enrollment/limits';

test.each([
  ['an MFA token lives 600 s', limits.tokenLifeSeconds, 600],
  ['a texted code lives 5 minutes', limits.codeLifeSeconds, 5 * 60],
  ['one attempt comes back every 6 minutes', limits.attemptRefillSeconds, 6 * 60],
  ['a user gets 10 texts and calls', deliveryLimits.phone.capacity, 10],
  ['then one an hour', deliveryLimits.phone.refillSeconds, 3600],
  ['a user gets 20 emails', deliveryLimits.email.capacity, 20],
  ['then one a minute', deliveryLimits.email.refillSeconds, 60],
])("Auth0's own figure: %s", (_what, ours, documented) => {
  expect(ours).toBe(documented);
});

test("our attempts leave some of Auth0's 10, so that an enrollment cannot lock its user out elsewhere", () => {
  expect(limits.attempts).toBeLessThan(10);
});

test('a token that a step begins with outlives the code of that step', () => {
  expect(limits.tokenMarginSeconds).toBeGreaterThan(limits.codeLifeSeconds);
});

test("a fresh token is enough to begin a step with, and the last call's margin is within it", () => {
  expect(limits.tokenMarginSeconds).toBeLessThan(limits.tokenLifeSeconds);
  expect(limits.callMarginSeconds).toBeLessThan(limits.tokenMarginSeconds - limits.codeLifeSeconds);
});

test('wrong codes end an enrollment long before the 100 in a row of NIST SP 800-63B-4, 3.2.2', () => {
  expect(limits.attemptsInAll).toBeLessThan(100);
});
