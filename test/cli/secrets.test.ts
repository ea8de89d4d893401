import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/run';
import { ApiProblem } from '../../src/problems';
import type { Role } from '../../src/scopes';
import { awaitingCode, id, inState, keyOf, tokenOf, userId } from '../api/support';
import { mfa, serveApi } from './support';

const accessToken = tokenOf(userId);
const refreshToken = 'refresh-token-that-is-secret';
const code = '918273';
const number = '+14155550199';
const secrets = [accessToken, refreshToken, code, number, ...(['onboarding', 'support', 'ops'] as const).map(keyOf)];

const folder = mkdtempSync(join(tmpdir(), 'mfa-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, JSON.stringify({ accessToken, refreshToken, expiresIn: 600 }));

const { id: _id, ...status } = awaitingCode;
const why = ['--reason', 'ticket 42'];
const calls: readonly { readonly role: Role; readonly args: readonly string[]; readonly stdin?: string }[] = [
  { role: 'onboarding', args: ['start', userId, '--phone', number, '--token-file', tokenFile] },
  { role: 'onboarding', args: ['start', userId, '--phone', number, '--token-stdin'], stdin: accessToken },
  { role: 'support', args: ['code', id, code] },
  { role: 'support', args: ['code', id], stdin: code },
  { role: 'support', args: ['otp', id, code] },
  { role: 'support', args: ['number', id, number, ...why] },
  { role: 'support', args: ['number', id, ...why], stdin: number },
];

test.each(calls)('as $role, mfa $args shows no secret when all is well', async ({ role, args, stdin = '' }) => {
  const { env } = await serveApi({
    start: async () => ({ created: true, enrollment: inState('associating') }),
    confirmCode: async () => ({ result: 'confirmed', attemptsLeft: 5, status }),
    changePhoneNumber: async () => awaitingCode,
  });
  await expectNoSecret(args, { env: env(role), stdin }, 0);
});

test.each(calls)('as $role, mfa $args shows no secret when it is refused', async ({ role, args, stdin = '' }) => {
  const refused = () => Promise.reject(new ApiProblem('enrollment_settled'));
  const { env } = await serveApi({ start: refused, confirmCode: refused, changePhoneNumber: refused });
  await expectNoSecret(args, { env: env(role), stdin }, 1);
});

test.each(calls)('as $role, mfa $args shows no secret when nothing answers', async ({ role, args, stdin = '' }) => {
  const env = { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: keyOf(role) };
  await expectNoSecret(args, { env, stdin }, 3);
});

test.each<[string, readonly string[], string]>([
  ['a token as an option', ['start', userId, `--token=${accessToken}`], ''],
  ['a token as an argument', ['start', userId, accessToken], ''],
  ['a token that is no JSON', ['start', userId, '--token-stdin'], `{"accessToken":"${accessToken}"`],
  ['a token under another name', ['start', userId, '--token-stdin'], `{"access_token":"${accessToken}"}`],
  ['a token with a space', ['start', userId, '--token-stdin'], `${accessToken} ${refreshToken}`],
  ['a number that is none', ['start', userId, '--phone', `${number}${number}`], ''],
  ['a code that is too long', ['code', id, `${code}1`], ''],
  ['a code in the place of the id', ['code', code], ''],
  ['a key in the place of the role', ['list', '--role', keyOf('support')], ''],
  ['a key in the place of the address', ['list', '--api', keyOf('support')], ''],
])('%s ends with 2 and is not repeated', async (_name, args, stdin) => {
  const env = { MFA_API: 'https://mfa.example.com', MFA_API_KEY: keyOf('support') };
  await expectNoSecret(args, { env, stdin }, 2);
});

test('a fault of the command line itself is told with its stack, and without what was sent', async () => {
  const stdin = Readable.from(
    (function* () {
      yield '';
      throw new TypeError(`cannot read ${code} of ${number} with ${accessToken}`);
    })(),
  );
  let told = '';
  const stderr = new Writable({ write: (chunk, _encoding, done) => ((told += String(chunk)), done()) });
  const stackFile = '/nonexistent/stack.json';
  const env = { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: keyOf('support') };
  const terminal = {
    stdin,
    stdout: stderr,
    stderr,
    env,
    stackFile,
    now: Date.now,
    wait: () => Promise.resolve(),
    signal: new AbortController().signal,
    openBrowser: () => Promise.resolve(),
  };
  expect(await runCli(['code', id], terminal)).toBe(70);
  expect(told).toMatch(/Please report it:\nTypeError: cannot read \S+ of \S+ with \S+\n {4}at /);
  for (const secret of secrets) expect(told).not.toContain(secret);
});

async function expectNoSecret(
  args: readonly string[],
  { env, stdin }: { env: NodeJS.ProcessEnv; stdin: string },
  exitCode: number,
): Promise<void> {
  const readable = await mfa(args, { env, stdin });
  const json = await mfa([...args, '--json'], { env, stdin });
  expect([readable.exitCode, json.exitCode]).toEqual([exitCode, exitCode]);
  for (const { stdout, stderr } of [readable, json]) {
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  }
}
