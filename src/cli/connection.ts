import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { createConfigReader } from '../config/reader';
import { baseUrl, expectedBaseUrl } from '../config/variables';
import { roles, rolesToScopes, type Role, type Scope } from '../scopes';
import { secret, type Secret } from '../secret';
import { usage } from './failure';
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
}

export interface ConnectionOptions {
  readonly api?: string;
  readonly role?: Role;
}

/**
 * `--api` or `MFA_API`, with `MFA_API_KEY` (or `MFA_API_KEY_FILE`); what is not given comes from a running local stack. A
 * key of that stack goes to that stack alone. Throws Failure (usage) that says what is missing.
 */
export function connectionFor(
  { env, stackFile }: Pick<Terminal, 'env' | 'stackFile'>,
  options: ConnectionOptions,
  scope: Scope,
): Connection {
  const reader = createConfigReader(env);
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

/** Support and operations work here: their keys come first, and another one only for what they may not do. */
const roleFor = (scope: Scope): Role =>
  (['support', 'ops', 'onboarding'] as const).find((role) => rolesToScopes[role].some((held) => held === scope)) ??
  'onboarding';

/** RFC 6750: an API key or an access token. */
const credential = z.string().regex(/^[\x21-\x7e]{1,8192}$/, 'an API key or an access token, without spaces');

const stackSchema = z.object({ api: baseUrl, keys: z.record(z.enum(roles), z.string().min(1)) });

/** Undefined when no stack has told where it is. */
function readStack(file: string): z.infer<typeof stackSchema> | undefined {
  try {
    return stackSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
