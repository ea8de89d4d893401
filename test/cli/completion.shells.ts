import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';

// Not part of the tests, which run where zsh and fish are not installed: npm run completion:shells.

const folder = mkdtempSync(join(tmpdir(), 'mfa-shells-'));
afterAll(() => rmSync(folder, { recursive: true }));
symlinkSync(join(__dirname, '../../bin/mfa.mjs'), join(folder, 'mfa'));
mkdirSync(join(folder, 'files'));
writeFileSync(join(folder, 'files/token.json'), '');
const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, TERM: 'dumb' };
const run = async (file: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(file, args, { env, timeout: 120_000 })).stdout;

/** What is typed, and what the line is after the tab key. */
const lines = [
  ['mfa stat', 'mfa status'],
  ['mfa list --state=fa', 'mfa list --state=failed'],
  ['mfa --api http://x:1 texts st', 'mfa --api http://x:1 texts stop'],
  ['mfa list --waiting-for op', 'mfa list --waiting-for operator'],
  [`mfa start --token-file ${folder}/files/to`, `mfa start --token-file ${folder}/files/token.json`],
  ['mfa --profile lo', 'mfa --profile local'],
] as const;

test.each(lines)('fish completes %j to %j', async (typed, expected) => {
  const stdout = await run('fish', ['--no-config', '-c', 'mfa completion fish | source; complete -C $argv[1]', typed]);
  const last = stdout.trimEnd().split('\t')[0] ?? '';
  expect(`${typed.slice(0, typed.lastIndexOf(' ') + 1)}${last}`).toBe(expected);
});

test('zsh completes each line', async () => {
  // A widget completes the line and shows it.
  const program = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'PS1=; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; source <(mfa completion zsh)'
    zpty -w shell 'show() { zle expand-or-complete; print -r -- "<<$BUFFER>>" >> ${folder}/shown; zle kill-whole-line }; zle -N show; bindkey "^I" show; echo rea""dy'
    while zpty -r shell text; do [[ $text == *ready* ]] && break; done
    count=0
    for line in "$@"; do
      zpty -n -w shell "$line"$'\\t'
      for try in {1..100}; do [[ -f ${folder}/shown && $(wc -l < ${folder}/shown) -gt $count ]] && break; sleep 0.1; done
      count=$((count + 1))
    done
    zpty -d shell`;
  await run('zsh', ['-f', '-c', program, 'zsh', ...lines.map(([typed]) => typed)]);
  const shown = await run('cat', [join(folder, 'shown')]);
  expect(shown.trimEnd().split('\n')).toEqual(lines.map(([, expected]) => `<<${expected} >>`));
});
