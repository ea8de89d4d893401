import type { Argument, Option } from 'commander';
import type { Terminal } from '../terminal';

/** One thing that may stand next on the command line. */
export interface Suggestion {
  readonly value: string;
  readonly description?: string;
}

/** What is known of the command line so far: `options` are those with a value, by their attribute name. */
export interface Asked {
  readonly terminal: Terminal;
  readonly options: Readonly<Record<string, string>>;
}

/** Values that may be typed; `list`: several, with commas between them. */
export interface Values {
  readonly of: (asked: Asked) => readonly (string | Suggestion)[] | Promise<readonly (string | Suggestion)[]>;
  readonly list?: true;
}

const known = new WeakMap<Option | Argument, Values>();

/** The shell offers these for an option or argument whose values commander does not know as choices. Others are taken, too. */
export function suggest<Of extends Option | Argument>(
  to: Of,
  of: readonly string[] | ((terminal: Terminal, options: Asked['options']) => ReturnType<Values['of']>),
  more: Pick<Values, 'list'> = {},
): Of {
  known.set(to, { of: ({ terminal, options }) => (typeof of === 'function' ? of(terminal, options) : of), ...more });
  return to;
}

/** Undefined where nothing is known: not that nothing may stand there. */
export function valuesOf(of: Option | Argument): Values | undefined {
  const { argChoices } = of;
  return argChoices === undefined ? known.get(of) : { of: () => argChoices };
}
