import { Argument, Command, Option } from 'commander';
import { defined } from '../enrollment/defined';
import { roles, rolesToScopes, type Role, type Scope } from '../scopes';
import { createApi, type Api } from './api';
import { connectionFor, type ConnectionOptions } from './connection';
import { exitCodes, type ExitCode } from './exit-codes';
import { usage } from './failure';
import { createStyle, takesColour, type Style } from './text/style';
import type { Terminal } from './terminal';

/** What a command tells: `json` with `--json`, else `text`. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
  /** 0 when absent. */
  readonly exitCode?: ExitCode;
}

/** What a command works with. */
export interface CommandContext {
  readonly api: Api;
  readonly terminal: Terminal;
  readonly style: Style;
  /** Does a program read the output? */
  readonly json: boolean;
  /** What the caller may do, where that is known. */
  readonly scopes?: readonly Scope[];
}

/** Takes the result of a command that ran. */
export type Finish = (result: CommandResult, json: boolean) => void;

export interface CommandParts {
  readonly terminal: Terminal;
  readonly finish: Finish;
}

interface CommonOptions extends ConnectionOptions {
  readonly json?: true;
  readonly role?: Role;
}

/** `--json`, of every command. */
const jsonOption = () => new Option('--json', 'one JSON value on the standard output');

/** What every command over the API takes. */
const apiOptions = (): readonly Option[] => [
  new Option('--api <url>', 'address of the API; else MFA_API, else a running local stack'),
  new Option('--person <name>', 'the person who acts, for a key that names its people; else MFA_PERSON'),
  new Option('--role <role>', 'whose key of the local stack to use').choices(roles),
  jsonOption(),
];

/** A command that does not speak to the API. */
export const localCommand = (name: string, description: string): Command =>
  new Command(name).description(description).addOption(jsonOption());

/** A command over the API. `scope` is what its caller needs. */
export function apiCommand(name: string, scope: Scope, description: string): Command {
  const command = new Command(name).description(`${description} (needs ${scope})`);
  for (const option of apiOptions()) command.addOption(option);
  return command;
}

/** The `<id>` of a command about one enrollment. */
export const idArgument = (): Argument =>
  new Argument(
    '<id>',
    'the id of an enrollment, or its beginning where no other id begins so; `mfa list` and `mfa find` show ids',
  );

/** Command lines that can be copied, below the help of a command. Each is written without `mfa`. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ mfa ${example}`).join('\n')}`);

/** Takes the options that may stand before the command, too: `mfa --json list`. Those that a command does not know are refused. */
export function takeOptionsBefore(program: Command): void {
  program.enablePositionalOptions();
  for (const option of apiOptions()) program.addOption(option);
  program.hook('preAction', (_program, command) => {
    const known = command.options.map((option) => option.attributeName());
    const unknown = Object.keys(program.opts()).find((name) => !known.includes(name));
    if (unknown !== undefined) throw usage(`--${unknown}: \`mfa ${command.name()}\` does not take it.`);
  });
}

/** The options of a call, wherever they stood; what stands behind the command wins. */
export const optionsOf = <Options extends object>(command: Command): Options =>
  // Commander tells nothing of their types: each command names those of the options that it has declared.
  ({ ...(command.parent === null ? {} : optionsOf(command.parent)), ...command.opts() });

/** Runs `act` with the API, its options and arguments, when the command is called. */
export function onCall<Options extends object, Args extends readonly unknown[]>(
  command: Command,
  scope: Scope,
  { terminal, finish }: CommandParts,
  act: (context: CommandContext, options: Options, ...args: Args) => Promise<CommandResult>,
): Command {
  return command.action(async (...received: unknown[]) => {
    const options = optionsOf<Options & CommonOptions>(command);
    const json = options.json === true;
    const connection = connectionFor(terminal, options, scope);
    if (connection.notice !== undefined) terminal.stderr.write(`mfa: ${connection.notice}\n`);
    const context: CommandContext = {
      api: createApi(connection, terminal),
      terminal,
      style: createStyle(takesColour(terminal)),
      json,
      ...defined({ scopes: connection.scopes }),
    };
    // Commander passes the declared arguments, then the options and the command: `act` names the types of the declared ones.
    const args = received.slice(0, -2) as unknown as Args;
    finish(await act(context, options, ...args), json);
  });
}

const rolesHelp = roles.map((role) => `  ${role.padEnd(10)}  ${rolesToScopes[role].join(' ')}`).join('\n');

export const helpAfter = `
Roles:
${rolesHelp}

Exit codes: ${exitCodes.ok} done, ${exitCodes.refused} refused, ${exitCodes.usage} usage, ${exitCodes.unavailable} unreachable or no answer yet, ${exitCodes.notAllowed} not allowed or not found.
\`mfa doctor\`: 0 all right, 1 something to change, 2 could not check.`;
