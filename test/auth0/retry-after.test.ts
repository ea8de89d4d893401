import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { retryAfterMs } from '../../src/auth0/retry-after';

const now = Date.parse('2026-11-24T12:00:00Z');
const epochSeconds = (offset: number) => String(now / 1_000 + offset);

test.each([
  ['nothing said', {}, undefined],
  ['seconds', { retryAfter: '7' }, 7_000],
  ['seconds with blanks around', { retryAfter: ' 7 ' }, 7_000],
  ['none at all is raised to a second', { retryAfter: '0' }, 1_000],
  ['an hour is cut to a minute', { retryAfter: '3600' }, 60_000],
  ['a date', { retryAfter: 'Tue, 24 Nov 2026 12:00:09 GMT' }, 9_000],
  ['a date in the past', { retryAfter: 'Tue, 24 Nov 2026 11:00:00 GMT' }, 1_000],
  [
    'a date is measured against the answer, not against our clock',
    { retryAfter: 'Tue, 24 Nov 2026 13:00:09 GMT', date: 'Tue, 24 Nov 2026 13:00:00 GMT' },
    9_000,
  ],
  ['a reset time', { rateLimitReset: epochSeconds(12) }, 12_000],
  [
    'a reset time is measured against the answer too',
    { rateLimitReset: epochSeconds(72), date: 'Tue, 24 Nov 2026 12:01:00 GMT' },
    12_000,
  ],
  ['an unreadable Date leaves our clock', { rateLimitReset: epochSeconds(12), date: 'noon' }, 12_000],
  ['Retry-After wins over the reset time', { retryAfter: '3', rateLimitReset: epochSeconds(30) }, 3_000],
  ['an unreadable Retry-After gives way', { retryAfter: 'soon', rateLimitReset: epochSeconds(30) }, 30_000],
  ['a negative Retry-After is unreadable', { retryAfter: '-5' }, undefined],
  ['a fraction is unreadable', { retryAfter: '1.5' }, undefined],
  ['a date that does not exist is unreadable', { retryAfter: 'Tue, 99 Nov 2026 12:00:00 GMT' }, undefined],
  ['an unreadable reset time', { rateLimitReset: 'tomorrow' }, undefined],
])('%s', (_name, headers, wait) => {
  expect(retryAfterMs(headers, now)).toBe(wait);
});

test('whatever the headers say, the wait is between a second and a minute, or not there', () => {
  const text = fc.option(
    fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.date().map((d) => d.toUTCString()),
    ),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(text, text, text, fc.nat(), (retryAfter, rateLimitReset, date, clock) => {
      const wait = retryAfterMs({ retryAfter, rateLimitReset, date }, clock);
      expect(wait === undefined || (wait >= 1_000 && wait <= 60_000)).toBe(true);
    }),
  );
});
