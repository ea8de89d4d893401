import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findStackFile } from '../../src/cli/stack';
import { keyOf } from '../api/support';
import { mfa, serve, serveApi } from './support';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mfa-profiles-'));
  mkdirSync(join(folder, 'mfa'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const profiles = (text: string, mode?: number) => write('mfa/config.toml', text, mode);
const env = (more: NodeJS.ProcessEnv = {}) => ({ XDG_CONFIG_HOME: folder, ...more });
const keys = { onboarding: keyOf('onboarding'), support: keyOf('support'), ops: keyOf('ops') };
const stackAt = (api: string) => write('stack.json', JSON.stringify({ api, keys }));

/** An API that only tells who asked: the key of each request. */
async function listener() {
  const heard: (string | undefined)[] = [];
  const api = await serve((request, response) => {
    heard.push(request.headers.authorization?.replace('Bearer ', ''));
    response.setHeader('content-type', 'application/json').end('{"enrollments":[]}');
  });
  return { api, heard };
}

describe('the key of a profile', () => {
  test.each<[string, (node: string) => string, NodeJS.ProcessEnv]>([
    ['in a file beside it', () => 'keyFile = "staging.key"', {}],
    ['in a file of the home folder', () => 'keyFile = "~/home.key"', {}],
    ['in a variable', () => 'keyEnv = "STAGING_KEY"', { STAGING_KEY: 'the-key' }],
    ['from a command', (node) => `keyCommand = ["${node}", "-e", "console.log('the-key\\\\nmore')"]`, {}],
  ])('may be %s', async (_name, line, variables) => {
    const { api, heard } = await listener();
    write('mfa/staging.key', 'the-key\n');
    write('home.key', 'the-key');
    profiles(`[profile.staging]\napi = "${api}"\n${line(process.execPath)}\n`);
    const ran = await mfa(['list', '--profile', 'staging'], { env: env({ HOME: folder, ...variables }) });
    expect(ran).toEqual({ exitCode: 0, stdout: 'No enrollment.\n', stderr: '' });
    expect(heard).toEqual(['the-key']);
  });

  test('may stand in the file of profiles when nobody else may read that', async () => {
    const { api, heard } = await listener();
    const text = `[profile.staging]\napi = "${api}"\nkey = "the-key"\n`;
    const path = profiles(text, 0o640);
    const refused = await mfa(['list', '--profile', 'staging'], { env: env() });
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toBe(
      `mfa: ${path} holds a key and has mode 0640: expected 0600, so that nobody else can read it. Run chmod 600 on it, or use keyFile, keyEnv or keyCommand.\n`,
    );
    profiles(text, 0o600);
    expect((await mfa(['list', '--profile', 'staging'], { env: env() })).exitCode).toBe(0);
    expect(heard).toEqual(['the-key']);
  });

  test.each<[string, string, string]>([
    [
      'is missing',
      '',
      'No key for https://mfa.example.com. Set MFA_API_KEY or MFA_API_KEY_FILE, or give the profile x a',
    ],
    ['is in a file that is not there', 'keyFile = "/nonexistent/key"', 'Profile x: expected keyFile to name a file'],
    [
      'is in a variable that is not set',
      'keyEnv = "NO_KEY"',
      'Profile x: expected an API key or an access token, without spaces in the variable NO_KEY.',
    ],
    [
      'comes from a program that is not there',
      'keyCommand = ["/nonexistent/pass"]',
      'its keyCommand names a program that is not there.',
    ],
    [
      'comes from a command that fails',
      `keyCommand = ["${process.execPath}", "-e", "process.exit(3)"]`,
      'its keyCommand ended with 3.',
    ],
    [
      'is no key',
      `keyCommand = ["${process.execPath}", "-e", "console.log('se cret')"]`,
      'as the first line that its keyCommand prints.',
    ],
  ])('that %s ends with 2 and one sentence', async (_name, line, says) => {
    profiles(`[profile.x]\napi = "https://mfa.example.com"\n${line}\n`);
    const ran = await mfa(['list', '--profile', 'x'], { env: env() });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(says) });
    expect(ran.stderr).not.toContain('cret');
  });
});

