import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';

const root = join(__dirname, '../..');
let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

function start(env: NodeJS.ProcessEnv) {
  const started = spawn(process.execPath, ['--import', 'tsx', 'src/codec-server/main.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
  });
  child = started;
  let output = '';
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes(text)) resolve();
      };
      started.stdout.on('data', look);
      started.stderr.on('data', look);
    });
  return { started, printed, exited: once(started, 'exit'), output: () => output };
}

test.each<[string, NodeJS.ProcessEnv]>([
  ['production', { NODE_ENV: 'production' }],
  ['an environment without NODE_ENV', {}],
])('%s without keys and callers does not start, and says all that is missing', async (_what, env) => {
  const { printed, exited } = start(env);
  await Promise.all([printed('PAYLOAD_KEYS: expected'), printed('CODEC_AUTH_TOKEN: expected')]);
  expect((await exited)[0]).toBe(1);
});

test('development starts with a loud warning, answers, and ends cleanly when told to', async () => {
  const { started, printed, exited, output } = start({ NODE_ENV: 'development', CODEC_PORT: '0' });
  await Promise.all([printed('THE CODEC SERVER IS OPEN'), printed('Server listening at http://127.0.0.1:')]);
  const address = /Server listening at (http:\/\/[^"]+)/.exec(output())?.[1] ?? '';
  const response = await fetch(`${address}/decode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"payloads": [{"data": "AAAA"}]}',
  });
  expect(await response.json()).toEqual({ payloads: [{ data: 'AAAA' }] });
  started.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});
