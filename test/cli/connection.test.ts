import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { awaitingCode, id, keyOf } from '../api/support';
import { mfa, serve, serveApi } from './support';

const folder = mkdtempSync(join(tmpdir(), 'mfa-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const keys = { onboarding: keyOf('onboarding'), support: keyOf('support'), ops: keyOf('ops') };
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const stackAt = (api: string): string => file('stack.json', JSON.stringify({ api, keys, temporal: '127.0.0.1:7233' }));
const list = { enrollments: [] };

test('a running local stack is used when nothing is named, and the error output says which and as whom', async () => {
  const { api } = await serveApi({ get: async () => awaitingCode });
  const ran = await mfa(['status', id, '--json'], { stackFile: stackAt(api) });
  expect(ran).toMatchObject({ exitCode: 0, stderr: `mfa: ${api} as support (.run/stack.json)\n` });
});

test.each([
  ['list', 'support'],
  ['resend', 'support'],
  ['link', 'support'],
  ['challenge', 'onboarding'],
])('mfa %s uses the key of %s of a local stack', async (command, role) => {
  const { api } = await serveApi({
    list: async () => list,
    resend: async () => awaitingCode,
    get: async () => awaitingCode,
    challenge: async () => ({ type: 'none' }),
  });
  const args = { list: [], resend: [id, '--reason', 'lost'], link: [id], challenge: [id] }[command] ?? [];
  const ran = await mfa([command, ...args], { stackFile: stackAt(api) });
  expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`as ${role} `) });
});

test('a command that the caller is known to be allowed is named without its scope', async () => {
  const { api } = await serveApi({ get: async () => awaitingCode });
  const ran = await mfa(['status', id], { stackFile: stackAt(api) });
  expect(ran.stdout).toContain(`mfa code ${id}\n`);
  const asOps = await mfa(['status', id, '--role', 'ops'], { stackFile: stackAt(api) });
  expect(asOps.stdout).toContain('a caller with enrollments:code has to go on (onboarding, support)\n');
  expect(asOps.stdout).not.toContain('mfa code');
});

test('--person or MFA_PERSON says who acts, and neither goes along when it is not said', async () => {
  const heard: (string | undefined)[] = [];
  const api = await serve((request, response) => {
    heard.push(request.headers['x-acting-person']?.toString());
    response.setHeader('content-type', 'application/json').end(JSON.stringify(awaitingCode));
  });
  const env = { MFA_API: api, MFA_API_KEY: 'key' };
  await mfa(['status', id], { env });
  await mfa(['status', id], { env: { ...env, MFA_PERSON: 'ada@example.com' } });
  await mfa(['status', id, '--person', 'Grace Hopper'], { env: { ...env, MFA_PERSON: 'ada@example.com' } });
  expect(heard).toEqual([undefined, 'ada@example.com', 'Grace Hopper']);
  const ran = await mfa(['status', id, '--person', 'a\nb'], { env });
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--person: expected') });
});

test('--role takes another key of the local stack', async () => {
  const { api } = await serveApi({});
  const ran = await mfa(['challenge', id, '--role', 'support'], { stackFile: stackAt(api) });
  expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('enrollments:secrets') });
});

test('the key may be in a file', async () => {
  const { api } = await serveApi({ list: async () => list });
  const env = { MFA_API: api, MFA_API_KEY_FILE: file('key', `${keyOf('ops')}\n`) };
  expect(await mfa(['list'], { env })).toMatchObject({ exitCode: 0, stdout: 'No enrollment.\n' });
});

test('a key of a local stack goes to no other address', async () => {
  const { api } = await serveApi({ list: async () => list });
  const ran = await mfa(['list', '--api', api], { stackFile: stackAt('http://127.0.0.1:1') });
  expect(ran).toMatchObject({ exitCode: 2, stderr: `mfa: No key for ${api}. Set MFA_API_KEY or MFA_API_KEY_FILE.\n` });
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  ['nothing at all', {}, 'No API is named. Set MFA_API and MFA_API_KEY, or start a local stack with `npm start`.'],
  ['an address without a key', { MFA_API: 'https://mfa.example.com' }, 'No key for https://mfa.example.com.'],
  [
    'an address that would show the key to the network',
    { MFA_API: 'http://mfa.example.com', MFA_API_KEY: 'key' },
    'MFA_API: expected an https address',
  ],
  [
    'a key with a space',
    { MFA_API: 'https://mfa.example.com', MFA_API_KEY: 'secret key' },
    'MFA_API_KEY: expected an API key or an access token, without spaces.',
  ],
  [
    'the key twice',
    { MFA_API: 'https://mfa.example.com', MFA_API_KEY: 'key', MFA_API_KEY_FILE: '/key' },
    'MFA_API_KEY: expected one of MFA_API_KEY and MFA_API_KEY_FILE, not both.',
  ],
  [
    'a file that is not there',
    { MFA_API: 'https://mfa.example.com', MFA_API_KEY_FILE: '/nonexistent/key' },
    'MFA_API_KEY_FILE: expected the path of a file that this process may read.',
  ],
])('%s ends with 2 and one sentence', async (_name, env, sentence) => {
  const ran = await mfa(['list'], { env });
  expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ran.stderr).toContain(sentence);
});
