import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { baseUrl, expectedBaseUrl, webAddress, word } from '../config/variables';
import { defined } from '../enrollment/defined';
import { secret, type Secret } from '../secret';
import { credential, expectedCredential, expectedPerson, personName } from './credentials';
import { usage } from './failure';

/** Where the key of a profile comes from. */
export type KeySource =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'environment'; readonly name: string }
  | { readonly type: 'command'; readonly command: readonly [string, ...string[]] }
  | { readonly type: 'written'; readonly key: Secret };

/** An API under a name, and as whom to call it. */
export interface Profile {
  readonly name: string;
  /** Without a final slash. */
  readonly api: string;
  readonly key?: KeySource;
  readonly person?: string;
  /** Address of the Temporal UI that belongs to the API, without a final slash. */
  readonly temporalUi?: string;
  readonly temporalNamespace?: string;
}

/** The file of profiles. */
export interface ProfileFile {
  readonly path: string;
  /** The profile that is used when nothing else is said. */
  readonly standard?: string;
  /** In the order of the file. */
  readonly profiles: readonly Profile[];
}

/** The name of what is no entry of the file: a running local stack. */
export const localProfile = 'local';

/** What `--profile` and `MFA_PROFILE` take. */
export const expectedProfileName = 'the name of a profile: up to 64 of A-Z a-z 0-9 . _ -';
export const profileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, expectedProfileName);

/**
 * Reads `config.toml` or `config.json` in `$XDG_CONFIG_HOME/mfa`, which is `~/.config/mfa` when that is not set. Undefined when there is
 * neither. Throws Failure (usage) that says what was expected and shows no value: one of them may be a key.
 */
export function readProfiles(env: NodeJS.ProcessEnv): ProfileFile | undefined {
  const folder = configFolder(env);
  if (folder === undefined) return undefined;
  const found = ['config.toml', 'config.json'].map((name) => join(folder, name)).filter(isThere);
  const [path, other] = found;
  if (path === undefined) return undefined;
  if (other !== undefined) throw usage(`Expected one of ${path} and ${other}, not both.`);
  const parsed = fileSchema.safeParse(contentOf(path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path: at, message }) => `${shownPath(at)}expected ${message}`);
    throw usage(`${path}: ${[...new Set(faults)].join('. ')}.`);
  }
  const { default: standard, profile: entries } = parsed.data;
  if (Object.hasOwn(entries, localProfile)) {
    throw usage(`${path}: profile: expected another name than ${localProfile}, which is the running local stack.`);
  }
  const profiles = Object.entries(entries).map(([name, entry]) => profileOf(name, entry, { folder, env }));
  if (profiles.some(({ key }) => key?.type === 'written')) refuseWhenOthersMayRead(path);
  if (standard !== undefined && standard !== localProfile && !profiles.some(({ name }) => name === standard)) {
    throw usage(`${path}: default: expected ${oneOf(profiles)}.`);
  }
  return { path, profiles, ...(standard === undefined ? {} : { standard }) };
}

/** The profile of this name. `said`: what named it, for the message. Throws Failure (usage) that says which there are. */
export function profileNamed(file: ProfileFile | undefined, name: string, said: string): Profile {
  const found = file?.profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  if (!profileName.safeParse(name).success) throw usage(`${said}: expected ${expectedProfileName}.`);
  if (file !== undefined) throw usage(`${said}: expected ${oneOf(file.profiles)}, as in ${file.path}.`);
  throw usage(`${said}: expected ${localProfile}, for there is no file of profiles. docs/cli.md shows one.`);
}

/** What `--profile` takes; `local` alone when the file cannot be read. */
export function profileNames(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    return [...(readProfiles(env)?.profiles.map(({ name }) => name) ?? []), localProfile];
  } catch {
    return [localProfile];
  }
}

const oneOf = (profiles: readonly Profile[]): string =>
  `one of ${[...profiles.map(({ name }) => name), localProfile].join(', ')}`;

/** Longer than a password store takes to ask its owner. Milliseconds. */
const commandMs = 120_000;

/** The key of a profile, from where it is kept. Throws Failure (usage) that says what was expected, and never what was found. */
export function keyOf(
  { name, key }: Pick<Profile, 'name'> & { readonly key: KeySource },
  env: NodeJS.ProcessEnv,
): Secret {
  const checked = (where: string, text: string | undefined): Secret => {
    const parsed = credential.safeParse(text);
    if (parsed.success) return secret(parsed.data);
    throw usage(`Profile ${name}: expected ${expectedCredential} ${where}.`);
  };
  switch (key.type) {
    case 'written':
      return checked('as its key', key.key.reveal());
    case 'environment':
      return checked(`in the variable ${key.name}`, env[key.name]);
    case 'file': {
      const text = textOf(key.path);
      if (text === undefined)
        throw usage(`Profile ${name}: expected keyFile to name a file that this process may read.`);
      return checked('in its keyFile', text.replace(/\r?\n$/, ''));
    }
    case 'command': {
      const [program, ...args] = key.command;
      // Its complaints go to the person at the terminal. The standard input is the command's own: a code may be in it.
      const ran = spawnSync(program, args, {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: commandMs,
      });
      if (ran.status !== 0) throw usage(`Profile ${name}: its keyCommand ${endingOf(ran)}.`);
      return checked('as the first line that its keyCommand prints', ran.stdout.split(/\r?\n/, 1)[0]);
    }
  }
}

