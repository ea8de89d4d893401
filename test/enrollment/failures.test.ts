import { expect, test } from '@jest/globals';
import { failureTypes } from '../../src/enrollment/failures';

test('operators and retry policies know the failures by these types', () => {
  expect(failureTypes).toEqual({
    unreachable: 'Auth0Unreachable',
    throttled: 'Auth0RateLimited',
    notLocal: 'NotLocal',
    ambiguous: 'Auth0Ambiguous',
    configuration: 'Auth0Configuration',
    malformedRequest: 'Auth0MalformedRequest',
    limitsUnreachable: 'SendingLimitsUnreachable',
    invalidInput: 'InvalidInput',
    unavailable: 'Auth0Unavailable',
  });
});
