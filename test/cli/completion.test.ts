import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from '@jest/globals';
import { completionScripts, shells } from '../../src/cli/completion/scripts';
import { allCommands, createProgram } from '../../src/cli/run';
import { enrollmentStates } from '../../src/enrollment/status';
import { awaitingCode, id } from '../api/support';
import { mfa, serveApi, testTerminal } from './support';

const folder = mkdtempSync(join(tmpdir(), 'mfa-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'config/mfa'), { recursive: true });
writeFileSync(
  join(folder, 'config/mfa/config.toml'),
  '[profile.staging]\napi = "https://mfa.example.com"\nkeyCommand = ["/nonexistent/ask-the-owner"]\n',
);
const env = { XDG_CONFIG_HOME: join(folder, 'config') };

/** The words that the program offers in place of the last one. */
async function offered(words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
  const ran = await mfa(['complete', '--', ...words], { env: { ...env, ...more } });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  return ran.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '');
}

/** What is typed to come to a command, without the program itself. */
const wordsOf = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...wordsOf(command.parent), command.name()];

test('every command and each of its options is offered', async () => {
  const program = createProgram({ terminal: testTerminal(), finish: () => undefined });
  const shown = allCommands(program).filter((command) => command.name() !== 'complete');
  const first = program.commands.map((command) => command.name()).filter((name) => name !== 'complete');
  expect(await offered([''])).toEqual([...first, 'help']);
  for (const command of shown) {
    const words = wordsOf(command);
    const options = await offered([...words, '--']);
    expect(options).toEqual(expect.arrayContaining(command.options.map(({ long }) => long)));
    expect(options).toContain('--help');
  }
});

test('each suggestion says what it means', async () => {
  const { stdout } = await mfa(['complete', '--', 'sta'], { env });
  expect(stdout).toBe(
    'start\tStart the enrollment of a user (needs enrollments:start)\n' +
      'status\tWhere an enrollment is and what it waits for (needs enrollments:read)\n',
  );
});

const listed = enrollmentStates.filter((state) => state !== 'confirming');
test.each<[string, readonly string[], readonly string[]]>([
  ['the choices of an option', ['list', '--state', ''], listed],
  ['the choices of an option, in one word with it', ['list', '--state=fa'], ['--state=failed']],
  ['the choices of an argument', ['texts', ''], ['stop', 'resume', 'list']],
  ['the choices of an argument behind options', ['texts', '--reason', 'a b', '--json', 's'], ['stop']],
  ['factors', ['list', '--factor', ''], ['sms', 'otp', 'voice', 'email']],
  ['the next of several factors', ['start', 'x', '--factors', 'sms,o'], ['sms,otp']],
  ['factors whose code is sent', ['code', '--factor', ''], ['sms', 'voice', 'email']],
  ['who has to go on', ['list', '--waiting-for', 'o'], ['onboarding', 'operator']],
  ['profiles', ['--profile', ''], ['staging', 'local']],
  ['roles', ['list', '--role', 's'], ['support']],
  ['shells', ['completion', ''], shells],
  ['a command behind options', ['--json', '--api', 'https://mfa.example.com', 'stat'], ['status']],
  ['a command for help', ['help', 'stat'], ['status']],
  ['names of files', ['start', 'x', '--token-file', 'a'], [':files']],
  ['no option for a second time', ['list', '--all', '--al'], []],
  ['nothing for a value that it does not know', ['list', '--user', ''], []],
  ['no options behind --', ['list', '--', '--st'], []],
  ['nothing behind the last argument', ['find', 'x', ''], []],
])('it offers %s: %j', async (_name, words, expected) => {
  expect(await offered(words)).toEqual(expected);
});

describe('the id of an enrollment', () => {
  const enrollments = [{ id, state: awaitingCode.state, startedAt: awaitingCode.startedAt }];

  test('is offered as short as it can be', async () => {
    const { env: ofApi } = await serveApi({ list: async () => ({ enrollments }) });
    expect(await offered(['status', 'enr_'], ofApi('ops'))).toEqual([id.slice(0, 12)]);
  });

  test('is not offered when a command would have to be run for the key, and nothing is said when nothing answers', async () => {
    expect(await offered(['--profile', 'staging', 'status', ''])).toEqual([]);
    expect(await offered(['status', ''], { MFA_API: 'http://127.0.0.1:1', MFA_API_KEY: 'key' })).toEqual([]);
    expect(await offered(['status', ''])).toEqual([]);
  });
});

test.each(shells)('mfa completion %s prints the script of that shell', async (shell) => {
  expect((await mfa(['completion', shell])).stdout).toBe(completionScripts[shell]);
  expect(completionScripts[shell]).toContain('complete --');
});

test('mfa completion says which shells there are', async () => {
  const ran = await mfa(['completion', 'powershell']);
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Allowed choices are bash, zsh, fish.') });
});

test('in bash, words are completed as readline divides them, and nothing that was typed is run', async () => {
  symlinkSync(join(__dirname, '../../bin/mfa.mjs'), join(folder, 'mfa'));
  writeFileSync(join(folder, 'token.json'), '');
  const lines: readonly (readonly string[])[] = [
    // The line up to the cursor, and its words as bash hands them over.
    ['mfa list --state=fa', 'mfa', 'list', '--state', '=', 'fa'],
    ['mfa --api http://x:1 texts s', 'mfa', '--api', 'http', ':', '//x', ':', '1', 'texts', 's'],
    [`mfa start --token-file ${folder}/to`, 'mfa', 'start', '--token-file', `${folder}/to`],
    [`mfa texts --reason "$(touch ${folder}/ran)" re`, 'mfa', 'texts', '--reason', `"$(touch ${folder}/ran)"`, 're'],
  ];
  const program = [
    'source "$1"; source "$1"; shift',
    'complete -p mfa',
    'for file in "$@"; do',
    '  IFS= read -r COMP_LINE < "$file"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=()',
    '  while IFS= read -r word; do COMP_WORDS+=("$word"); done < <(tail -n +2 "$file")',
    '  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mfa; echo "${COMPREPLY[*]}"',
    'done',
  ].join('\n');
  const files = lines.map((words, index) => {
    const file = join(folder, `words-${index}`);
    writeFileSync(file, words.map((word) => `${word}\n`).join(''));
    return file;
  });
  const script = join(folder, 'script');
  writeFileSync(script, completionScripts.bash);
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', program, 'bash', script, ...files], {
    env: { ...env, PATH: `${folder}:${process.env['PATH']}` },
  });
  const answers = stdout.trimEnd().split('\n');
  expect(answers).toEqual(['complete -F _mfa mfa', 'failed', 'stop', `${folder}/token.json`, 'resume']);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});

/** As tried in zsh 5.9 and fish 3.6 by `npm run completion:shells`, which takes both shells and is not part of the tests. */
const tried = {
  zsh: '9bf85f47b2e3ed46e5eda483b3fd4abd41ff5a51ed7424062bd4a6ab7fd0f5b4',
  fish: 'd5b00c38539284de1b139ce8fd6067b2323a3378ece2a2aef201c54a34c360f0',
};
test.each(['zsh', 'fish'] as const)('the script for %s is the one that was tried there', (shell) => {
  const hash = createHash('sha256').update(completionScripts[shell]).digest('hex');
  // Changed it? Run `npm run completion:shells` where zsh and fish are installed, then put the new hash here.
  expect(hash).toBe(tried[shell]);
});
