import { expect, test } from '@jest/globals';
import { mfa } from './support';

// What the subcommands do is in test/worker/rollout.test.ts, on a server.

const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };

test.each([
  [['rollout', 'ramp', '1'], '--percent'],
  [['rollout', 'ramp', '1', '--percent', '101'], 'from 0 to 100'],
  [['rollout', 'set-current', '1', '--wait', 'soon'], 'whole number'],
  [['rollout', 'drain'], 'build'],
  [['rollout', 'undo'], 'unknown command'],
])('mfa %j is refused, and says what was expected', async (args, expected) => {
  const ran = await mfa(args, { env: nowhere });
  expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(expected) });
});

test('a deployment name that cannot be one is refused before anything is sent', async () => {
  const ran = await mfa(['rollout', 'status'], { env: { ...nowhere, TEMPORAL_DEPLOYMENT_NAME: 'mfa.enrollment' } });
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('TEMPORAL_DEPLOYMENT_NAME: expected') });
});

test('a server that does not answer is told by its address, with the exit code for it', async () => {
  const ran = await mfa(['--json', 'rollout', 'status'], { env: nowhere });
  expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('Temporal at 127.0.0.1:1') });
  expect(JSON.parse(ran.stdout)).toMatchObject({ code: 'unreachable' });
}, 90_000);

test('each subcommand explains itself', async () => {
  const { stdout } = await mfa(['rollout', '--help']);
  const names = ['status', 'set-current', 'ramp', 'drain', 'rollback', 'move-pinned'];
  for (const name of names) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    const ran = await mfa(['rollout', name, '--help']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`$ mfa rollout ${name}`) });
  }
});
