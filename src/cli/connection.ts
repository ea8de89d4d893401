import { z } from 'zod';
import { createConfigReader, type ConfigReader } from '../config/reader';
import { baseUrl, expectedBaseUrl } from '../config/variables';
import { defined } from '../enrollment/defined';
import { rolesToScopes, type Role, type Scope } from '../scopes';
import { secret, type Secret } from '../secret';
import { usage } from './failure';
import { readStack } from './stack';
import type { Terminal } from './terminal';

/** Where the API is and as whom to call it. */
export interface Connection {
  /** Without a final slash. */
  readonly api: string;
  readonly key: Secret;
  /** What the person at the terminal should know, when it was not said on the command line. */
  readonly notice?: string;
  /** What the key may do, where that is known: of a key of a local stack. */
  readonly scopes?: readonly Scope[];
  /** Who acts, for a key that names its people. */
  readonly person?: string;
}

export interface ConnectionOptions {
  readonly api?: string;
  readonly role?: Role;
  readonly person?: string;
}

/**
 * `--api` or `MFA_API`, with `MFA_API_KEY` (or `MFA_API_KEY_FILE`); what is not given comes from a running local stack. A
 * key of that stack goes to that stack alone. `--person` or `MFA_PERSON` says who acts. Throws Failure (usage) that says what is
 * missing.
 */
export function connectionFor(
  { env, stackFile }: Pick<Terminal, 'env' | 'stackFile'>,
  options: ConnectionOptions,
  scope: Scope,
): Connection {
  const reader = createConfigReader(env);
  const person = options.person === undefined ? reader.optional('MFA_PERSON', personName) : personOf(options.person);
  return { ...keyFor(reader, stackFile, options, scope), ...defined({ person }) };
}

function keyFor(
  reader: ConfigReader,
  stackFile: string,
  options: ConnectionOptions,
  scope: Scope,
): Omit<Connection, 'person'> {
  const given = options.api === undefined ? reader.optional('MFA_API', baseUrl) : address(options.api);
  const key = reader.optionalSecret('MFA_API_KEY', credential);
  if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
  if (key !== undefined && options.role !== undefined) {
    throw usage('--role picks one of the keys of a local stack; with MFA_API_KEY there is nothing to pick.');
  }

  const stack = readStack(stackFile);
  const api = given ?? stack?.api;
  if (api === undefined) {
    throw usage('No API is named. Set MFA_API and MFA_API_KEY, or start a local stack with `npm start`.');
  }
  if (key !== undefined) {
    return given === undefined ? { api, key, notice: `${api} (.run/stack.json) with MFA_API_KEY` } : { api, key };
  }
  if (stack === undefined || api !== stack.api) throw usage(`No key for ${api}. Set MFA_API_KEY or MFA_API_KEY_FILE.`);
  const role = options.role ?? roleFor(scope);
  const scopes = rolesToScopes[role];
  return { api, key: secret(stack.keys[role]), notice: `${api} as ${role} (.run/stack.json)`, scopes };
}

function address(text: string): string {
  const parsed = baseUrl.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--api: expected ${expectedBaseUrl}.`);
}

/** As the API takes it in X-Acting-Person. */
const expectedPerson = '1 to 100 printable ASCII characters, words separated by single spaces';
const personName = z.string().regex(/^(?=.{1,100}$)[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, expectedPerson);

function personOf(text: string): string {
  if (personName.safeParse(text).success) return text;
  throw usage(`--person: expected ${expectedPerson}.`);
}

/** Support and operations work here: their keys come first, and another one only for what they may not do. */
const roleFor = (scope: Scope): Role =>
  (['support', 'ops', 'onboarding'] as const).find((role) => rolesToScopes[role].some((held) => held === scope)) ??
  'onboarding';

/** RFC 6750: an API key or an access token. */
const credential = z.string().regex(/^[\x21-\x7e]{1,8192}$/, 'an API key or an access token, without spaces');
