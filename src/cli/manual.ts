import type { Command } from 'commander';
import { exitCodes } from './exit-codes';

type Entry = readonly [name: string, meaning: string];

/** What the help of a command tells beside what commander knows of it. */
export interface Manual {
  /** Command lines that can be copied. */
  readonly examples: readonly string[];
  /** A paragraph behind the description. */
  readonly details?: string;
  readonly exitCodes: readonly Entry[];
  /** Variables that it reads, in the order in which people need them. */
  readonly environment: readonly Entry[];
}

const manuals = new WeakMap<Command, Manual>();

/** What is known of a command; only what holds for each of them when nothing was added. */
export const manualOf = (command: Command): Manual =>
  manuals.get(command) ?? { examples: [], exitCodes: everyExitCode, environment: everyVariable };

/** Adds to the help of a command, or takes the place of what it has. */
export function withManual(command: Command, parts: Partial<Manual>): Command {
  manuals.set(command, { ...manualOf(command), ...parts });
  return command;
}

const everyExitCode: readonly Entry[] = [
  [String(exitCodes.ok), 'done'],
  [String(exitCodes.usage), 'the command line or the configuration is wrong; nothing was changed'],
];
const everyVariable: readonly Entry[] = [['NO_COLOR', 'when set, no colours']];

/** How each command over the API ends. */
export const apiExitCodes: readonly Entry[] = [
  [String(exitCodes.ok), 'done'],
  [String(exitCodes.refused), 'refused: wrong code, too early, another step, ended already'],
  [String(exitCodes.usage), 'the command line or the configuration is wrong; nothing was changed'],
  [String(exitCodes.unavailable), 'unreachable, not ready or not done yet; the message says whether to send it again'],
  [String(exitCodes.notAllowed), 'not allowed or not found: an unknown key, a missing scope, no such enrollment'],
  [String(exitCodes.broken), 'a bug of the command line'],
  [String(exitCodes.interrupted), 'Ctrl-C'],
];

/** What each command over the API reads. */
export const apiVariables: readonly Entry[] = [
  ['MFA_API', 'address of the API'],
  ['MFA_API_KEY', 'an API key or an access token'],
  ['MFA_API_KEY_FILE', 'the file that holds it'],
  ['MFA_PROFILE', 'a profile of config.toml, or local for the running local stack'],
  ['MFA_PERSON', 'who acts, for a key that names its people'],
  ['XDG_CONFIG_HOME', 'where mfa/config.toml is; ~/.config when absent'],
  ...everyVariable,
];
