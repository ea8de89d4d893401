import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { loadConfig, type ConfigOf, type ProcessRole } from '../src/config';
import { interpolatedVariables, readComposeFile } from './compose/compose-file';
import { configFaults, roles, variablesReadBy } from './support/variables';

const text = readFileSync(join(__dirname, '../.env.example'), 'utf8');
const [processes = '', composeAlone = ''] = text.split('# --- docker-compose.yml alone');
const names = (part: string): string[] => [...part.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);
const uncommented = (part: string): string => part.replace(/^#([A-Z][A-Z0-9_]*=)/gm, '$1');

const key = (): string => randomBytes(32).toString('base64');
/** What a reader fills in: the variables that the example leaves empty and asks for. */
const filledIn = {
  AUTH0_CLIENT_ID: 'client',
  PAYLOAD_KEYS: JSON.stringify({ k1: key() }),
  ID_KEY: key(),
  API_KEYS: JSON.stringify([{ name: 'desk', hash: `sha256:${'ab'.repeat(32)}`, role: 'support' }]),
  CODEC_AUTH_TOKEN: randomBytes(32).toString('hex'),
};
const parsed = (part: string): Record<string, string> =>
  Object.fromEntries(Object.entries(parseEnv(part)).map(([name, value]) => [name, value ?? '']));
const environment = (part: string): Record<string, string> => ({ ...parsed(part), ...filledIn });

const read = new Set(roles.flatMap((role) => [...variablesReadBy(role)]));

test('it names every variable that a process reads, once, and no other', () => {
  const wanted = [...read].filter((name) => !name.endsWith('_FILE') || !read.has(name.slice(0, -'_FILE'.length)));
  expect(names(processes).sort()).toEqual(wanted.sort());
});

test('a variable is marked (secret) exactly when it may be given as a file', () => {
  const marked = [...processes.matchAll(/^# \(secret\) [^]*?^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);
  const takesFile = (name: string): boolean =>
    roles.some((role) =>
      configFaults({ [`${name}_FILE`]: '/none' }, role).some((fault) => fault.startsWith(`${name}_FILE:`)),
    );
  expect(marked).toEqual(names(processes).filter(takesFile));
});

/** A configuration as plain values: secrets compare by identity. */
const told = (config: ConfigOf[ProcessRole]): unknown => [
  JSON.stringify(config),
  'temporal' in config ? config.temporal.connectionOptions.reveal() : {},
];

describe.each(roles)('%s', (role) => {
  test('starts from the example with the empty ones filled in, without a warning', () => {
    expect(configFaults(environment(processes), role)).toEqual([]);
    expect(loadConfig(environment(processes), role).warnings).toEqual([]);
  });

  test('has as defaults what the example shows', () => {
    const [plain, shown] = [processes, uncommented(processes)].map((part) => told(loadConfig(environment(part), role)));
    expect(shown).toEqual(plain);
  });

  test('says what is missing when the example is used as it is', () => {
    expect(configFaults(parseEnv(text), role).length).toBeGreaterThan(0);
  });
});

describe('the part for docker compose', () => {
  const required = { AUTH0_DOMAIN: 'tenant.eu.auth0.com', AUTH0_CLIENT_ID: 'client' };

  test('names what docker-compose.yml takes beyond that', () => {
    expect(names(composeAlone).sort()).toEqual(
      [...interpolatedVariables()].filter((name) => !names(processes).includes(name)).sort(),
    );
  });

  test('shows the defaults of docker-compose.yml', () => {
    const shown = parsed(uncommented(composeAlone));
    expect(readComposeFile({ ...shown, ...required })).toEqual(readComposeFile(required));
  });

  test('docker compose says which of the required ones is not set', () => {
    expect(() => readComposeFile({ ...required, AUTH0_DOMAIN: '' })).toThrow(/AUTH0_DOMAIN: set it in \.env/);
  });
});
