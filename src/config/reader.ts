import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { secret, type Secret } from '../secret';

/** How one variable is read: its text in, its value out; every issue's message completes "expected …". */
type Variable<Value> = z.ZodType<Value, string>;

/**
 * Reads one environment, variable by variable, and keeps every fault for one message; no fault holds a value.
 * An empty variable counts as absent.
 */
export interface ConfigReader {
  readonly production: boolean;
  /** Undefined when absent or wrong. */
  optional<Value>(name: string, variable: Variable<Value>): Value | undefined;
  /** Absence is a fault. The empty string stands in for a value with a fault, so that reading goes on to the next one. */
  required(name: string, variable: Variable<string>, expected: string): string;
  withDefault<Value>(name: string, variable: Variable<Value>, value: Value): Value;
  /** As `optional`, and the text may be in the file that `<name>_FILE` names. */
  optionalSecret<Value>(name: string, variable: Variable<Value>): Secret<Value> | undefined;
  /** Is there a value, right or wrong, in the variable or its file variant? */
  isSet(name: string): boolean;
  fault(name: string, expected: string): void;
  warn(sentence: string): void;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

export function createConfigReader(env: NodeJS.ProcessEnv): ConfigReader {
  const faults: string[] = [];
  const warnings: string[] = [];
  const present = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const fault = (name: string, expected: string): void => void faults.push(`${name}: expected ${expected}`);

  const parse = <Value>(name: string, variable: Variable<Value>, text: string | undefined): Value | undefined => {
    if (text === undefined) return undefined;
    const parsed = variable.safeParse(text);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) fault(`${name}${pathOf(issue.path)}`, issue.message);
    return undefined;
  };

  const textOrFile = (name: string): string | undefined => {
    const file = present(`${name}_FILE`);
    if (file === undefined) return present(name);
    if (present(name) !== undefined) {
      fault(name, `one of ${name} and ${name}_FILE, not both`);
      return undefined;
    }
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch {
      fault(`${name}_FILE`, 'the path of a file that this process may read');
      return undefined;
    }
  };

  return {
    production: env['NODE_ENV'] !== 'development',
    optional: (name, variable) => parse(name, variable, present(name)),
    required: (name, variable, expected) => {
      if (present(name) === undefined) fault(name, `${expected}; it is not set`);
      return parse(name, variable, present(name)) ?? '';
    },
    withDefault: (name, variable, value) => parse(name, variable, present(name)) ?? value,
    optionalSecret: (name, variable) => {
      const value = parse(name, variable, textOrFile(name));
      return value === undefined ? undefined : secret(value);
    },
    isSet: (name) => present(name) !== undefined || present(`${name}_FILE`) !== undefined,
    fault,
    warn: (sentence) => void warnings.push(sentence),
    faults,
    warnings,
  };
}

/** Where inside a JSON value. A step that does not look like a name may be a secret in the wrong place: it is not shown. */
const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[A-Za-z0-9._-]{1,32}$/.test(String(step)) ? `.${String(step)}` : '.<…>';
    })
    .join('');
