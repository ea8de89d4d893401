import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
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
