import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classify } from '../../src/auth0/classification';
import { classificationRows } from '../../src/auth0/classification-rows';
import type { Auth0Verdict } from '../../src/auth0/errors';
import { remedies } from '../../src/auth0/remedies';
import { type Auth0Call, endpoints } from '../../src/auth0/requests';

const jwt = 'eyJfake.access-token.signature';
const mfaToken = 'Fe26.2*SERVER_1*fake-mfa-token';
const now = Date.parse('2026-11-24T12:00:00Z');

interface Case {
  readonly calls: readonly Auth0Call[];
  /** Every status that a recording, a page or an analogy names: the verdict is the same. */
  readonly statuses: readonly number[];
  readonly error: string;
  readonly description?: string;
  readonly token?: string;
  readonly verdict: Auth0Verdict;
  readonly remedy?: keyof typeof remedies;
}

const bearer = ['associate', 'list', 'delete'] as const;
const confirm = ['confirm_oob', 'confirm_otp'] as const;
const signIn = ['refresh', 'exchange'] as const;

/** Row by row, as classificationRows has them. */
const cases: readonly Case[] = [
  {
    calls: ['delete'],
    statuses: [401, 403],
    error: 'invalid_grant',
    description: 'The mfa_token provided is invalid. Try getting a new token.',
    token: mfaToken,
    verdict: 'token_wrong_kind',
    remedy: 'accessTokenNeeded',
  },
  {
    calls: ['associate'],
    statuses: [403],
    error: 'access_denied',
    description: 'User is already enrolled.',
    token: mfaToken,
    verdict: 'token_wrong_kind',
    remedy: 'accessTokenNeeded',
  },
  {
    calls: bearer,
    statuses: [401, 403],
    error: 'invalid_grant',
    description: 'The mfa_token provided is invalid. Try getting a new token.',
    verdict: 'token_expired',
  },
  {
    calls: [...bearer, ...confirm],
    statuses: [401],
    error: 'invalid_token',
    description: 'anything at all',
    verdict: 'token_expired',
  },
  {
    calls: bearer,
    statuses: [401, 403],
    error: 'expired_token',
    description: 'mfa_token is expired',
    verdict: 'token_expired',
  },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'invalid_grant',
    description: 'Malformed mfa_token',
    token: mfaToken,
    verdict: 'token_expired',
  },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'invalid_grant',
    description: 'Malformed mfa_token',
    token: jwt,
    verdict: 'token_wrong_kind',
    remedy: 'accessTokenNeeded',
  },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'invalid_grant',
    description: 'The mfa_token provided is invalid. Try getting a new token.',
    verdict: 'token_expired',
  },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'expired_token',
    description: 'mfa_token is expired',
    verdict: 'token_expired',
  },
  {
    calls: signIn,
    statuses: [403],
    error: 'invalid_grant',
    description: 'Unknown or invalid refresh token.',
    verdict: 'token_expired',
  },
  {
    calls: signIn,
    statuses: [401, 403],
    error: 'mfa_required',
    description: 'Multifactor authentication required',
    verdict: 'token_expired',
  },
  {
    calls: confirm,
    statuses: [400, 401, 403],
    error: 'invalid_grant',
    description: 'Invalid otp_code.',
    verdict: 'code_rejected',
  },
  {
    calls: confirm,
    statuses: [400, 401, 403],
    error: 'invalid_grant',
    description: 'Invalid binding_code.',
    verdict: 'code_rejected',
  },
  {
    calls: confirm,
    statuses: [403],
    error: 'invalid_grant',
    description: 'Malformed oob_code',
    verdict: 'challenge_expired',
  },
  {
    calls: confirm,
    statuses: [400, 403],
    error: 'invalid_request',
    description: "The oob_code doesn't match the mfa_token",
    verdict: 'challenge_expired',
  },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'expired_token',
    description: 'oob_code is expired',
    verdict: 'challenge_expired',
  },
  {
    calls: confirm,
    statuses: [400, 429],
    error: 'invalid_request',
    description: 'Too many failed codes. Wait for some minutes before retrying.',
    verdict: 'too_many_codes',
  },
  {
    calls: confirm,
    statuses: [400],
    error: 'access_denied',
    description: 'MFA Authorization rejected.',
    verdict: 'denied',
  },
  {
    calls: confirm,
    statuses: [400, 403],
    error: 'invalid_grant',
    description: 'MFA Authorization rejected.',
    verdict: 'denied',
  },
  {
    calls: confirm,
    statuses: [400],
    error: 'authorization_pending',
    description: 'Authorization pending: please repeat the request in a few seconds.',
    verdict: 'pending',
  },
  { calls: confirm, statuses: [400], error: 'slow_down', verdict: 'pending' },
  {
    calls: confirm,
    statuses: [401, 403],
    error: 'mfa_required',
    description: 'Multifactor authentication required',
    verdict: 'ambiguous',
  },
  {
    calls: confirm,
    statuses: [400, 401, 403],
    error: 'invalid_grant',
    description: 'A text that nobody has recorded',
    verdict: 'code_rejected',
  },
  {
    calls: ['associate'],
    statuses: [400, 502],
    error: 'bad_gateway',
    description: 'The phone number is invalid.',
    verdict: 'phone_number_invalid',
  },
  {
    calls: ['associate'],
    statuses: [400, 502],
    error: 'bad_gateway',
    description: 'The provider did not answer.',
    verdict: 'ambiguous',
  },
  {
    calls: ['associate'],
    statuses: [400, 429],
    error: 'invalid_request',
    description: 'Too many SMS sent by the user. Wait for some minutes before retrying.',
    verdict: 'too_many_texts',
  },
  {
    calls: ['associate'],
    statuses: [400, 403, 409],
    error: 'too_many_entities',
    description: 'You reached the limit of entities of the sms type for this user.',
    verdict: 'authenticator_limit',
  },
  {
    calls: bearer,
    statuses: [403, 404],
    error: 'access_denied',
    description: 'Could not find the requested authenticator',
    verdict: 'not_found',
  },
  {
    calls: bearer,
    statuses: [403],
    error: 'insufficient_scope',
    description: 'Insufficient scope',
    verdict: 'configuration',
    remedy: 'scopeMissing',
  },
  {
    calls: ['associate'],
    statuses: [400, 401, 403],
    error: 'unsupported_challenge_type',
    description: 'SMS Verifier is disabled for your tenant. You can turn it on from dashboard.',
    verdict: 'configuration',
    remedy: 'factorOff',
  },
  {
    calls: confirm,
    statuses: [403],
    error: 'unauthorized_client',
    description: "Grant type 'http://auth0.com/oauth/grant-type/mfa-oob' not allowed for the client.",
    verdict: 'configuration',
    remedy: 'mfaGrantOff',
  },
  {
    calls: confirm,
    statuses: [400, 403],
    error: 'unsupported_grant_type',
    description: 'Unsupported grant type: http://auth0.com/oauth/grant-type/mfa-oob',
    verdict: 'configuration',
    remedy: 'mfaGrantOff',
  },
  {
    calls: signIn,
    statuses: [403],
    error: 'unauthorized_client',
    description: "Grant type 'refresh_token' not allowed for the client.",
    verdict: 'configuration',
    remedy: 'signInGrantOff',
  },
  {
    calls: signIn,
    statuses: [400, 403],
    error: 'unsupported_grant_type',
    verdict: 'configuration',
    remedy: 'signInGrantOff',
  },
  {
    calls: confirm,
    statuses: [400, 403],
    error: 'invalid_request',
    description: 'mfa_token not issued to this client',
    verdict: 'configuration',
    remedy: 'otherClient',
  },
  {
    calls: [...confirm, ...signIn],
    statuses: [401],
    error: 'invalid_client',
    verdict: 'configuration',
    remedy: 'clientRefused',
  },
  {
    calls: [...confirm, ...signIn],
    statuses: [401, 403],
    error: 'access_denied',
    description: 'Unauthorized',
    verdict: 'configuration',
    remedy: 'clientRefused',
  },
  {
    calls: [...confirm, ...signIn],
    statuses: [403],
    error: 'access_denied',
    description: 'Service not found: https://tenant.eu.auth0.com/mfa',
    verdict: 'configuration',
    remedy: 'audienceUnknown',
  },
  {
    calls: [...bearer, ...confirm, ...signIn],
    statuses: [401, 403],
    error: 'access_denied',
    description: 'A rule of the tenant said no',
    verdict: 'denied',
  },
  {
    calls: [...bearer, ...confirm, ...signIn],
    statuses: [400],
    error: 'invalid_request',
    description: 'Missing required parameter: oob_code',
    verdict: 'unexpected',
    remedy: 'unknownError',
  },
];

