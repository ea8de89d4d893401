import { describe, expect, test } from '@jest/globals';
import { openEnrollment, type Enrollment } from '../../../src/enrollment/enrollment';
import { problem } from '../../../src/enrollment/problems';
import { parseMemo } from '../../../src/temporal/enrollments/case-memo';
import type { CaseMemo } from '../../../src/workflows/messages';

const at = 1_795_000_000_000;
const met = problem('code_rejected', at, { retryAt: at + 1000 });
const challenge = {
  challengeId: 'c-1',
  factor: 'sms',
  type: 'oob',
  issuedAt: at,
  expiresAt: at,
  expired: true,
} as const;
const facts = {
  ...openEnrollment({ factors: ['sms', 'otp'], phoneNumber: '+14155550123' }, at),
  plan: [
    { factor: 'sms', state: 'confirmed', alreadyActive: true, authenticatorId: 'sms|dev_1' },
    { factor: 'otp', state: 'waiting', alreadyActive: false },
  ],
  phoneNumber: '••••23',
  verifiedPhoneNumber: '••••23',
  lastDeliveryAt: at,
  phoneNumberChanges: 2,
  consentedAt: at,
  notices: [{ type: 'factor_confirmed', at, factor: 'sms' }],
  lastProblem: met,
} as const;

/** Every state with every member it can have: a member that is missing here or in the schema does not compile or is lost. */
const samples: { readonly [State in Enrollment['state']]: Required<Enrollment & { state: State }> } = {
  awaiting_token: { ...facts, state: 'awaiting_token', refreshAt: at },
  associating: { ...facts, state: 'associating', blockedOn: 'resend', blockedBy: met, earlier: challenge },
  awaiting_code: { ...facts, state: 'awaiting_code', challenge },
  confirming: { ...facts, state: 'confirming', challenge },
  verifying: { ...facts, state: 'verifying', outage: 'auth0_unavailable', recoveryCodeDue: true },
  completed: { ...facts, state: 'completed', endedAt: at },
  partial: { ...facts, state: 'partial', endedAt: at },
  expired: { ...facts, state: 'expired', endedAt: at },
  cancelled: { ...facts, state: 'cancelled', endedAt: at },
  failed: { ...facts, state: 'failed', endedAt: at },
};
const memoOf = (enrollment: Enrollment) =>
  ({
    version: 2,
    enrollment,
    tokenExpiresAt: at,
    firstRunId: '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa',
  }) satisfies Required<CaseMemo>;
const parsed = (enrollment: unknown) => parseMemo({ enrollment, fingerprint: 'f', startKey: 'k' });

test.each(Object.values(samples))('a memo of the state $state is read whole', (enrollment) => {
  expect(parsed(memoOf(enrollment))).toEqual({ fingerprint: 'f', startKey: 'k', shared: memoOf(enrollment) });
});

test('a memo that no worker has seen yet is read', () => {
  const { firstRunId: _first, tokenExpiresAt: _token, ...opening } = memoOf(openEnrollment({ factors: ['otp'] }, at));
  expect(parsed(opening)).toHaveProperty('shared', opening);
});

const good = memoOf(samples.awaiting_code);
describe.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'completed'],
  ['a list', []],
  ['an empty object', {}],
  ['the version before', { ...good, version: 1 }],
  ['a version that is to come', { ...good, version: 3 }],
  ['a state that nobody knows', { ...good, enrollment: { ...facts, state: 'dreaming' } }],
  ['a state without what belongs to it', { ...good, enrollment: { ...facts, state: 'awaiting_code' } }],
  ['an unknown problem', { ...good, enrollment: { ...samples.verifying, lastProblem: { ...met, code: 'new' } } }],
  ['an unknown factor', { ...good, enrollment: { ...facts, state: 'verifying', plan: [{ factor: 'fax' }] } }],
  ['a time that no date can hold', { ...good, enrollment: { ...samples.completed, endedAt: 1e300 } }],
  ['a time that is none', { ...good, tokenExpiresAt: 'soon' }],
  ['a bucket that never fills', { ...good, enrollment: { ...facts, state: 'verifying', attempts: { level: 1 } } }],
])('a memo of %s', (_what, memo) => {
  test('counts as none, and what else is known of the start stays', () => {
    expect(parsed(memo)).toEqual({ fingerprint: 'f', startKey: 'k' });
  });
});

test('what the start wrote is read from its own value, and one that is not ours counts as none', () => {
  const start = { fingerprint: 'f', startKey: 'k', owner: 'o', keyId: 'i', askedBy: 'desk' };
  expect(parseMemo({ start })).toEqual(start);
  expect(parseMemo({ start: { ...start, owner: 5 } })).toEqual({});
  expect(parseMemo({ start: 'o' })).toEqual({});
});

test('a start of which nothing is known is read as that', () => {
  expect(parseMemo(undefined)).toEqual({});
  expect(parseMemo({ fingerprint: 5, startKey: {} })).toEqual({});
});
