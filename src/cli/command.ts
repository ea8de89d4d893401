import { Command, Option } from 'commander';
import { defined } from '../enrollment/defined';
import { roles, rolesToScopes, type Role, type Scope } from '../scopes';
import { createApi, type Api } from './api';
import { connectionFor, type ConnectionOptions } from './connection';
import { exitCodes, type ExitCode } from './exit-codes';
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

/** A command over the API. `scope` is what its caller needs. */
export function apiCommand(name: string, scope: Scope, description: string): Command {
  return new Command(name)
    .description(`${description} (needs ${scope})`)
    .option('--api <url>', 'address of the API; else MFA_API, else a running local stack')
    .option('--person <name>', 'the person who acts, for a key that names its people; else MFA_PERSON')
    .addOption(new Option('--role <role>', 'whose key of the local stack to use').choices(roles))
    .option('--json', 'one JSON value on the standard output');
}

/** Runs `act` with the API, its options and arguments, when the command is called. */
export function onCall<Options, Args extends readonly unknown[]>(
  command: Command,
  scope: Scope,
  { terminal, finish }: CommandParts,
  act: (context: CommandContext, options: Options, ...args: Args) => Promise<CommandResult>,
): Command {
  return command.action(async (...received: unknown[]) => {
    const options = command.opts<Options & CommonOptions>();
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