function endingOf({ error, status, signal }: ReturnType<typeof spawnSync>): string {
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return 'names a program that is not there';
  return status === null ? `was ended by ${signal ?? 'a signal'}` : `ended with ${status}`;
}

/** `$XDG_CONFIG_HOME` counts when it is absolute, as the XDG Base Directory Specification says. */
function configFolder(env: NodeJS.ProcessEnv): string | undefined {
  const { XDG_CONFIG_HOME: given = '' } = env;
  if (isAbsolute(given)) return join(given, 'mfa');
  const home = homeOf(env);
  return home === undefined ? undefined : join(home, '.config', 'mfa');
}

const homeOf = ({ HOME, USERPROFILE }: NodeJS.ProcessEnv): string | undefined =>
  [HOME, USERPROFILE].find((folder) => folder !== undefined && isAbsolute(folder));

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function contentOf(path: string): unknown {
  const text = textOf(path);
  if (text === undefined) throw usage(`${path}: expected a file that this process may read.`);
  try {
    return path.endsWith('.json') ? JSON.parse(text) : parseToml(text);
  } catch (error) {
    // The messages of both parsers quote the file.
    const at = error instanceof TomlError ? ` Line ${error.line} is none.` : '';
    throw usage(`${path}: expected ${path.endsWith('.json') ? 'JSON' : 'TOML'}.${at}`);
  }
}

function refuseWhenOthersMayRead(path: string): void {
  if (process.platform === 'win32') return; // its modes say nothing of who may read
  const { mode } = statSync(path);
  if ((mode & 0o077) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw usage(
    `${path} holds a key and has mode ${shown}: expected 0600, so that nobody else can read it. Run chmod 600 on it, or use keyFile, keyEnv or keyCommand.`,
  );
}

const entryShape =
  'a table with api, and if need be one of keyFile, keyEnv, keyCommand and key, person, temporalUi, temporalNamespace';
const keyNames = ['keyFile', 'keyEnv', 'keyCommand', 'key'] as const;
const text = (expected: string) => z.string({ error: expected });

const entrySchema = z
  .strictObject(
    {
      api: text(expectedBaseUrl).pipe(baseUrl),
      keyFile: text('the path of a file').min(1, 'the path of a file').optional(),
      keyEnv: text('the name of a variable')
        .regex(/^[A-Za-z_]\w{0,99}$/, 'the name of a variable')
        .optional(),
      keyCommand: z
        .tuple([text('a program').min(1, 'a program')], text('text'), {
          error: 'a list of a program and its arguments',
        })
        .optional(),
      key: text(expectedCredential).pipe(credential).optional(),
      person: text(expectedPerson).pipe(personName).optional(),
      temporalUi: text('an http or https address').pipe(webAddress).optional(),
      temporalNamespace: text('the name of a namespace').pipe(word).optional(),
    },
    { error: entryShape },
  )
  .refine((entry) => keyNames.filter((name) => entry[name] !== undefined).length <= 1, `one of ${keyNames.join(', ')}`);

const fileSchema = z.strictObject(
  {
    default: text(expectedProfileName).pipe(profileName).optional(),
    profile: z.record(profileName, entrySchema, { error: 'tables [profile.<name>]' }).default({}),
  },
  { error: 'a default and tables [profile.<name>], and nothing else' },
);

/** A step that does not look like a name may be a secret in the wrong place. */
function shownPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  const steps = path.map((step) => (/^[A-Za-z0-9._-]{1,32}$/.test(String(step)) ? String(step) : '<…>'));
  return `${steps.join('.')}: `;
}

function profileOf(
  name: string,
  entry: z.output<typeof entrySchema>,
  where: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): Profile {
  const { keyFile, keyEnv, keyCommand, key, ...rest } = entry;
  const sources: readonly (KeySource | undefined)[] = [
    keyFile === undefined ? undefined : { type: 'file', path: pathOf(keyFile, where) },
    keyEnv === undefined ? undefined : { type: 'environment', name: keyEnv },
    keyCommand === undefined ? undefined : { type: 'command', command: keyCommand },
    key === undefined ? undefined : { type: 'written', key: secret(key) },
  ];
  const source = sources.find((each) => each !== undefined);
  return { name, ...defined(rest), ...(source === undefined ? {} : { key: source }) };
}

/** `~/` is the home folder, as in a shell; what is not absolute lies beside the file of profiles. */
const pathOf = (
  given: string,
  { folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): string => (given.startsWith('~/') ? join(homeOf(env) ?? dirname(folder), given.slice(2)) : resolve(folder, given));
