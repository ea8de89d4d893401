import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { event, json, serve, stream } from './server';
import { id, inState } from '../api/support';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mfa-client-'));
const installed = join(folder, 'node_modules/@auth0-mfa-enrollment/client');

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'packages/client/package.json'), join(installed, 'package.json'));
  await run(process.execPath, [join(root, 'packages/client/build.mjs'), join(installed, 'dist')]);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const program = (load: string) => `${load}
void (async () => {
  const client = createClient({ baseUrl: process.argv[2], token: 'x' });
  const { state } = await client.waitFor('${id}', 'completed');
  const problem = await client.get('${id}').catch((error) => [error instanceof ProblemError, error.code]);
  console.log(JSON.stringify([state, ...problem]));
})();
`;

test.each([
  ['program.mjs', `import { createClient, ProblemError } from '@auth0-mfa-enrollment/client';`],
  ['program.cjs', `const { createClient, ProblemError } = require('@auth0-mfa-enrollment/client');`],
])('the built package runs in %s', async (name, load) => {
  const answers = [
    stream(event('enrollment', inState('verifying')), event('enrollment', inState('completed'))),
    json(404, { title: 'There is no such enrollment', status: 404, code: 'enrollment_not_found' }),
  ] as const;
  const server = await serve(...answers);
  try {
    writeFileSync(join(folder, name), program(load));
    const { stdout } = await run(process.execPath, [join(folder, name), server.baseUrl]);
    expect(JSON.parse(stdout)).toEqual(['completed', true, 'enrollment_not_found']);
  } finally {
    await server.close();
  }
});

test('its types are found and checked by both kinds of program, and a problem is told apart by its code', async () => {
  const typed = `import { createClient, isProblem, type CodeResult, type Pending } from '@auth0-mfa-enrollment/client';
const client = createClient({ baseUrl: 'https://mfa.example.com', token: 'x' });
export const answer: Promise<CodeResult | Pending> = client.submitOtp('enr_1', { code: '123456' });
export const started = client.start({ userId: 'auth0|1' }).then(({ signInUrl }) => signInUrl?.length);
export const isOver = (error: unknown): 'enrollment_settled' | undefined =>
  isProblem(error, 'enrollment_settled') ? error.code : undefined;
// @ts-expect-error -- the body is checked
void client.start({ user: 'auth0|1' });
// @ts-expect-error -- the code is one of the API's
isProblem(undefined, 'no_such_code');
`;
  for (const name of ['typed.mts', 'typed.cts']) writeFileSync(join(folder, name), typed);
  const compilerOptions = {
    ...{ module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false },
    ...{ lib: ['es2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.mts', 'typed.cts'] }));
  const checked = run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', folder]);
  expect(await checked.catch(({ stdout }: { stdout: string }) => ({ stdout }))).toMatchObject({ stdout: '' });
}, 120_000);
