import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { enrollmentStates, type EnrollmentStateName } from '../../src/enrollment/status';
import type { Enrollments } from '../../src/temporal/enrollments';
import { awaitingCode, id, inState } from '../api/support';
import { mfa, serveApi } from './support';

const { startedAt } = awaitingCode;

test('mfa --version is the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  expect(await mfa(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('what every command takes may stand before the command, and what stands behind it wins', async () => {
  const { api, env } = await serveApi({ list: async () => ({ enrollments: [] }) });
  const { MFA_API_KEY } = env('ops');
  const before = await mfa(['--json', '--api', api, 'list'], { env: { MFA_API_KEY } });
  expect(JSON.parse(before.stdout)).toEqual({ enrollments: [] });
  const both = await mfa(['--api', 'http://127.0.0.1:1', 'list', '--api', api], { env: { MFA_API_KEY } });
  expect(both).toMatchObject({ exitCode: 0, stdout: 'No enrollment.\n' });
});

test('an option before a command that does not take it is refused', async () => {
  const ran = await mfa(['--api', 'http://127.0.0.1:1', 'doctor']);
  expect(ran).toEqual({ exitCode: 2, stdout: '', stderr: 'mfa: --api: `mfa doctor` does not take it.\n' });
});

test('mfa list --state offers the states that lists have', async () => {
  const { stdout } = await mfa(['list', '--help']);
  const offered = enrollmentStates.filter((state) => stdout.includes(`"${state}"`));
  expect(offered).toEqual(enrollmentStates.filter((state) => state !== 'confirming'));
  const ran = await mfa(['list', '--state', 'confirming']);
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Allowed choices are awaiting_token,') });
});

test('mfa list --all asks for every page', async () => {
  const cursor = `${'s'.repeat(22)}.cGFnZQ`;
  const list = jest.fn<Enrollments['list']>();
  list.mockResolvedValueOnce({ enrollments: [{ id, state: 'expired', startedAt }], nextCursor: cursor });
  list.mockResolvedValueOnce({ enrollments: [{ id, state: 'completed', startedAt }] });
  const { env } = await serveApi({ list });
  const ran = await mfa(['list', '--all', '--json', '--factor', 'otp'], { env: env('ops') });
  expect((JSON.parse(ran.stdout) as { enrollments: unknown[] }).enrollments).toHaveLength(2);
  expect(list.mock.calls).toEqual([[{ factor: 'otp', limit: 100 }], [{ factor: 'otp', limit: 100, cursor }]]);
  const both = await mfa(['list', '--all', '--limit', '5'], { env: env('ops') });
  expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('one of --all and --limit') });
});

test('the end of a page shows a cursor to programs, and to people what they can type', async () => {
  const { env } = await serveApi({
    list: async () => ({ enrollments: [{ id, state: 'expired', startedAt }], nextCursor: 'long-cursor' }),
  });
  expect((await mfa(['list'], { env: env('ops') })).stdout).toContain('--cursor long-cursor\n');
  const { stdout } = await mfa(['list'], { env: env('ops'), stdoutIsTTY: true });
  expect(stdout).toContain('There are more: --all shows them');
  expect(stdout).not.toContain('long-cursor');
});

const green = '\u001b[32m';
const yellow = '\u001b[33m';
const red = '\u001b[31m';
test.each<[EnrollmentStateName, string]>([
  ['completed', green],
  ['partial', yellow],
  ['expired', yellow],
  ['failed', red],
])('at a terminal, %s has a colour of its own in status, list and watch', async (state, colour) => {
  const { env } = await serveApi({
    get: async () => inState(state),
    list: async () => ({ enrollments: [{ id, state, startedAt }] }),
    async *watch() {
      yield inState(state);
    },
  });
  for (const args of [['status', id], ['list'], ['watch', id]]) {
    const { stdout } = await mfa(args, { env: env('ops'), stdoutIsTTY: true });
    expect(stdout).toContain(`${colour}${state}`);
    const plain = await mfa(args, { env: { ...env('ops'), NO_COLOR: '1' }, stdoutIsTTY: true });
    expect(plain.stdout).not.toContain('\u001b[');
  }
});

test('at a terminal the problem of an open enrollment is yellow, and that of a failed one red', async () => {
  const lastProblem = { code: 'auth0_unavailable', message: 'Auth0 does not answer.', at: startedAt } as const;
  for (const [of, colour] of [
    [awaitingCode, yellow],
    [inState('failed'), red],
  ] as const) {
    const { env } = await serveApi({ get: async () => ({ ...of, lastProblem }) });
    const { stdout } = await mfa(['status', id], { env: env('ops'), stdoutIsTTY: true });
    expect(stdout).toContain(`${colour}auth0_unavailable: Auth0 does not answer.`);
  }
});

test('colours do not shift the columns', async () => {
  const { env } = await serveApi({
    list: async () => ({
      enrollments: [
        { id, state: 'failed', startedAt },
        { id, state: 'awaiting_code', factor: 'sms', startedAt },
      ],
    }),
  });
  const { stdout } = await mfa(['list'], { env: env('ops'), stdoutIsTTY: true });
  const plain = await mfa(['list'], { env: { ...env('ops'), NO_COLOR: '1' }, stdoutIsTTY: true });
  // eslint-disable-next-line no-control-regex -- the escape that begins a colour
  expect(stdout.replace(/\u001b\[\d+m/g, '')).toBe(plain.stdout);
});