describe('what is said first counts', () => {
  /** Where each way leads: an address of its own, and the key that is heard there. */
  async function stage(variables: NodeJS.ProcessEnv, args: readonly string[]) {
    const names = ['flag', 'environment', 'one', 'other', 'stack'] as const;
    const at = new Map<string, Awaited<ReturnType<typeof listener>>>();
    for (const name of names) at.set(name, await listener());
    const api = (name: string) => at.get(name)?.api ?? '';
    const entry = (name: string) => `[profile.${name}]\napi = "${api(name)}"\nkey = "key-of-${name}"\n`;
    profiles(`default = "other"\n${entry('one')}${entry('other')}`, 0o600);
    const named = (text: string) => text.replace(/@(\w+)/, (_, name: string) => api(name));
    const given = Object.entries(variables).map(([name, text = '']): [string, string] => [name, named(text)]);
    const options = { env: env(Object.fromEntries(given)), stackFile: stackAt(api('stack')) };
    const ran = await mfa(['list', ...args.map(named)], options);
    const heard = names.flatMap((name) => (at.get(name)?.heard ?? []).map((key) => `${name}: ${key}`));
    return { ...ran, heard };
  }
  const key = { MFA_API_KEY: 'key-of-environment' };

  test.each<[NodeJS.ProcessEnv, readonly string[], string]>([
    [{ MFA_API: '@environment', ...key }, ['--api', '@flag'], 'flag: key-of-environment'],
    [{ MFA_API: '@environment', ...key }, ['--profile', 'one'], 'one: key-of-one'],
    [{ MFA_PROFILE: 'other' }, ['--profile', 'one'], 'one: key-of-one'],
    [{ MFA_API: '@environment', MFA_PROFILE: 'one', ...key }, [], 'environment: key-of-environment'],
    [{ MFA_API: '@one', MFA_PROFILE: 'one' }, [], 'one: key-of-one'],
    [{ MFA_PROFILE: 'one' }, [], 'one: key-of-one'],
    [{ MFA_PROFILE: 'one', ...key }, [], 'one: key-of-environment'],
    [{}, [], 'other: key-of-other'],
    [{ MFA_PROFILE: 'local' }, [], `stack: ${keyOf('support')}`],
    [{ ...key }, ['--profile', 'local'], `stack: ${keyOf('support')}`],
    [{}, ['--role', 'ops'], `stack: ${keyOf('ops')}`],
  ])('with %j, mfa list %j asks %s', async (variables, args, expected) => {
    const { exitCode, heard } = await stage(variables, args);
    expect({ exitCode, heard }).toEqual({ exitCode: 0, heard: [expected] });
  });

  test.each<[NodeJS.ProcessEnv, readonly string[], string]>([
    [{ MFA_API: '@environment' }, [], 'No key for '],
    [{}, ['--api', '@flag'], 'No key for '],
    [{}, ['--api', '@flag', '--profile', 'one'], 'one of --api and --profile'],
    [{}, ['--role', 'ops', '--profile', 'one'], '--role picks one of the keys of a local stack'],
    [{}, ['--profile', 'three'], '--profile: expected one of one, other, local, as in '],
    [{ MFA_PROFILE: 'three' }, [], 'MFA_PROFILE: expected one of one, other, local'],
    [{}, ['--profile', keyOf('ops').repeat(3)], '--profile: expected one of one, other, local'],
  ])('with %j, mfa list %j sends no key anywhere', async (variables, args, says) => {
    const { exitCode, heard, stderr } = await stage(variables, args);
    expect({ exitCode, heard }).toEqual({ exitCode: 2, heard: [] });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain(keyOf('ops'));
  });

  test('the error output names a profile that was not named on the command line', async () => {
    expect((await stage({}, [])).stderr).toMatch(/^mfa: http:\/\/127\.0\.0\.1:\d+ \(profile other\)\n$/);
    expect((await stage({}, ['--profile', 'one'])).stderr).toBe('');
  });
});

describe('a file of profiles that cannot be used', () => {
  const entry = '[profile.x]\napi = "https://mfa.example.com"\n';
  test.each<[string, string, string]>([
    ['is no TOML', '[profile.x]\nkey = top secret', 'expected TOML. Line 2 is none.'],
    ['has another table', '[profiles.x]\n', 'expected a default and tables [profile.<name>], and nothing else.'],
    ['has another entry', `${entry}token = "topsecret"\n`, 'profile.x: expected a table with api'],
    ['has no address', '[profile.x]\nkeyEnv = "KEY"\n', 'profile.x.api: expected an https address'],
    [
      'has an open address',
      '[profile.x]\napi = "http://mfa.example.com"\n',
      'profile.x.api: expected an https address',
    ],
    [
      'has two keys',
      `${entry}keyEnv = "KEY"\nkeyFile = "key"\n`,
      'profile.x: expected one of keyFile, keyEnv, keyCommand, key.',
    ],
    [
      'has a key for a variable',
      `${entry}keyEnv = "top-secret"\n`,
      'profile.x.keyEnv: expected the name of a variable.',
    ],
    ['has a line for a command', `${entry}keyCommand = "pass topsecret"\n`, 'profile.x.keyCommand: expected a list'],
    ['calls a profile local', '[profile.local]\napi = "https://mfa.example.com"\n', 'expected another name than local'],
    ['has a default that is not there', `default = "y"\n${entry}`, 'default: expected one of x, local.'],
  ])('because it %s ends with 2, says what was expected, and shows nothing of it', async (_name, text, says) => {
    const path = profiles(text);
    const ran = await mfa(['list', '--profile', 'x'], { env: env() });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain(`mfa: ${path}: `);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toMatch(/top.?secret/);
  });

  test('does not matter where the environment says everything', async () => {
    profiles('nonsense');
    const { api, heard } = await listener();
    expect((await mfa(['list'], { env: env({ MFA_API: api, MFA_API_KEY: 'key' }) })).exitCode).toBe(0);
    expect(heard).toEqual(['key']);
  });

  test('is one of two', async () => {
    profiles('');
    write('mfa/config.json', '{}');
    expect((await mfa(['profiles'], { env: env() })).stderr).toMatch(/Expected one of .*toml and .*json, not both/);
  });
});

