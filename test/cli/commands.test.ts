import { describe, expect, jest, test } from '@jest/globals';
import { enrollmentPage } from '../../src/api/schemas';
import type { FactorName } from '../../src/factors';
import { ApiProblem } from '../../src/problems';
import type { Role } from '../../src/scopes';
import type { Enrollments } from '../../src/temporal/enrollments';
import type { EnrollmentView } from '../../src/temporal/enrollments/runs';
import type { ConfirmCodeResult } from '../../src/workflows/messages';
import { awaitingCode, id, ids, inState, tokenOf, userId } from '../api/support';
import { mfa, serveApi } from './support';

const { id: _id, ...status } = awaitingCode;
const confirmed: ConfirmCodeResult = { result: 'confirmed', attemptsLeft: 5, status };
const setupKey = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const barcodeUri = `otpauth://totp/Example:user?secret=${setupKey}&issuer=Example`;

interface Row {
  readonly args: readonly string[];
  readonly role: Role;
  /** Another role, which may not do this. */
  readonly denied: Role;
  readonly method: keyof Enrollments;
  readonly answer: unknown;
  /** What people read. */
  readonly shows: readonly string[];
}

const why = ['--reason', 'ticket 42'];
const rows: Readonly<Record<string, Row>> = {
  start: {
    args: ['start', userId, '--phone', '+14155550123', '--factors', 'sms,otp'],
    role: 'onboarding',
    denied: 'support',
    method: 'start',
    answer: { created: true, enrollment: inState('awaiting_token') },
    shows: [id, 'awaiting_token', 'https://mfa.example.com/sign-in/', `mfa link ${id}`],
  },
  status: {
    args: ['status', id],
    role: 'support',
    denied: 'support',
    method: 'get',
    answer: awaitingCode,
    shows: [
      id,
      'awaiting_code (sms)',
      'sms challenged · otp waiting',
      '5 left',
      'user (binding_code)',
      'The user types the code.',
    ],
  },
  list: {
    args: ['list', '--state', 'awaiting_code', '--factor', 'sms', '--limit', '5'],
    role: 'ops',
    denied: 'ops',
    method: 'list',
    answer: {
      enrollments: [{ id, state: 'awaiting_code', factor: 'sms', startedAt: awaitingCode.startedAt }],
      nextCursor: 'next-page',
    },
    shows: ['ID', id, 'awaiting_code', '--cursor next-page'],
  },
  find: {
    args: ['find', userId],
    role: 'support',
    denied: 'support',
    method: 'list',
    answer: {
      enrollments: [
        {
          id,
          state: 'associating',
          waitingFor: { who: 'operator', what: 'configuration' },
          startedAt: awaitingCode.startedAt,
        },
      ],
    },
    shows: ['WAITS FOR', id, 'operator (configuration)'],
  },
  events: {
    args: ['events', id],
    role: 'support',
    denied: 'support',
    method: 'timeline',
    answer: {
      truncated: true,
      entries: [
        { at: awaitingCode.startedAt, what: 'started', factors: ['sms', 'otp'] },
        { at: awaitingCode.startedAt, what: 'problem', code: 'cooldown', message: 'Wait a moment.' },
      ],
    },
    shows: ['There was more before.', 'AT', 'started', 'factors: sms, otp', 'code: cooldown · message: Wait a moment.'],
  },
  code: {
    args: ['code', id, '123456'],
    role: 'support',
    denied: 'ops',
    method: 'confirmCode',
    answer: confirmed,
    shows: ['The code is right.', id],
  },
  otp: {
    args: ['otp', id, '123456'],
    role: 'support',
    denied: 'ops',
    method: 'confirmCode',
    answer: confirmed,
    shows: ['The code is right.', id],
  },
  resend: {
    args: ['resend', id, ...why],
    role: 'support',
    denied: 'onboarding',
    method: 'resend',
    answer: awaitingCode,
    shows: [id, 'awaiting_code (sms)'],
  },
  number: {
    args: ['number', id, '+14155550199', ...why],
    role: 'support',
    denied: 'onboarding',
    method: 'changePhoneNumber',
    answer: awaitingCode,
    shows: [id, '••••••••••23'],
  },
  cancel: {
    args: ['cancel', id, ...why],
    role: 'ops',
    denied: 'onboarding',
    method: 'cancel',
    answer: { ...inState('cancelled'), endedAt: '2026-11-24T09:10:00.000Z' },
    shows: [id, 'cancelled', 'ended'],
  },
  link: {
    args: ['link', id],
    role: 'support',
    denied: 'support',
    method: 'get',
    answer: awaitingCode,
    shows: ['https://mfa.example.com/sign-in/', 'Works once'],
  },
  challenge: {
    args: ['challenge', id],
    role: 'onboarding',
    denied: 'support',
    method: 'challenge',
    answer: { type: 'otp', factor: 'otp', challengeId: 'c-2', setupKey, barcodeUri, recoveryCode: 'ABCD1234' },
    shows: ['█', 'JBSW Y3DP EHPK 3PXP', 'Recovery code, to be written down: ABCD1234', `mfa otp ${id}`],
  },
};
const each = Object.entries(rows).map(([name, row]) => ({ name, ...row }));
const answering = ({ method, answer }: Pick<Row, 'method' | 'answer'>): Partial<Enrollments> => ({
  [method]: () => Promise.resolve(answer),
});
const refusing = (method: Row['method'], problem: ApiProblem): Partial<Enrollments> => ({
  [method]: () => Promise.reject(problem),
});

