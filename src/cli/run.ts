import { Command, CommanderError } from 'commander';
import { errorText } from '../error-text';
import { version } from '../version';
import { helpAfter, takeOptionsBefore, type CommandParts, type CommandResult } from './command';
import { campaignCommand } from './commands/campaign';
import { challengeCommand } from './commands/challenge';
import { doctorCommand } from './commands/doctor';
import { codeCommand, otpCommand } from './commands/codes';
import { findCommand, listCommand, statusCommand } from './commands/look';
import { cancelCommand, linkCommand, numberCommand, resendCommand } from './commands/manage';
import { setUpNamespaceCommand } from './commands/namespace';
import { openCommand } from './commands/open';
import { startCommand } from './commands/start';
import { textsCommand } from './commands/texts';
import { watchCommand } from './commands/watch';
import { exitCodes } from './exit-codes';
import { Failure } from './failure';
import type { Terminal } from './terminal';

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
    await createProgram({ terminal, finish: print }).parseAsync(args, { from: 'user' });
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

function createProgram(parts: CommandParts): Command {
  const { stdout, stderr } = parts.terminal;
  const program = new Command('mfa')
    .description('Support and operations for MFA enrollments, over the HTTP API.')
    .version(version)
    .addHelpText('after', helpAfter);
  takeOptionsBefore(program);
  const commands = [
    startCommand,
    statusCommand,
    findCommand,
    listCommand,
    watchCommand,
    openCommand,
    codeCommand,
    otpCommand,
    resendCommand,
    numberCommand,
    cancelCommand,
    linkCommand,
    challengeCommand,
    textsCommand,
    campaignCommand,
    doctorCommand,
    setUpNamespaceCommand,
  ];
  for (const create of commands) program.addCommand(create(parts));
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError('Add --help for more.')
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text, write) => write(`mfa: ${withoutValues(text).replace(/^error: /, '')}`),
      });
  }
  return program;
}

/** Commander repeats what it did not understand, and that may be a secret in the wrong place. */
const withoutValues = (text: string): string =>
  text.replace(/'(--[\w-]+)=[^']*'/g, "'$1=…'").replace(/ argument '[^']*' is invalid/g, ' is invalid');
