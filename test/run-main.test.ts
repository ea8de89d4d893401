import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { errorText } from '../src/error-text';

const root = join(__dirname, '..');

/** A process whose `main` is this code. */
async function run(main: string, env: NodeJS.ProcessEnv = {}) {
  const code = `
    const { runMain } = require('./src/run-main.ts');
    const { ConfigError } = require('./src/config.ts');
    void runMain(async () => { ${main} });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--eval', code], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, ...texts };
}

test('a main that ends well ends the process with 0 and says nothing', async () => {
  expect(await run('')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('the reason is printed with its stack and every cause, those of several at once included', async () => {
  const { exitCode, stderr } = await run(`
    const refused = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    const several = new AggregateError([refused, new Error('another address')], '');
    throw new Error('Temporal cannot be reached', { cause: several });`);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^Error: Temporal cannot be reached\n {4}at /);
  for (const cause of ['AggregateError: ', 'Error [ECONNREFUSED]: connect failed', 'Error: another address']) {
    expect(stderr).toContain(`\nCaused by: ${cause}`);
  }
});

test.each([
  ['a connection that is still open', 'require("node:net").createServer().listen(0); throw new Error("too late");'],
  [
    'something that nobody waits for',
    'setInterval(() => {}, 1000); setImmediate(() => { throw new Error("too late"); });',
  ],
  ['a promise that nobody handles', 'setInterval(() => {}, 1000); void Promise.reject(new Error("too late"));'],
])('the process ends with 1 in spite of %s', async (_what, main) => {
  expect(await run(main)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^Error: too late\n {4}at /) });
});

test('a fault of the configuration is told in its own words, without a stack', async () => {
  const { exitCode, stderr } = await run(`throw new ConfigError(['AUTH0_DOMAIN: expected a host']);`);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'This configuration cannot be used:\n  - AUTH0_DOMAIN: expected a host\n',
  });
});

const secrets = ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', '918273', '+14155550123'];

test.each<[string, (secret: string) => unknown]>([
  ['in a message', (secret) => new Error(`sent ${secret}`)],
  ['in a cause', (secret) => new Error('sent', { cause: new Error(secret) })],
  ['as a member of an error', (secret) => Object.assign(new Error('sent'), { token: secret })],
  ['as the code of an error', (secret) => Object.assign(new Error('sent'), { code: secret })],
  ['as what is thrown', (secret) => secret],
  ['inside of what is thrown', (secret) => ({ token: secret })],
])('a secret %s is not printed', (_where, errorOf) => {
  for (const secret of secrets) {
    expect(errorText(errorOf(secret))).not.toBe('');
    expect(errorText(errorOf(secret))).not.toContain(secret);
  }
});

test('causes that form a circle end', () => {
  const error = new Error('again');
  error.cause = error;
  expect(errorText(error)).toContain('Caused by: Error: again');
});

test.each(['src/worker.ts', 'src/api/main.ts', 'src/codec-server/main.ts'])(
  '%s without its configuration names what is missing and ends with 1',
  async (entry) => {
    const child = spawn(process.execPath, ['--import', 'tsx', entry], {
      cwd: root,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(stderr).toMatch(/^This configuration cannot be used:\n {2}- /);
  },
);