test.each(each)('mfa $name shows people what happened and ends with 0', async ({ shows, args, role, ...row }) => {
  const { env } = await serveApi(answering(row));
  const ran = await mfa(args, { env: env(role) });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  for (const text of shows) expect(ran.stdout).toContain(text);
});

test.each(each)('mfa $name --json prints one JSON value and nothing else', async ({ args, role, ...row }) => {
  const { env } = await serveApi(answering(row));
  const ran = await mfa([...args, '--json'], { env: env(role) });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ran.stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(ran.stdout)).toEqual(expect.any(Object));
});

test.each(each)('mfa $name of an enrollment that is over is refused with 1', async ({ args, role, method }) => {
  const { env } = await serveApi(refusing(method, new ApiProblem('enrollment_settled', { detail: 'It is over.' })));
  const ran = await mfa(args, { env: env(role) });
  expect(ran).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'mfa: It is over. See how it ended with `mfa status`.\n',
  });
});

test.each(each)('mfa $name of an unknown enrollment ends with 4', async ({ args, role, method }) => {
  const { env } = await serveApi(refusing(method, new ApiProblem('enrollment_not_found')));
  const ran = await mfa(args, { env: env(role) });
  expect(ran).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('`mfa find <userId>`') });
});

test.each(each)('mfa $name with a key that nobody knows ends with 4', async ({ args }) => {
  const { api } = await serveApi({});
  const ran = await mfa(args, { env: { MFA_API: api, MFA_API_KEY: 'no-such-key' } });
  expect(ran).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('Check MFA_API_KEY') });
});

test.each(each.filter(({ role, denied }) => role !== denied))(
  'mfa $name as $denied ends with 4 and names the scope',
  async ({ args, denied }) => {
    const { env } = await serveApi({});
    const ran = await mfa(args, { env: env(denied) });
    expect(ran).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('needs the scope') });
  },
);

test.each(each)('mfa $name with nothing at the address ends with 3 and says so', async ({ args }) => {
  const ran = await mfa(args, { env: { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: 'some-key' } });
  expect(ran).toMatchObject({
    exitCode: 3,
    stdout: '',
    stderr: expect.stringMatching(/^mfa: Nothing answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\./),
  });
});

test.each(each)(
  'mfa $name tells when an unavailable service is back and ends with 3',
  async ({ args, role, method }) => {
    const now = Date.parse('2026-11-24T09:01:00.000Z');
    const { env } = await serveApi(refusing(method, new ApiProblem('unavailable', { retryAfter: 40 })));
    const ran = await mfa(args, { env: env(role), now });
    const back = new Date(now + 40_000).toLocaleTimeString('sv-SE');
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ran.stderr).toContain(`Try again at ${back} (in 40 s).`);
  },
);

test.each(each)('mfa $name --json prints a problem as it came', async ({ args, role, method }) => {
  const { env } = await serveApi(refusing(method, new ApiProblem('wrong_step', { factor: 'sms' })));
  const ran = await mfa([...args, '--json'], { env: env(role) });
  expect(ran.exitCode).toBe(1);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    type: 'urn:mfa-enrollment:problem:wrong_step',
    status: 409,
    code: 'wrong_step',
    factor: 'sms',
  });
});