const named = cases.map(
  (row) => [`${row.error} "${row.description ?? ''}" ${row.token?.slice(0, 4) ?? ''}`, row] as const,
);

const refusal = (
  call: Auth0Call,
  status: number,
  body: unknown,
  rest: { token?: string; headers?: IncomingHttpHeaders } = {},
) => ({
  call,
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...rest,
});

describe('each row', () => {
  test.each(named)('%s', (_name, row) => {
    const { error, description, token, verdict, remedy } = row;
    const expected = { verdict, error, ...(remedy === undefined ? {} : { remedy: remedies[remedy] }) };
    for (const call of row.calls) {
      for (const status of row.statuses) {
        const answer = refusal(call, status, { error, error_description: description }, token ? { token } : {});
        expect({ call, status, ...classify(answer, now) }).toEqual({ call, status, ...expected });
      }
    }
  });

  test('is the one that its case meets: none is hidden by a row above it, none is without a case', () => {
    const met = cases.map((row) => classificationRows.findIndex((candidate) => meets(candidate, row)));
    expect(met).toEqual(classificationRows.map((_row, index) => index));
  });

  test.each(named)('whole texts match whatever their case and final dot: %s', (_name, row) => {
    const [call] = row.calls;
    const [status] = row.statuses;
    if (call === undefined || status === undefined) throw new Error('a case names a call and a status');
    const spell = (description: string | undefined) =>
      classify(
        refusal(
          call,
          status,
          { error: row.error, error_description: description },
          row.token ? { token: row.token } : {},
        ),
        now,
      );
    const text = row.description ?? '';
    expect(spell(` ${text.replace(/\.$/, '').toUpperCase()}. `)).toEqual(spell(text));
  });
});

