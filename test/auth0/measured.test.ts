import { describe, expect, test } from '@jest/globals';
import { Auth0Error } from '../../src/auth0/errors';
import { measured, measuredPace } from '../../src/auth0/measured';
import type { MfaClient } from '../../src/auth0/mfa';
import type { Admission } from '../../src/auth0/pace';

const answering = (answer: () => Promise<never>): MfaClient => ({
  associate: answer,
  confirm: answer,
  listAuthenticators: answer,
  deleteAuthenticator: answer,
  refresh: answer,
  exchangeCode: answer,
});

/** Makes each call once; whatever comes of it. */
async function callAll(mfa: MfaClient): Promise<void> {
  const calls = [
    () => mfa.associate('token', { authenticatorTypes: ['otp'] }),
    () => mfa.confirm('token', { type: 'oob', oobCode: 'o', bindingCode: '271828' }),
    () => mfa.confirm('token', { type: 'otp', otp: '271828' }),
    () => mfa.listAuthenticators('token'),
    () => mfa.deleteAuthenticator('token', 'sms|dev_1'),
    () => mfa.refresh('refresh-token'),
    () => mfa.exchangeCode({ code: 'c', codeVerifier: 'v', redirectUri: 'https://app.example.com' }),
  ];
  for (const call of calls) await call().catch(() => undefined);
}

const names = ['associate', 'confirm_oob', 'confirm_otp', 'list', 'delete', 'refresh', 'exchange'];

describe('a client that is measured', () => {
  test.each([
    [
      'what its refusal means',
      new Auth0Error({ verdict: 'throttled', endpoint: 'GET /x', status: 429 }),
      'throttled',
      429,
    ],
    ['that no answer came', new Auth0Error({ verdict: 'unreachable', endpoint: 'GET /x' }), 'unreachable', undefined],
    ['a fault of our own', new TypeError('broken'), 'fault', undefined],
  ])('tells of each call by its name %s, and passes it on', async (_what, error, result, status) => {
    const told: unknown[] = [];
    const mfa = measured(
      answering(() => Promise.reject(error)),
      (call) =>
        (...ended) =>
          void told.push([call, ...ended]),
    );
    await callAll(mfa);
    expect(told).toEqual(names.map((name) => (result === 'fault' ? [name, result] : [name, result, status])));
    await expect(mfa.listAuthenticators('token')).rejects.toBe(error);
  });

  test('tells of an answer that it was one, when it is there', async () => {
    const told: string[] = [];
    const mfa = measured(
      { ...answering(() => Promise.reject(new Error())), listAuthenticators: async () => [] },
      (call) => {
        told.push(`${call} begins`);
        return (result) => void told.push(result);
      },
    );
    expect(await mfa.listAuthenticators('token')).toEqual([]);
    expect(told).toEqual(['list begins', 'ok']);
  });
});

test('a pace that is measured tells how long a call waited, whose it was and whether it got its turn', async () => {
  const admissions: Admission[] = [
    { type: 'admitted', ended: () => undefined, throttled: () => 0 },
    { type: 'refused', retryAfterMs: 100 },
  ];
  const told: unknown[] = [];
  const pace = measuredPace(
    { admit: () => Promise.resolve(admissions.shift() ?? { type: 'refused', retryAfterMs: 0 }) },
    (priority, result, seconds) => told.push([priority, result, seconds >= 0 && seconds < 60]),
  );
  expect((await pace.admit({ priority: 'interactive', waitMs: 1 })).type).toBe('admitted');
  expect(await pace.admit({ priority: 'background', waitMs: 1 })).toEqual({ type: 'refused', retryAfterMs: 100 });
  expect(told).toEqual([
    ['interactive', 'admitted', true],
    ['background', 'refused', true],
  ]);
});