describe('what a command sends', () => {
  const support = { caller: ids.owner('support-desk') };

  test('mfa find asks for all pages of the user, and shows the newest first', async () => {
    const of = (startedAt: string) => ({ id, state: 'expired', startedAt }) as const;
    const list = jest.fn<Enrollments['list']>();
    list.mockResolvedValueOnce({
      enrollments: [of('2026-11-20T09:00:00.000Z')],
      nextCursor: `${'s'.repeat(22)}.cGFnZQ`,
    });
    list.mockResolvedValueOnce({ enrollments: [of('2026-11-22T09:00:00.000Z'), of('2026-11-21T09:00:00.000Z')] });
    const { env } = await serveApi({ list });
    const ran = await mfa(['find', userId, '--json'], { env: env('ops') });
    expect(list.mock.calls).toEqual([
      [{ userId, limit: 100 }],
      [{ userId, limit: 100, cursor: `${'s'.repeat(22)}.cGFnZQ` }],
    ]);
    const { enrollments } = enrollmentPage.parse(JSON.parse(ran.stdout));
    const days = enrollments.map(({ startedAt }) => startedAt.slice(8, 10));
    expect(days).toEqual(['22', '21', '20']);
  });

  test('mfa list filters by user and by who has to act', async () => {
    const list = jest.fn<Enrollments['list']>().mockResolvedValue({ enrollments: [] });
    const { env } = await serveApi({ list });
    await mfa(['list', '--user', userId, '--waiting-for', 'operator'], { env: env('ops') });
    expect(list).toHaveBeenCalledWith({ userId, waitingFor: 'operator', limit: 20 });
    const ran = await mfa(['list', '--waiting-for', 'godot'], { env: env('ops') });
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('waitingFor: expected one of user,') });
  });

  test('mfa start takes the token from the standard input, alone or as JSON', async () => {
    const token = tokenOf(userId);
    const start = jest.fn<Enrollments['start']>(async () => ({ created: true, enrollment: awaitingCode }));
    const { env } = await serveApi({ start });
    const args = ['start', userId, '--phone', '+1 415 555 0123', '--token-stdin'];
    await mfa(args, { env: env('onboarding'), stdin: `${token}\n` });
    await mfa(args, { env: env('onboarding'), stdin: JSON.stringify({ accessToken: token, expiresIn: 500 }) });
    const idempotencyKey = expect.any(String);
    const common = {
      userId,
      phoneNumber: '+14155550123',
      factors: ['sms', 'otp'],
      caller: 'onboarding-desk',
      idempotencyKey,
    };
    expect(start.mock.calls).toEqual([
      [{ ...common, token: { accessToken: token } }],
      [{ ...common, token: { accessToken: token, expiresIn: 500 } }],
    ]);
  });

  test('mfa code without a code reads it from the standard input', async () => {
    const confirmCode = jest.fn<Enrollments['confirmCode']>(async () => confirmed);
    const { env } = await serveApi({ confirmCode });
    const ran = await mfa(['code', id], { env: env('support'), stdin: '123 456\n' });
    expect(ran.exitCode).toBe(0);
    expect(confirmCode).toHaveBeenCalledWith(id, { factor: 'sms', code: '123456' }, expect.any(String), support);
  });

  test('mfa code at a terminal asks for it on the error output and does not show it', async () => {
    const confirmCode = jest.fn<Enrollments['confirmCode']>(async () => confirmed);
    const { env } = await serveApi({ confirmCode });
    const ran = await mfa(['code', id], { env: env('support'), stdin: '123456\n', stdinIsTTY: true });
    expect(confirmCode).toHaveBeenCalledWith(id, { factor: 'sms', code: '123456' }, expect.any(String), support);
    expect(ran.stderr).toContain('Code (not shown): ');
    expect(ran.stdout + ran.stderr).not.toContain('123456');
  });

  test('mfa number without a number reads it from the standard input', async () => {
    const changePhoneNumber = jest.fn<Enrollments['changePhoneNumber']>(async () => awaitingCode);
    const { env } = await serveApi({ changePhoneNumber });
    await mfa(['number', id, ...why], { env: env('support'), stdin: '+14155550199\n' });
    expect(changePhoneNumber).toHaveBeenCalledWith(id, '+14155550199', expect.any(String), support);
  });

  test('mfa cancel carries the reason', async () => {
    const cancel = jest.fn<Enrollments['cancel']>(async () => inState('cancelled'));
    const { env } = await serveApi({ cancel });
    await mfa(['cancel', id, ...why], { env: env('support') });
    expect(cancel).toHaveBeenCalledWith(id, 'ticket 42');
  });
});

test.each([
  ['rejected', 1, 'The code is wrong. 3 attempts left.'],
  ['rate_limited', 1, 'Too many wrong codes. Try again at '],
  ['expired', 1, 'The code has expired.'],
  ['token_needed', 1, 'The user has to sign in again first.'],
  ['unavailable', 3, 'Auth0 does not answer now.'],
] as const)('a code that is %s ends with %d and says "%s"', async (result, exitCode, text) => {
  const retryAfter = result === 'rate_limited' ? { retryAfter: 360 } : {};
  const { env } = await serveApi({ confirmCode: async () => ({ result, attemptsLeft: 3, ...retryAfter, status }) });
  const ran = await mfa(['code', id, '123456'], { env: env('support') });
  expect(ran.exitCode).toBe(exitCode);
  expect(ran.stdout).toContain(text);
});

