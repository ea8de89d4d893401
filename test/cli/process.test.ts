import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { awaitingCode, id } from '../api/support';
import { serveApi } from './support';

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(__dirname, '../../bin/mfa.mjs'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, ...texts };
}

test('bin/mfa.mjs runs from the source, without a build', async () => {
  const { env } = await serveApi({ get: async () => awaitingCode });
  const ran = await run(['status', id, '--json'], env('ops'));
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(ran.stdout)).toEqual(awaitingCode);
});

test('its exit code is that of the command', async () => {
  const ran = await run(['status', id], { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: 'some-key' });
  expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
});

test('--help lists every command and every exit code', async () => {
  const { exitCode, stdout } = await run(['--help']);
  expect(exitCode).toBe(0);
  const names = ['start', 'status', 'find', 'list', 'watch', 'code', 'otp', 'resend', 'number', 'cancel', 'link'];
  for (const name of [...names, 'setup-namespace', 'rollout']) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(stdout).toMatch(/^EXIT CODES\n {2}0 +done\n {2}1 +refused/m);
});

test('Temporal’s client is loaded by setup-namespace and rollout alone: the other commands stay quick', async () => {
  const program = `
    require('tsx/cjs/api').register();
    require(${JSON.stringify(join(__dirname, '../../src/cli/run.ts'))});
    process.stdout.write(String(Object.keys(require.cache).filter((file) => file.includes('@temporalio')).length));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  await once(child, 'close');
  expect(stdout).toBe('0');
});
