import { Command, CommanderError } from 'commander';
import { errorText } from '../error-text';
import { version } from '../version';
import { takeOptionsBefore, withExamples, type CommandParts, type CommandResult } from './command';
import { campaignCommand } from './commands/campaign';
import { challengeCommand } from './commands/challenge';
import { completeCommand, completionCommand } from './commands/completion';
import { doctorCommand } from './commands/doctor';
import { eventsCommand } from './commands/events';
import { codeCommand, otpCommand } from './commands/codes';
import { findCommand, listCommand, statusCommand } from './commands/look';
import { cancelCommand, linkCommand, numberCommand, resendCommand } from './commands/manage';
import { setUpNamespaceCommand } from './commands/namespace';
import { openCommand } from './commands/open';
import { profilesCommand } from './commands/profiles';
import { rolloutCommand } from './commands/rollout';
import { startCommand } from './commands/start';
import { textsCommand } from './commands/texts';
import { watchCommand } from './commands/watch';
import { deliveriesCommand, webhooksCommand } from './commands/webhooks';
import { exitCodes } from './exit-codes';
import { Failure } from './failure';
import { helpText } from './help';
import { apiExitCodes, apiVariables, withManual } from './manual';
import type { Terminal } from './terminal';
import { createStyle, takesColour } from './text/style';

/**
 * Runs one command line (without the program's name) and answers its exit code. What was asked goes to the standard
 * output, everything else to the error output. Never rejects.
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const print = (result: CommandResult, json: boolean) => {
    exitCode = result.exitCode ?? exitCodes.ok;
    terminal.stdout.write(`${json ? JSON.stringify(result.json) : result.text}\n`);
  };
  try {
    await createProgram({ terminal, finish: print }).parseAsync(helpAsOption(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (!(error instanceof Failure)) {
      terminal.stderr.write(
        `mfa: something broke in the command line itself. Please report it:\n${errorText(error)}\n`,
      );
      return exitCodes.broken;
    }
    if (args.includes('--json')) terminal.stdout.write(`${JSON.stringify(error.body)}\n`);
    terminal.stderr.write(`mfa: ${error.message}\n`);
    return error.exitCode;
  }
}

/** Commander's own `help` knows the first word behind it alone: `mfa help rollout status` would explain `rollout`. */
const helpAsOption = (args: readonly string[]): readonly string[] =>
  args[0] === 'help' && args.length > 2 ? [...args.slice(1), '--help'] : args;

/** Every command with its options, as commander's tree: help and completion are read from it. */
export function createProgram(parts: CommandParts): Command {
  const { stdout, stderr } = parts.terminal;
  const program = new Command('mfa')
    .description('Support and operations for MFA enrollments, over the HTTP API.')
    .version(version, '-V, --version', 'the version of mfa')
    .helpCommand('help [command]', 'Explain a command, with examples');
  withExamples(program, 'list --waiting-for operator', 'help status', '--json status enr_NNsi-2hB');
  withManual(program, {
    details:
      '`mfa help <command>` explains a command, with examples. The API is the one that --api or --profile names, else MFA_API, MFA_PROFILE or the default of ~/.config/mfa/config.toml, else a running local stack; `mfa profiles` tells which and why.',
    exitCodes: apiExitCodes,
    environment: apiVariables,
  });
  takeOptionsBefore(program);
  const commands = [
    startCommand,
    statusCommand,
    findCommand,
    listCommand,
    watchCommand,
    eventsCommand,
    openCommand,
    codeCommand,
    otpCommand,
    resendCommand,
    numberCommand,
    cancelCommand,
    linkCommand,
    challengeCommand,
    textsCommand,
    webhooksCommand,
    deliveriesCommand,
    profilesCommand,
    completionCommand,
    campaignCommand,
    doctorCommand,
    setUpNamespaceCommand,
    rolloutCommand,
  ];
  for (const create of commands) program.addCommand(create(parts));
  program.addCommand(completeCommand(parts), { hidden: true });
  const style = createStyle(takesColour(parts.terminal));
  for (const command of allCommands(program)) {
    command
      .exitOverride()
      .helpOption('-h, --help', 'this help')
      .showHelpAfterError('Add --help for more.')
      .configureHelp({ formatHelp: (of, helper) => helpText(of, helper, style) })
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text, write) => write(`mfa: ${withoutValues(text).replace(/^error: /, '')}`),
        getOutHasColors: () => takesColour(parts.terminal),
      });
  }
  return program;
}

/** A command and all below it. */
export const allCommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap((each) => allCommands(each)),
];

/** Commander repeats what it did not understand, and that may be a secret in the wrong place. */
const withoutValues = (text: string): string =>
  text.replace(/'(--[\w-]+)=[^']*'/g, "'$1=…'").replace(/ argument '[^']*' is invalid/g, ' is invalid');
