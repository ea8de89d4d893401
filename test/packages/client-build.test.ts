import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { version } from '../../src/version';
import { event, json, serve, stream } from './server';
import { id, inState } from '../api/support';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mfa-client-'));
const installed = join(folder, 'node_modules/@auth0-mfa-enrollment/client');

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', 'README.md', 'LICENSE'])
    cpSync(join(root, 'packages/client', file), join(installed, file));
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

test('what npm would publish is the compiled code with its types, read-me and licence, and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: installed });
  const [packed] = z
    .tuple([z.object({ version: z.string(), files: z.array(z.object({ path: z.string(), size: z.number() })) })])
    .parse(JSON.parse(stdout));
  const paths = packed.files.map(({ path }) => path);
  const kinds = [/^(LICENSE|README\.md|package\.json)$/, /^dist\/(cjs|esm)\/([\w-]+\.(js|d\.ts)|package\.json)$/];
  expect(paths.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
  for (const path of [
    'LICENSE',
    'README.md',
    'dist/cjs/index.js',
    'dist/cjs/index.d.ts',
    'dist/esm/index.js',
    'dist/esm/index.d.ts',
  ])
    expect(paths).toContain(path);
  expect(packed.version).toBe(version);
  expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
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
