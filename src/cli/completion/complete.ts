import type { Argument, Command, Option } from 'commander';
import type { Terminal } from '../terminal';
import { valuesOf, type Suggestion } from './suggestions';

/** `files`: names of files may stand there, which the shell knows best. */
export type Completion = 'files' | readonly Suggestion[];

/**
 * What may stand in place of the last word: `words` are those behind the program's name up to the cursor, the last one unfinished and
 * perhaps empty. It is read from commander's own tree, so it knows whatever the program takes.
 */
export async function complete(program: Command, words: readonly string[], terminal: Terminal): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const place = walk(program, words.slice(0, -1));
  const { command, options } = place;
  const asked = { terminal, options };
  if (place.option !== undefined) return ofValues(place.option, current, '', asked);
  const [name = '', typed] = splitOnce(current);
  if (!place.onlyArguments && typed !== undefined && name.startsWith('--')) {
    const option = optionNamed(command, name);
    return option === undefined ? [] : ofValues(option, typed, `${name}=`, asked);
  }
  if (!place.onlyArguments && current.startsWith('-')) return beginningWith(current, optionsOf(command, place.given));
  if (command.commands.length > 0) {
    // `help`, which commander makes itself, takes the name of a command.
    return beginningWith(current, place.helped === true ? commandsOf(command, []) : commandsOf(command, ['help']));
  }
  const argument = command.registeredArguments[place.position] ?? variadicOf(command);
  return argument === undefined ? [] : ofValues(argument, current, '', asked);
}

/** Where the unfinished word stands. */
interface Place {
  readonly command: Command;
  /** The words before it, in this command, that are no options. */
  readonly position: number;
  /** The option whose value it is. */
  readonly option?: Option;
  readonly given: readonly Option[];
  readonly options: Readonly<Record<string, string>>;
  /** Behind `--`. */
  readonly onlyArguments: boolean;
  /** Behind `help`. */
  readonly helped?: true;
}

function walk(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, position: 0, given: [], options: {}, onlyArguments: false };
  for (const word of words) place = step(place, word);
  return place;
}

function step(place: Place, word: string): Place {
  const { command, given, options } = place;
  if (place.option !== undefined) {
    const { option, ...rest } = place;
    const value = option.required || !word.startsWith('-') ? word : undefined; // `--redeliver [eventId]` needs none
    return value === undefined
      ? step(rest, word)
      : { ...rest, options: { ...options, [option.attributeName()]: value } };
  }
  if (place.onlyArguments) return { ...place, position: place.position + 1 };
  if (word === '--') return { ...place, onlyArguments: true };
  if (word.startsWith('-') && word !== '-') {
    const [name = '', value] = splitOnce(word);
    const option = optionNamed(command, name);
    if (option === undefined) return place;
    const with_ = { ...place, given: [...given, option] };
    if (value !== undefined) return { ...with_, options: { ...options, [option.attributeName()]: value } };
    return option.required || option.optional ? { ...with_, option } : with_;
  }
  if (command.commands.length > 0) {
    const inside = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (inside !== undefined) return { ...place, command: inside, position: 0 };
    if (word === 'help') return { ...place, helped: true };
  }
  return { ...place, position: place.position + 1 };
}

/** Options may stand before the command, too: what the program takes, each of its commands is asked for. */
const optionNamed = (command: Command, name: string): Option | undefined =>
  command.options.find((option) => option.long === name || option.short === name);

function variadicOf(command: Command): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

function optionsOf(command: Command, given: readonly Option[]): readonly Suggestion[] {
  const left = command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.variadic || !given.includes(option));
  return left.flatMap(({ long, description }) => (typeof long !== 'string' ? [] : [{ value: long, description }]));
}

const commandsOf = (command: Command, more: readonly string[]): readonly Suggestion[] => {
  const visible = command.createHelp().visibleCommands(command);
  const made = visible.filter((each) => each.name() !== 'help' || more.includes('help'));
  return made.map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
};

/** `before`: what stands in the same word already, such as `--state=`. */
async function ofValues(
  of: Option | Argument,
  typed: string,
  before: string,
  asked: { readonly terminal: Terminal; readonly options: Readonly<Record<string, string>> },
): Promise<Completion> {
  const values = valuesOf(of);
  if (values === undefined) return takesFile(of) ? 'files' : [];
  const earlier = values.list ? typed.slice(0, typed.lastIndexOf(',') + 1) : '';
  const found = (await values.of(asked)).map((each) => (typeof each === 'string' ? { value: each } : each));
  const written = earlier.split(',');
  const all = found
    .filter(({ value }) => !written.includes(value))
    .map((each) => ({ ...each, value: `${before}${earlier}${each.value}` }));
  return beginningWith(before + typed, all);
}

/** By its name: `--token-file <path>`, `<file>`. */
const takesFile = (of: Option | Argument): boolean =>
  /^(?:path|file)$/.test('flags' in of ? (/[<[]([\w-]+)/.exec(of.flags)?.[1] ?? '') : of.name());

const beginningWith = (typed: string, all: readonly Suggestion[]): readonly Suggestion[] =>
  all.filter(({ value }) => value.startsWith(typed));

function splitOnce(word: string): readonly [name: string, value?: string] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
