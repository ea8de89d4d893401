import { describe, expect, test } from '@jest/globals';
import { mustContinueAsNew, type RunSize } from '../../src/enrollment/run-limits';

const small: RunSize = { messages: 0, historyEvents: 0, historyBytes: 0, suggested: false };

describe('a run goes on', () => {
  test.each([
    ['at its beginning', {}],
    ['where nothing went wrong', { messages: 10, historyEvents: 100, historyBytes: 100_000 }],
    ['just below every limit', { messages: 499, historyEvents: 3_999, historyBytes: 1_999_999 }],
  ])('%s', (_when, size) => {
    expect(mustContinueAsNew({ ...small, ...size })).toBe(false);
  });
});

describe('a run continues as new', () => {
  test.each([
    ['with 500 messages: Temporal takes 2,000 updates', { messages: 500 }],
    ['with 4,000 events: Temporal takes 51,200', { historyEvents: 4_000 }],
    ['with 2 MB: Temporal takes 50 MB', { historyBytes: 2_000_000 }],
    ['when Temporal suggests it', { suggested: true }],
  ])('%s', (_when, size) => {
    expect(mustContinueAsNew({ ...small, ...size })).toBe(true);
  });
});

describe('the limit of messages that a start names', () => {
  test.each([
    ['lowers the limit', 10, 9, false],
    ['lowers the limit', 10, 10, true],
    ['never raises it', 10_000, 499, false],
    ['never raises it', 10_000, 500, true],
  ])('%s: %i, at %i messages', (_what, messagesPerRun, messages, continues) => {
    expect(mustContinueAsNew({ ...small, messages }, messagesPerRun)).toBe(continues);
  });

  test('leaves the other limits as they are', () => {
    expect(mustContinueAsNew({ ...small, historyEvents: 4_000 }, 400)).toBe(true);
  });
});
