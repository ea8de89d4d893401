import type { Command } from 'commander';
import { expect, test } from '@jest/globals';
import { manualOf } from '../../src/cli/manual';
import { allCommands, createProgram } from '../../src/cli/run';
import { read } from '../docs/markdown';
import { mfa, testTerminal } from './support';

/** The program whose commands only tell that they were called. */
function stage() {
  const called: string[] = [];
  const program = createProgram({ terminal: testTerminal(), finish: () => undefined });
  for (const command of allCommands(program)) {
    if (command.commands.length === 0) command.action(() => void called.push(nameOf(command)));
  }
  return { program, called };
}

const nameOf = (command: Command): string =>
  command.parent === null ? '' : `${nameOf(command.parent)} ${command.name()}`.trim();

const { program } = stage();
const documented = allCommands(program).filter((command) => command.name() !== 'complete');
const named = documented.map((command): [string, Command] => [nameOf(command), command]);

test.each(named)('the help of mfa %s is in the sections of a manual page', async (name, command) => {
  const ran = await mfa([...words(name), '--help']);
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  const titles = [...ran.stdout.matchAll(/^[A-Z ]+$/gm)].map(([title]) => title);
  const own = [
    ...(command.commands.length > 0 ? ['COMMANDS'] : []),
    ...(command.registeredArguments.length > 0 ? ['ARGUMENTS'] : []),
  ];
  const ends = ['EXIT CODES', 'ENVIRONMENT'];
  const roles = name === '' ? ['ROLES'] : [];
  expect(titles).toEqual(['SYNOPSIS', 'DESCRIPTION', ...own, 'OPTIONS', 'EXAMPLES', ...roles, ...ends]);
  expect(ran.stdout).toContain(`SYNOPSIS\n  mfa ${name}`.trimEnd());
  if (command.registeredArguments.some((argument) => argument.name() === 'id')) {
    expect(ran.stdout.replace(/\s+/g, ' ')).toContain('the id of an enrollment, or its beginning');
  }
});

test.each(named.filter(([name]) => name !== ''))('mfa help %s is the same as --help', async (name) => {
  expect((await mfa(['help', ...words(name)])).stdout).toBe((await mfa([...words(name), '--help'])).stdout);
});

test.each(named)('mfa %s has examples, and each of them is a command line that it takes', async (name, command) => {
  const { examples } = manualOf(command);
  expect(examples).not.toEqual([]);
  for (const example of examples) {
    const { program: fresh, called } = stage();
    await fresh.parseAsync(argumentsOf(example), { from: 'user' }).catch((error: unknown) => {
      if (!isHelp(error)) throw new Error(`\`${example}\` is refused`, { cause: error });
    });
    // Those of a command that has commands call one of them.
    if (command.commands.length > 0) expect(called.every((one) => one.startsWith(name))).toBe(true);
    else expect([example, called]).toEqual([example, [name]]);
  }
});

test.each(named.filter(([name]) => name !== ''))('docs/cli.md tells of mfa %s', (name) => {
  expect(read('docs/cli.md')).toMatch(new RegExp(`\`mfa ${name}[ \`]`));
});

const words = (name: string): readonly string[] => name.split(' ').filter((word) => word !== '');

const isHelp = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.help');

/** Those that a shell would hand to mfa: behind its name, up to a pipe, a redirection, a bracket or the next command. */
function argumentsOf(example: string): string[] {
  const found: string[] = [];
  const line = /(?:(?:^|[ (])mfa|\/mfa\.mjs)(?: (.*))?$/.exec(example)?.[1] ?? '';
  for (const [, single, double, bare, end] of line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"|&<>()]+)|([|&<>()])/g)) {
    if (end !== undefined) break;
    found.push(single ?? double ?? bare ?? '');
  }
  return found;
}