/** The reading of a row, written a second time and with nothing of classify() in it. */
function meets(row: (typeof classificationRows)[number], sample: Case): boolean {
  const text = (sample.description ?? '').toLowerCase().replace(/\.$/, '');
  return (
    row.error === sample.error &&
    sample.calls.every((call) => row.calls.includes(call)) &&
    (row.token === undefined || sample.token?.startsWith('Fe26') === true) &&
    (row.description === undefined ||
      (typeof row.description === 'string' ? row.description.toLowerCase() === text : row.description.test(text)))
  );
}

test.each([
  ['a deletion is not one that is gone already', 'delete', 404],
  ['a list is not about the token', 'list', 401],
] as const)('a page of a proxy in answer to %s', (_what, call, status) => {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  const verdict = { verdict: 'unexpected', remedy: remedies.notAuth0 };
  expect(classify({ call, status, headers, body: '<!doctype html><p>Blocked' }, now)).toEqual(verdict);
});

describe('an answer that no row knows', () => {
  test.each<[string, Auth0Call, number, unknown, object]>([
    [
      '429 waits as told',
      'associate',
      429,
      { error: 'too_many_requests' },
      { verdict: 'throttled', retryAfterMs: 12_000 },
    ],
    ['429 without a body too', 'confirm_oob', 429, '', { verdict: 'throttled', retryAfterMs: 12_000 }],
    [
      '429 with a shared code too',
      'confirm_otp',
      429,
      { error: 'invalid_grant' },
      { verdict: 'throttled', retryAfterMs: 12_000 },
    ],
    ['5xx to a POST', 'associate', 500, '', { verdict: 'ambiguous' }],
    ['5xx to a token request', 'refresh', 503, '<html>', { verdict: 'ambiguous' }],
    ['5xx to a DELETE', 'delete', 502, '', { verdict: 'ambiguous' }],
    ['5xx to a GET', 'list', 503, '', { verdict: 'unreachable' }],
    ['5xx with a shared code is no refusal', 'confirm_oob', 500, { error: 'invalid_grant' }, { verdict: 'ambiguous' }],
    ['408 to a POST', 'associate', 408, '', { verdict: 'ambiguous' }],
    ['a redirect', 'associate', 302, '', { verdict: 'unexpected', remedy: remedies.notAuth0 }],
    [
      'a redirect that calls itself an error',
      'confirm_oob',
      307,
      { error: 'a_new_code' },
      { verdict: 'unexpected', remedy: remedies.notAuth0 },
    ],
    ['401 to a bearer', 'associate', 401, 'Unauthorized', { verdict: 'token_expired' }],
    ['401 to a bearer with a new code', 'list', 401, { error: 'new_code' }, { verdict: 'token_expired' }],
    [
      '401 to a client',
      'confirm_oob',
      401,
      { error: 'new_code' },
      { verdict: 'unexpected', remedy: remedies.unknownError },
    ],
    ['404 to a delete', 'delete', 404, 'Not Found', { verdict: 'not_found' }],
    ['404 elsewhere', 'associate', 404, { error: 'not_found' }, { verdict: 'unexpected', remedy: remedies.notAuth0 }],
    ['403 in HTML', 'confirm_oob', 403, '<html>', { verdict: 'unexpected', remedy: remedies.notAuth0 }],
    ['403 in HTML to a deletion', 'delete', 403, '<html>', { verdict: 'unexpected', remedy: remedies.notAuth0 }],
    ['401 in HTML to a client', 'refresh', 401, '<html>', { verdict: 'unexpected', remedy: remedies.notAuth0 }],
    [
      '403 with a new code',
      'associate',
      403,
      { error: 'new_code' },
      { verdict: 'unexpected', remedy: remedies.unknownError },
    ],
    [
      '400 with a new code',
      'associate',
      400,
      { error: 'new_code' },
      { verdict: 'unexpected', remedy: remedies.unknownError },
    ],
    [
      '400 with a new text of a known code',
      'confirm_otp',
      400,
      { error: 'invalid_request', error_description: 'A text that nobody has recorded' },
      { verdict: 'unexpected', remedy: remedies.unknownError },
    ],
    [
      'an error without description',
      'confirm_oob',
      403,
      { error: 'invalid_grant', error_description: null },
      { verdict: 'code_rejected' },
    ],
  ])('%s', (_name, call, status, body, expected) => {
    const answer = refusal(call, status, body, { headers: { 'x-ratelimit-reset': String(now / 1_000 + 12) } });
    expect(classify(answer, now)).toMatchObject(expected);
  });
});

