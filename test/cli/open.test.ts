import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { id, keyOf, workflowId } from '../api/support';
import { mfa } from './support';

const folder = mkdtempSync(join(tmpdir(), 'mfa-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

const runId = '3f0d2d5e-7a55-4d57-9d3c-3f4c56b1f2aa';
const env = { MFA_API: 'https://mfa.example.com', MFA_API_KEY: 'key' }; // nothing is asked
const keys = { onboarding: keyOf('onboarding'), support: keyOf('support'), ops: keyOf('ops') };
function stackFile(more: object): string {
  const path = join(folder, `${JSON.stringify(more).length}.json`);
  writeFileSync(path, JSON.stringify({ api: 'http://127.0.0.1:1', keys, ...more }));
  return path;
}

test.each([
  [{}, 'default'],
  [{ TEMPORAL_NAMESPACE: 'mfa.a1b2c' }, 'mfa.a1b2c'],
])('mfa open shows the address in the Temporal UI that the environment %j names', async (more, namespace) => {
  const ui = { TEMPORAL_UI_URL: 'https://temporal.example.com/' };
  const ran = await mfa(['open', id, '--json'], { env: { ...env, ...ui, ...more } });
  const url = `https://temporal.example.com/namespaces/${namespace}/workflows/${workflowId}/${runId}/history`;
  expect(JSON.parse(ran.stdout)).toEqual({ url, workflowId, runId });
  expect((await mfa(['open', id], { env: { ...env, ...ui, ...more } })).stdout).toContain(`${url}\n`);
});

test('mfa open uses the Temporal UI of a running local stack', async () => {
  const file = stackFile({ temporalUi: 'http://127.0.0.1:8233', namespace: 'default' });
  const ran = await mfa(['open', id], { stackFile: file });
  expect(ran.stdout).toContain(`http://127.0.0.1:8233/namespaces/default/workflows/${workflowId}/${runId}/history\n`);
});

test('mfa open takes the Temporal UI of the profile, and not that of a stack which is another API', async () => {
  mkdirSync(join(folder, 'mfa'));
  const profile = '[profile.staging]\napi = "https://mfa.example.com"\nkeyEnv = "STAGING_KEY"\n';
  const ui = 'temporalUi = "https://temporal.example.com"\ntemporalNamespace = "mfa.staging"\n';
  const ofStack = stackFile({ temporalUi: 'http://127.0.0.1:8233', namespace: 'default' });
  const open = (text: string) => {
    writeFileSync(join(folder, 'mfa/config.toml'), text);
    const variables = { XDG_CONFIG_HOME: folder, STAGING_KEY: 'key', MFA_PROFILE: 'staging' };
    return mfa(['open', id], { env: variables, stackFile: ofStack });
  };
  expect((await open(profile + ui)).stdout).toContain('https://temporal.example.com/namespaces/mfa.staging/workflows/');
  expect(await open(profile)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('No Temporal UI is named'),
  });
});

describe('the browser', () => {
  const named = { ...env, TEMPORAL_UI_URL: 'https://temporal.example.com' };
  async function opened(args: readonly string[], stdoutIsTTY: boolean) {
    const urls: string[] = [];
    const openBrowser = async (url: string) => void urls.push(url);
    const ran = await mfa(['open', id, ...args], { env: named, stdoutIsTTY, openBrowser });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    return { urls, stdout: ran.stdout };
  }

  test('shows it when a person asks, who gets the address, too', async () => {
    const { urls, stdout } = await opened([], true);
    expect(urls).toHaveLength(1);
    expect(stdout).toContain(`${urls[0]}\n`);
  });

  test.each([
    ['with --print', ['--print'], true],
    ['with --json', ['--json'], true],
    ['in a pipe', [], false],
  ])('stays closed %s', async (_name, args, isTTY) => {
    expect((await opened(args, isTTY)).urls).toEqual([]);
  });

  test('may be missing', async () => {
    const ran = await mfa(['open', id], { env: named, stdoutIsTTY: true });
    expect(ran).toMatchObject({ exitCode: 0, stderr: 'mfa: No browser can be started here.\n' });
    expect(ran.stdout).toContain('https://temporal.example.com/');
  });
});

test.each([
  ['no Temporal UI is named', env, '/nonexistent', 'Set TEMPORAL_UI_URL'],
  ['the local stack has none', {}, stackFile({}), 'has no web interface'],
  [
    'its address is none',
    { ...env, TEMPORAL_UI_URL: 'ftp://x' },
    '/nonexistent',
    'TEMPORAL_UI_URL: expected an address',
  ],
])('mfa open says so when %s', async (_name, variables, file, says) => {
  const ran = await mfa(['open', id], { env: variables, stackFile: file });
  expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(says) });
});
