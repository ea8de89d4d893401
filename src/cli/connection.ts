import { createConfigReader } from '../config/reader';
import { baseUrl, expectedBaseUrl } from '../config/variables';
import { defined } from '../enrollment/defined';
import { rolesToScopes, type Role, type Scope } from '../scopes';
import { secret, type Secret } from '../secret';
import { credential, expectedPerson, personName } from './credentials';
import { usage } from './failure';
import { keyOf, localProfile, profileNamed, readProfiles, type Profile } from './profiles';
import { readStack, type LocalStack } from './stack';
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
  readonly profile?: string;
  readonly role?: Role;
  readonly person?: string;
}

type Surroundings = Pick<Terminal, 'env' | 'stackFile'>;

/** Which API it is, and what has chosen it. */
export interface Choice {
  /** Without a final slash. */
  readonly api: string;
  /** What has chosen it: completes "because …". */
  readonly why: string;
  readonly by: '--api' | '--profile' | 'MFA_API' | 'MFA_PROFILE' | 'default' | 'stack';
  /** The profile that names this address. */
  readonly profile?: Profile;
  /** The running local stack that has this address. */
  readonly stack?: LocalStack;
}

/**
 * Which API is meant, first what is said first: `--api` or `--profile`, `MFA_API`, `MFA_PROFILE`, the default of the file of profiles, a
 * running local stack. Throws Failure (usage) that says what is missing or was expected.
 */
export function chooseApi({ env, stackFile }: Surroundings, options: ConnectionOptions): Choice {
  if (options.api !== undefined && options.profile !== undefined) {
    throw usage('Give one of --api and --profile, not both.');
  }
  if (options.role !== undefined && options.profile !== undefined && options.profile !== localProfile) {
    throw usage('--role picks one of the keys of a local stack; with --profile there is nothing to pick.');
  }
  const reader = createConfigReader(env);
  const ofEnvironment = options.profile === undefined ? reader.optional('MFA_API', baseUrl) : undefined;
  if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
  const stack = readStack(stackFile);

  const given = options.api === undefined ? ofEnvironment : address(options.api);
  if (given !== undefined) {
    const by = options.api === undefined ? 'MFA_API' : '--api';
    const profile = reader.isSet('MFA_API_KEY') ? undefined : chosenProfile(env, options)?.profile;
    return {
      api: given,
      by,
      why: `${by} names it`,
      ...(profile?.api === given ? { profile } : {}),
      ...(stack?.api === given ? { stack } : {}),
    };
  }
  const chosen = chosenProfile(env, options);
  if (chosen?.profile !== undefined) {
    const { profile, by, why } = chosen;
    return { api: profile.api, by, why, profile };
  }
  if (stack !== undefined) {
    const { by, why } = chosen ?? { by: 'stack' as const, why: 'a local stack is running' };
    return { api: stack.api, by, why, stack };
  }
  if (chosen !== undefined) throw usage(`No local stack is running, and ${chosen.why}. Start one with \`npm start\`.`);
  throw usage(`No API is named. Set MFA_API and MFA_API_KEY, or start a local stack with \`npm start\`.${others(env)}`);
}

interface ChosenProfile {
  readonly by: '--profile' | 'MFA_PROFILE' | 'default';
  readonly why: string;
  /** Undefined: the running local stack. */
  readonly profile: Profile | undefined;
}

/** Undefined when nothing names a profile. `--role` is about a local stack: it wins over what is not said on the command line. */
function chosenProfile(env: NodeJS.ProcessEnv, options: ConnectionOptions): ChosenProfile | undefined {
  const variable = env['MFA_PROFILE'] === '' ? undefined : env['MFA_PROFILE'];
  if (options.profile === undefined && options.role !== undefined) return undefined;
  const said = options.profile === undefined ? 'MFA_PROFILE' : '--profile';
  const name = options.profile ?? variable;
  if (name === localProfile) return { by: said, why: `${said} says ${localProfile}`, profile: undefined };
  const file = readProfiles(env);
  if (name !== undefined) return { by: said, why: `${said} says ${name}`, profile: profileNamed(file, name, said) };
  if (file?.standard === undefined) return undefined;
  const why = `${file.standard} is the default in ${file.path}`;
  const profile = file.profiles.find((each) => each.name === file.standard);
  return { by: 'default', why, profile };
}

function others(env: NodeJS.ProcessEnv): string {
  const names = readProfiles(env)?.profiles.map(({ name }) => name) ?? [];
  return names.length === 0 ? '' : ` Or choose a profile with --profile or MFA_PROFILE: ${names.join(', ')}.`;
}

/**
 * The API that is meant (see `chooseApi`), with `MFA_API_KEY` (or `MFA_API_KEY_FILE`), the key of the profile, or one of the local
 * stack's. A key of a profile or of a stack goes to the address of that one alone, and `--profile` brings its own. `--person`,
 * `MFA_PERSON` or the profile says who acts. Throws Failure (usage) that says what is missing.
 */
export function connectionFor(terminal: Surroundings, options: ConnectionOptions, scope: Scope): Connection {
  const { env } = terminal;
  const reader = createConfigReader(env);
  const said = options.person === undefined ? reader.optional('MFA_PERSON', personName) : personOf(options.person);
  if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
  const choice = chooseApi(terminal, options);
  const person = said ?? choice.profile?.person;
  return { api: choice.api, ...keyFor(choice, env, options, scope), ...defined({ person }) };
}

function keyFor(
  { api, by, profile, stack }: Choice,
  env: NodeJS.ProcessEnv,
  { role: wanted }: ConnectionOptions,
  scope: Scope,
): Pick<Connection, 'key' | 'notice' | 'scopes'> {
  const ofProfile = profile?.key;
  const name = profile?.name;
  const isSaid = by === '--api' || by === 'MFA_API' || by === '--profile';
  if (by !== '--profile' || (ofProfile === undefined && stack === undefined)) {
    const reader = createConfigReader(env);
    const key = reader.optionalSecret('MFA_API_KEY', credential);
    if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
    if (key !== undefined && wanted !== undefined) {
      throw usage('--role picks one of the keys of a local stack; with MFA_API_KEY there is nothing to pick.');
    }
    const where = name === undefined ? '.run/stack.json' : `profile ${name}`;
    if (key !== undefined) return isSaid ? { key } : { key, notice: `${api} (${where}) with MFA_API_KEY` };
  }
  if (name !== undefined && ofProfile !== undefined) {
    const key = keyOf({ name, key: ofProfile }, env);
    return by === '--profile' ? { key } : { key, notice: `${api} (profile ${name})` };
  }
  if (stack === undefined) {
    const more = name === undefined ? '' : `, or give the profile ${name} a keyFile, keyEnv or keyCommand`;
    throw usage(`No key for ${api}. Set MFA_API_KEY or MFA_API_KEY_FILE${more}.`);
  }
  const role = wanted ?? roleFor(scope);
  return {
    key: secret(stack.keys[role]),
    notice: `${api} as ${role} (.run/stack.json)`,
    scopes: rolesToScopes[role],
  };
}

function address(text: string): string {
  const parsed = baseUrl.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--api: expected ${expectedBaseUrl}.`);
}

function personOf(text: string): string {
  if (personName.safeParse(text).success) return text;
  throw usage(`--person: expected ${expectedPerson}.`);
}

/** Support and operations work here: their keys come first, and another one only for what they may not do. */
const roleFor = (scope: Scope): Role =>
  (['support', 'ops', 'onboarding'] as const).find((role) => rolesToScopes[role].some((held) => held === scope)) ??
  'onboarding';