test.each<[string, Auth0Call, string, string]>([
  ['a code', 'confirm_oob', 'application/json', 'ambiguous'],
  ['an associate', 'associate', 'application/json; charset=utf-8', 'ambiguous'],
  ['a deletion', 'delete', 'application/problem+json', 'ambiguous'],
  ['a reading', 'list', 'application/json', 'unreachable'],
])('JSON cut in two is no refusal: it says as little as no answer (%s)', (_name, call, contentType, verdict) => {
  const answer = refusal(call, 403, '{"error":"invalid_gr', { headers: { 'content-type': contentType } });
  expect(classify(answer, now)).toEqual({ verdict });
});

test('an error that is more than letters is not passed on', () => {
  const answer = refusal('associate', 400, { error: 'invalid_code_123456' });
  expect(classify(answer, now)).toEqual({ verdict: 'unexpected', remedy: remedies.unknownError });
});

test('any answer at all gets a verdict, remedies come with three of them, and only 429 comes with a wait', () => {
  const callNames = Object.keys(endpoints) as Auth0Call[]; // Object.keys forgets the key type; the object is closed
  const errors = classificationRows.map(({ error }) => error);
  const texts = cases.map(({ description }) => description ?? '');
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        error: fc.oneof(fc.constantFrom(...errors), fc.string()),
        error_description: fc.oneof(fc.constantFrom(...texts), fc.string()),
      })
      .map((answer) => JSON.stringify(answer)),
  );
  const headers = fc.dictionary(
    fc.constantFrom('retry-after', 'x-ratelimit-reset', 'date'),
    fc.oneof(fc.string(), fc.nat().map(String), fc.array(fc.string())),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...callNames),
      fc.integer({ min: 100, max: 999 }),
      body,
      headers,
      (call, status, text, sent) => {
        const result = classify({ call, status, body: text, headers: sent, token: jwt }, now);
        expect(result.verdict).toMatch(/^[a-z_]+$/);
        expect(result.remedy !== undefined).toBe(
          ['configuration', 'token_wrong_kind', 'unexpected'].includes(result.verdict),
        );
        if (result.verdict !== 'throttled') expect(result.retryAfterMs).toBeUndefined();
      },
    ),
    { numRuns: 1_000 },
  );
});

test('no status or page alone ends an enrollment: only a row that Auth0 is known to answer with does', () => {
  const callNames = Object.keys(endpoints) as Auth0Call[]; // see above
  const known = new Set(classificationRows.map(({ error }) => error));
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .string()
      .filter((error) => !known.has(error))
      .map((error) => JSON.stringify({ error, error_description: error })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...callNames), fc.integer({ min: 300, max: 599 }), body, (call, status, text) => {
      const { verdict } = classify({ call, status, body: text, headers: {} }, now);
      expect(['configuration', 'malformed_request']).not.toContain(verdict);
    }),
    { numRuns: 1_000 },
  );
});

test('a lost answer to anything but the list is never called harmless', () => {
  const callNames = Object.keys(endpoints) as Auth0Call[]; // see above
  fc.assert(
    fc.property(
      fc.constantFrom(...callNames),
      fc.integer({ min: 500, max: 599 }),
      fc.string(),
      (call, status, text) => {
        const { verdict } = classify({ call, status, body: text, headers: {} }, now);
        expect(verdict).toBe(call === 'list' ? 'unreachable' : 'ambiguous');
      },
    ),
  );
});
