import { Argument, Command } from 'commander';
import { localCommand, optionsOf, withExamples, type CommandParts } from '../command';
import { complete } from '../completion/complete';
import { completionScripts, filesMark, shells, type Shell } from '../completion/scripts';
import { withManual } from '../manual';

/** `mfa completion`: the script that a shell reads. */
export function completionCommand({ finish }: CommandParts): Command {
  const command = localCommand('completion', 'The script with which a shell completes mfa').addArgument(
    new Argument('<shell>', 'the shell that reads it').choices(shells),
  );
  withExamples(
    command,
    'source <(mfa completion bash)',
    'source <(mfa completion zsh)',
    'completion fish > ~/.config/fish/completions/mfa.fish',
  );
  withManual(command, {
    details:
      'Put the line for your shell into ~/.bashrc or, behind compinit, ~/.zshrc. The script asks mfa itself at each press of the tab key, so it knows the commands, options, choices and profiles of the mfa that is installed, and does not have to be made anew.',
  });
  return command.action((shell: Shell) => {
    const json = optionsOf<{ json?: true }>(command).json === true;
    const script = completionScripts[shell];
    finish({ json: { shell, script }, text: script.trimEnd() }, json);
  });
}

/** `mfa complete`, which the scripts call: a line for each suggestion. It says nothing when something is wrong. */
export const completeCommand = ({ terminal }: CommandParts): Command => {
  const command = new Command('complete').description('What may stand next, for the shell').argument('[words...]');
  return command.action(async (words: readonly string[]) => {
    const { parent: program } = command;
    if (program === null) throw new TypeError('It is a command of the program');
    const found = await complete(program, words, terminal).catch(() => []);
    const lines =
      found === 'files' ? [filesMark] : found.map(({ value, description = '' }) => `${value}\t${description}`);
    terminal.stdout.write(lines.map((line) => `${line}\n`).join(''));
  });
};
