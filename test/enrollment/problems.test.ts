import { expect, test } from '@jest/globals';
import { problem, problemCodes } from '../../src/enrollment/problems';
import { now } from './samples';

test.each(problemCodes)('%s has a sentence of its own', (code) => {
  const { message } = problem(code, now);
  expect(message).toMatch(/^[A-Z].*[.]$/);
  expect(problemCodes.filter((other) => problem(other, now).message === message)).toEqual([code]);
});

test.each(problemCodes)('the sentence of %s reads the same for everybody: no number, token or key is in it', (code) => {
  expect(problem(code, now).message).not.toMatch(/\d{3,}|[\w-]{20,}/);
});

test('a problem says when it was met, and no time to try again that nobody knows', () => {
  expect(problem('cancelled', now)).toEqual({ code: 'cancelled', message: 'The enrollment was cancelled.', at: now });
});

test('a problem says when trying again makes sense', () => {
  expect(problem('too_many_texts', now, { retryAt: now + 1 })).toMatchObject({ at: now, retryAt: now + 1 });
});

test('what is known more exactly replaces the sentence', () => {
  expect(problem('configuration', now, { message: 'Turn the factor on.' }).message).toBe('Turn the factor on.');
});
