import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { loadConfig, type ProcessRole } from '../../src/config';
import { configFaults, roles, variablesReadBy } from '../support/variables';
import { codeIn, soleCode, table } from './markdown';

const page = 'docs/configuration.md';
const rows = table(page, 'variable', 'read by').map(([names, readBy = '', needed, standard]) => {
  const [name = '', file] = codeIn(names);
  return { name, file, readBy: readBy.split(', '), needed, standard: soleCode(standard) };
});
/** The command line's headers are open-ended, and the reader of the connection looks for them by their prefix. */
const temporalRows = table(page, 'variable', 'default')
  .flatMap(([names]) => codeIn(names))
  .filter((name) => name !== 'TEMPORAL_GRPC_META_*');

const noFile = { TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' };
const key = () => randomBytes(32).toString('base64');
/** Asks for development by name, where every default of the table holds; and has all that production needs. */
const development: NodeJS.ProcessEnv = {
  ...noFile,
  NODE_ENV: 'development',
  AUTH0_DOMAIN: 'tenant.eu.auth0.com',
  AUTH0_CLIENT_ID: 'client',
  PAYLOAD_KEYS: JSON.stringify({ k1: key() }),
  ID_KEY: key(),
  API_PORT: '3000',
  API_KEYS: JSON.stringify([{ name: 'desk', hash: `sha256:${'ab'.repeat(32)}`, role: 'support' }]),
  PUBLIC_URL: 'https://mfa.example.com',
  CODEC_AUTH_TOKEN: randomBytes(32).toString('hex'),
};

const namesFault = (role: ProcessRole, env: NodeJS.ProcessEnv, name: string): boolean =>
  configFaults(env, role).some((fault) => fault.startsWith(`${name}:`));

test.each(roles)('the tables have every variable that the %s reads, and no other', (role) => {
  const asked = variablesReadBy(role);
  const ofTemporal = role === 'codec-server' ? [] : temporalRows;
  const documented = [...rows.filter(({ readBy }) => readBy.includes(role)).map(({ name }) => name), ...ofTemporal];
  const wanted = [...asked].filter((name) => !name.endsWith('_FILE') || !asked.has(name.replace(/_FILE$/, '')));
  expect(documented.sort()).toEqual(wanted.sort());
});

describe.each(rows)('$name', ({ name, file, readBy, needed, standard }) => {
  const readers = roles.filter((role) => readBy.includes(role));

  test('is needed where the table says so', () => {
    const without = (NODE_ENV: string) => readers.some((role) => namesFault(role, { ...noFile, NODE_ENV }, name));
    const found = without('development') ? 'always' : without('production') ? 'in production' : '';
    expect(found).toBe(needed);
  });

  test('may be given in a file where the table says so', () => {
    const variant = `${name}_FILE`;
    const taken = readers.some((role) => namesFault(role, { ...noFile, [variant]: '/nowhere' }, variant));
    expect(taken ? variant : undefined).toBe(file);
  });

  if (standard === undefined) return;
  test(`is ${standard} when it is not set`, () => {
    const value = standard.replace(/<(\w+)>/g, (_text, other: string) => development[other] ?? '');
    for (const role of readers) {
      const { [name]: _unset, ...without } = development;
      const unset = JSON.stringify(loadConfig(without, role));
      expect(JSON.stringify(loadConfig({ ...development, [name]: value }, role))).toBe(unset);
    }
  });
});