test('a code for a factor that was done before is not called right', async () => {
  const { env } = await serveApi({
    confirmCode: async () => ({ result: 'already_confirmed', attemptsLeft: 5, status }),
  });
  const ran = await mfa(['code', id, '123456'], { env: env('support') });
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout).toContain('That factor was done before; nothing was checked.');
  expect(ran.stdout).not.toContain('right');
});

test.each<[string[], FactorName]>([
  [[], 'sms'],
  [['--factor', 'voice'], 'voice'],
  [['--factor', 'email'], 'email'],
])('mfa code %j submits the code of %s', async (options, factor) => {
  const confirmCode = jest.fn<Enrollments['confirmCode']>(async () => confirmed);
  const { env } = await serveApi({ confirmCode });
  await mfa(['code', id, '123456', ...options], { env: env('support') });
  expect(confirmCode).toHaveBeenCalledWith(id, { factor, code: '123456' }, expect.any(String), {
    caller: ids.owner('support-desk'),
  });
});

test('mfa code of a factor whose code is not sent is turned down before anything is sent', async () => {
  const { env } = await serveApi({});
  const ran = await mfa(['code', id, '123456', '--factor', 'otp'], { env: env('support') });
  expect(ran).toEqual({ exitCode: 2, stdout: '', stderr: 'mfa: factor: expected one of sms, voice, email.\n' });
});

test.each<[EnrollmentView['waitingFor'], string, string]>([
  [{ who: 'user', what: 'sign_in' }, `mfa link ${id}`, 'enrollments:link'],
  [{ who: 'onboarding', what: 'token' }, `mfa link ${id}`, 'enrollments:link'],
  [{ who: 'user', what: 'binding_code' }, `mfa code ${id}`, 'enrollments:code'],
  [{ who: 'user', what: 'otp' }, `mfa otp ${id}`, 'enrollments:code'],
  [{ who: 'user', what: 'resend' }, `mfa resend ${id} --reason …`, 'enrollments:manage'],
  [{ who: 'user', what: 'phone_number' }, `mfa number ${id} --reason …`, 'enrollments:manage'],
])('a status that waits for %j names %s, and the scope that it takes', async (waitingFor, command, scope) => {
  const { env } = await serveApi({ get: async () => ({ ...awaitingCode, waitingFor }) });
  const ran = await mfa(['status', id], { env: env('ops') });
  expect(ran.stdout).toContain(`a caller with ${scope} can run: ${command}\n`);
});

test.each<EnrollmentView['waitingFor']>([
  { who: 'auth0', what: 'answer' },
  { who: 'nobody', what: 'cooldown' },
  { who: 'operator', what: 'configuration' },
])('a status that waits for %j names no command', async (waitingFor) => {
  const { env } = await serveApi({ get: async () => ({ ...awaitingCode, waitingFor }) });
  expect((await mfa(['status', id], { env: env('ops') })).stdout).not.toContain('mfa ');
});

test('a code without an answer yet ends with 3 and must not be sent again', async () => {
  const { env } = await serveApi({ confirmCode: async () => undefined });
  const ran = await mfa(['code', id, '123456'], { env: env('support') });
  expect(ran.exitCode).toBe(3);
  expect(ran.stdout).toContain('do not send it again');
});

test('a status says from when a text may be sent again, and when a try comes back', async () => {
  const now = Date.parse('2026-11-24T09:01:00.000Z');
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  const { env } = await serveApi({
    get: async () => ({ ...awaitingCode, nextAttemptAt: at(360), nextTextAt: at(28) }),
  });
  const { stdout } = await mfa(['status', id], { env: env('ops'), now });
  expect(stdout).toMatch(/^attempts +5 left, one more at \d\d:\d\d:\d\d \(in 6 min\)$/m);
  expect(stdout).toMatch(/^texts +9 left, the next from \d\d:\d\d:\d\d \(in 28 s\)$/m);
});

test('a support key that gives no reason is told how to give one', async () => {
  const { env } = await serveApi({});
  const ran = await mfa(['cancel', id, '--reason', ' '], { env: env('support') });
  expect(ran).toEqual({ exitCode: 2, stdout: '', stderr: 'mfa: reason: expected 1 to 200 characters.\n' });
});