test('the file may be JSON, and lies in ~/.config where XDG_CONFIG_HOME says nothing', async () => {
  mkdirSync(join(folder, '.config/mfa'), { recursive: true });
  write('.config/mfa/config.json', JSON.stringify({ profile: { x: { api: 'https://mfa.example.com' } } }));
  const { stdout } = await mfa(['profiles', '--json'], { env: { HOME: folder, XDG_CONFIG_HOME: 'relative' } });
  expect(JSON.parse(stdout)).toMatchObject({ profiles: [{ name: 'x', api: 'https://mfa.example.com', key: 'none' }] });
});

describe('mfa profiles', () => {
  test('lists what there is, marks what is used and says why, and shows no key', async () => {
    const { api } = await serveApi({});
    const path = profiles(
      'default = "staging"\n[profile.staging]\napi = "https://staging.example.com"\nkey = "topsecret"\nperson = "ada@example.com"\n' +
        '[profile.production]\napi = "https://mfa.example.com"\nkeyCommand = ["pass", "topsecret"]\n',
      0o600,
    );
    const stackFile = stackAt(api);
    const { stdout } = await mfa(['profiles'], { env: env(), stackFile });
    expect(stdout.replace(/ {2,}/g, '  ')).toBe(
      [
        '  PROFILE  API  KEY  PERSON',
        '*  staging  https://staging.example.com  in the file of profiles  ada@example.com',
        '  production  https://mfa.example.com  command pass  -',
        `  local  ${api}  one for each role  -`,
        '',
        `Profiles: ${path}`,
        `Local stack: ${stackFile}`,
        `Used: https://staging.example.com, because staging is the default in ${path}.`,
        '',
      ].join('\n'),
    );
    const json = await mfa(['profiles', '--json'], { env: env({ MFA_PROFILE: 'production' }), stackFile });
    expect(JSON.parse(json.stdout)).toMatchObject({
      used: { api: 'https://mfa.example.com', why: 'MFA_PROFILE says production' },
      profiles: [{ used: false }, { name: 'production', used: true }, { name: 'local', used: false, answers: true }],
    });
    expect(json.stdout + stdout).not.toContain('topsecret');
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['MFA_API', { MFA_API: 'https://other.example.com' }, 'Used: https://other.example.com, because MFA_API names it.'],
    [
      'nothing',
      {},
      'No API is named. Set MFA_API and MFA_API_KEY, or start a local stack with `npm start`. Or choose a profile with --profile or MFA_PROFILE: x.',
    ],
    ['a profile that is not there', { MFA_PROFILE: 'y' }, 'MFA_PROFILE: expected one of x, local'],
  ])('says so when %s decides', async (_name, variables, says) => {
    profiles('[profile.x]\napi = "https://mfa.example.com"\n');
    expect(await mfa(['profiles'], { env: env(variables) })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(says),
    });
  });

  test('says when the stack of a stack file does not answer', async () => {
    const { stdout } = await mfa(['profiles'], { env: env(), stackFile: stackAt('http://127.0.0.1:1') });
    expect(stdout).toContain('http://127.0.0.1:1 (does not answer)');
    expect(stdout).toContain('Used: http://127.0.0.1:1, because a local stack is running.');
  });
});

describe('a running local stack', () => {
  const stackIn = (at: string, mode = 0o600): string => {
    mkdirSync(join(folder, at, '.run'), { recursive: true });
    return write(join(at, '.run/stack.json'), '{}', mode);
  };

  test('is found from every folder below the one that it was started in, the nearest first', () => {
    const root = '/nonexistent';
    const file = stackIn('clone');
    expect(findStackFile(join(folder, 'clone/src/cli'), root)).toBe(file);
    const nearer = stackIn('clone/src');
    expect(findStackFile(join(folder, 'clone/src/cli'), root)).toBe(nearer);
    expect(findStackFile(folder, root)).toBe('/nonexistent/.run/stack.json');
  });

  test('that others could have written is passed over', () => {
    stackIn('shared', 0o666);
    expect(findStackFile(join(folder, 'shared'), '/nonexistent')).toBe('/nonexistent/.run/stack.json');
  });

  test('is one of this machine: a file that names another gets no key', async () => {
    const ran = await mfa(['list'], {
      env: env({ MFA_API_KEY: 'key' }),
      stackFile: stackAt('https://elsewhere.example.com'),
    });
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('No API is named.') });
  });
});
