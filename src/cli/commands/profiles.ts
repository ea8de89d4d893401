import { connect } from 'node:net';
import type { Command } from 'commander';
import { localCommand, optionsOf, profileOption, withExamples, type CommandParts } from '../command';
import { chooseApi, type Choice } from '../connection';
import { defined } from '../../enrollment/defined';
import { Failure } from '../failure';
import { apiVariables, withManual } from '../manual';
import { localProfile, readProfiles, type KeySource } from '../profiles';
import { readStack } from '../stack';
import type { Terminal } from '../terminal';
import { columns, type Cell } from '../text/columns';
import { createStyle, takesColour } from '../text/style';

/** `mfa profiles`: what there is to choose from, what is chosen, and why. */
export function profilesCommand({ terminal, finish }: CommandParts): Command {
  const command = localCommand('profiles', 'The APIs that mfa knows, which one it uses, and why').addOption(
    profileOption(),
  );
  withExamples(command, 'profiles', 'profiles --profile staging', 'MFA_PROFILE=staging mfa profiles --json');
  withManual(command, {
    details:
      'Profiles stand in ~/.config/mfa/config.toml. What is said first counts: --api or --profile, then MFA_API, MFA_PROFILE, the default of the file, and a running local stack. No key is shown.',
    environment: apiVariables,
  });
  return command.action(async () => {
    const { json = false, ...options } = optionsOf<{ json?: true; profile?: string }>(command);
    const file = readProfiles(terminal.env);
    const { choice, problem } = chosenOrNot(terminal, options);
    const stack = readStack(terminal.stackFile);
    const answers = stack !== undefined && (await isThere(stack.api));
    const isUsed = (name: string) =>
      name === (choice?.profile?.name ?? (choice?.stack === undefined ? undefined : localProfile));
    const written = (file?.profiles ?? []).map(({ name, api, key, person }) => ({
      name,
      used: isUsed(name),
      api,
      key: key === undefined ? 'none' : keyText(key),
      ...defined({ person }),
    }));
    const profiles = [
      ...written,
      ...(stack === undefined
        ? []
        : [{ name: localProfile, used: isUsed(localProfile), api: stack.api, key: 'one for each role', answers }]),
    ];
    const used = choice === undefined ? undefined : { api: choice.api, why: choice.why };
    const body = { profiles, ...defined({ file: file?.path, stackFile: stack && terminal.stackFile, used, problem }) };
    finish({ json: body, text: textOf(body, terminal) }, json);
  });
}

interface Listed {
  readonly profiles: readonly {
    readonly name: string;
    readonly used: boolean;
    readonly api: string;
    readonly key: string;
    readonly person?: string;
    readonly answers?: boolean;
  }[];
  readonly file?: string;
  readonly stackFile?: string;
  readonly used?: { readonly api: string; readonly why: string };
  readonly problem?: string;
}

/** A profile that is not there is told, too: it is what somebody who looks here wants to know. */
function chosenOrNot(terminal: Terminal, options: { readonly profile?: string }) {
  try {
    return { choice: chooseApi(terminal, options), problem: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { choice: undefined, problem: error.message };
  }
}

/** A program may have been given a secret as an argument: its name has to do. */
function keyText(key: KeySource): string {
  switch (key.type) {
    case 'file':
      return `file ${key.path}`;
    case 'environment':
      return `variable ${key.name}`;
    case 'command':
      return `command ${key.command[0]}`;
    case 'written':
      return 'in the file of profiles';
  }
}

function textOf({ profiles, file, stackFile, used, problem }: Listed, terminal: Terminal): string {
  const style = createStyle(takesColour(terminal));
  const head = ['', 'PROFILE', 'API', 'KEY', 'PERSON'].map((title): Cell => [title, 'bold']);
  const rows = profiles.map(({ name, used: isUsed, api, key, person, answers }): readonly Cell[] => [
    isUsed ? '*' : ' ',
    name,
    answers === false ? `${api} (does not answer)` : api,
    key,
    person ?? '-',
  ]);
  const table = rows.length === 0 ? 'No profile, and no local stack is running.' : columns([head, ...rows], style);
  const sources = [
    ...(file === undefined ? [] : [`Profiles: ${file}`]),
    ...(stackFile === undefined ? [] : [`Local stack: ${stackFile}`]),
  ];
  return [table, '', ...sources, used === undefined ? (problem ?? '') : `Used: ${used.api}, because ${used.why}.`].join(
    '\n',
  );
}

/** One sentence for `mfa doctor`. Undefined when no API is chosen. */
export function choiceText(terminal: Pick<Terminal, 'env' | 'stackFile'>): string | undefined {
  let choice: Choice;
  try {
    choice = chooseApi(terminal, {});
  } catch {
    return undefined;
  }
  return `The other commands use ${choice.api}, because ${choice.why} (\`mfa profiles\`).`;
}

/** A stack that was killed has left its file behind. */
function isThere(api: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(api);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)), timeout: 2000 });
  return new Promise((resolve) => {
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
