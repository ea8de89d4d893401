import type { Command, Help } from 'commander';
import { roles, rolesToScopes } from '../scopes';
import { manualOf } from './manual';
import type { Style } from './text/style';

const indent = '  ';

/** The help of a command in the sections of a manual page, from commander's own tree and what `withManual` adds. */
export function helpText(command: Command, helper: Help, style: Style): string {
  const manual = manualOf(command);
  const width = helper.helpWidth ?? 80;
  const paragraph = (text: string): readonly string[] =>
    helper
      .boxWrap(text, width - indent.length)
      .split('\n')
      .map((line) => indent + line);
  /** Terms in one column, what they mean in another. */
  const list = (items: readonly (readonly [term: string, meaning: string])[]): readonly string[] => {
    const longest = Math.max(0, ...items.map(([term]) => term.length));
    return items.flatMap(([term, meaning]) => helper.formatItem(term, longest, meaning, helper).split('\n'));
  };
  const ofEach = <Item>(
    items: readonly Item[],
    term: (item: Item) => string,
    meaning: (item: Item) => string,
  ): readonly string[] => list(items.map((item) => [term(item), meaning(item)]));

  const isProgram = command.parent === null;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['SYNOPSIS', [indent + helper.commandUsage(command)]],
    [
      'DESCRIPTION',
      [
        ...paragraph(helper.commandDescription(command)),
        ...(manual.details === undefined ? [] : ['', ...paragraph(manual.details)]),
      ],
    ],
    [
      'COMMANDS',
      ofEach(
        helper.visibleCommands(command),
        (each) => helper.subcommandTerm(each).replace(' [options]', ''),
        (each) => helper.subcommandDescription(each),
      ),
    ],
    [
      'ARGUMENTS',
      ofEach(
        helper.visibleArguments(command),
        (each) => helper.argumentTerm(each),
        (each) => helper.argumentDescription(each),
      ),
    ],
    [
      'OPTIONS',
      ofEach(
        helper.visibleOptions(command),
        (each) => helper.optionTerm(each),
        (each) => helper.optionDescription(each),
      ),
    ],
    ['EXAMPLES', manual.examples.map((example) => `${indent}$ ${example}`)],
    ['ROLES', isProgram ? list(roles.map((role) => [role, rolesToScopes[role].join(' ')])) : []],
    ['EXIT CODES', list(manual.exitCodes)],
    ['ENVIRONMENT', list(manual.environment)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${style('bold', title)}\n${lines.join('\n')}\n`)
    .join('\n');
}
