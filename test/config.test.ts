import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadConfig, type ProcessRole } from '../src/config';
import { rolesToScopes } from '../src/scopes';
import { configFaults, roles } from './support/variables';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = (): string => randomBytes(32).toString('base64');
const hash = `sha256:${'ab'.repeat(32)}`;
const noFile = { TEMPORAL_CONFIG_FILE: join(folder, 'none.toml') };

const payloadKey = key();
const complete = {
  ...noFile,
  NODE_ENV: 'production',
  AUTH0_DOMAIN: 'tenant.eu.auth0.com',
  AUTH0_CLIENT_ID: 'client',
  AUTH0_CLIENT_SECRET: 'client-secret-text',
  PAYLOAD_KEYS: JSON.stringify({ k1: payloadKey }),
  ID_KEY: key(),
  API_KEYS: JSON.stringify([{ name: 'desk', hash, role: 'support' }]),
  PUBLIC_URL: 'https://mfa.example.com/',
  CODEC_AUTH_TOKEN: 'a-token-of-enough-characters',
};
const development = { ...complete, NODE_ENV: 'development' };

const faults = (env: NodeJS.ProcessEnv, role: ProcessRole = 'api'): readonly string[] => configFaults(env, role);
const without = (name: keyof typeof complete, env: NodeJS.ProcessEnv = complete): NodeJS.ProcessEnv => ({
  ...env,
  [name]: undefined,
});

describe('each process asks for what it needs only', () => {
  test.each([
    ['worker', ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'PAYLOAD_KEYS', 'ID_KEY']],
    ['api', ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'PAYLOAD_KEYS', 'ID_KEY', 'API_KEYS', 'PUBLIC_URL']],
    ['codec-server', ['PAYLOAD_KEYS', 'CODEC_AUTH_TOKEN']],
  ] as const)('%s in production', (role, names) => {
    const missing = faults({ ...noFile, NODE_ENV: 'production' }, role).map((fault) => fault.split(':')[0]);
    expect(missing.sort()).toEqual([...names].sort());
  });

  test.each(['worker', 'api', 'codec-server'] as const)('%s starts without a warning when all is set', (role) => {
    expect(loadConfig(complete, role).warnings).toEqual([]);
  });
});

describe('production is what every process runs in, unless development is asked for by name', () => {
  // What development alone allows: another address than the tenant's, a key with a pattern, and what is missing.
  const relaxed = {
    ...noFile,
    AUTH0_DOMAIN: 'tenant.eu.auth0.com',
    AUTH0_CLIENT_ID: 'client',
    AUTH0_BASE_URL: 'http://127.0.0.1:3001',
    PAYLOAD_KEYS: JSON.stringify({ weak: Buffer.alloc(32, 7).toString('base64') }),
  };
  const refused = {
    worker: ['AUTH0_BASE_URL', 'ID_KEY', 'PAYLOAD_KEYS.weak'],
    api: ['API_KEYS', 'AUTH0_BASE_URL', 'ID_KEY', 'PAYLOAD_KEYS.weak', 'PUBLIC_URL'],
    'codec-server': ['CODEC_AUTH_TOKEN', 'PAYLOAD_KEYS.weak'],
  } as const;
  const others = [undefined, '', 'prod', 'production', 'test', 'dev', 'Development', 'development '];

  describe.each(others)('NODE_ENV %j', (NODE_ENV) => {
    test.each(roles)('the %s names every fault that development would let pass', (role) => {
      const named = faults({ ...relaxed, NODE_ENV }, role).map((fault) => fault.split(':')[0]);
      expect(named.sort()).toEqual(refused[role]);
    });

    test.each(roles)('the %s makes no payload key up', (role) => {
      expect(faults({ ...without('PAYLOAD_KEYS'), NODE_ENV }, role)).toEqual([
        expect.stringMatching(/^PAYLOAD_KEYS: expected .*; it is not set$/),
      ]);
    });

    test('gives the same configuration as production', () => {
      for (const role of roles) {
        const config = loadConfig({ ...complete, NODE_ENV }, role);
        expect(config).toMatchObject({ production: true, warnings: [] });
        expect(JSON.stringify(config)).toBe(JSON.stringify(loadConfig(complete, role)));
      }
    });
  });

  test.each(roles)('NODE_ENV development relaxes all of it for the %s, with warnings', (role) => {
    const config = loadConfig({ ...relaxed, NODE_ENV: 'development' }, role);
    expect(config.production).toBe(false);
    expect(config.warnings).toContainEqual(expect.stringContaining('PAYLOAD_KEYS.weak has a pattern'));
  });
});

test('one message names every fault', () => {
  const env = {
    ...complete,
    LOG_LEVEL: 'loud',
    API_PORT: '70000',
    AUTH0_DOMAIN: 'https://tenant.auth0.com/',
    ID_KEY: 'short',
  };
  const named = faults(env).map((fault) => fault.split(':')[0]);
  expect(named.sort()).toEqual(['API_PORT', 'AUTH0_DOMAIN', 'ID_KEY', 'LOG_LEVEL']);
  expect(() => loadConfig(env, 'api')).toThrow(/LOG_LEVEL: expected[^]*API_PORT: expected/);
});

test('no message holds a value, wherever it stands', () => {
  const marked = 'Zq7MARKED7qZ';
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    [
      ...Object.keys(complete),
      'AUTH0_BASE_URL',
      'AUTH0_AUDIENCE',
      'API_JWT_ISSUER',
      'CODEC_ALLOWED_ORIGINS',
      'TEMPORAL_TLS',
    ]
      .filter((name) => name !== 'NODE_ENV')
      .map((name) => [name, `http://${marked} x`]),
  );
  const nested = [
    { PAYLOAD_KEYS: JSON.stringify({ [`${marked}${key()}`]: 'k1' }) },
    { PAYLOAD_KEYS: JSON.stringify({ k1: marked }) },
    { PAYLOAD_KEYS: `{"k1": "${marked}` },
    { API_KEYS: JSON.stringify([{ name: 'x', hash: marked, role: marked, [`${marked} is no field`]: marked }]) },
    { API_KEYS_FILE: marked, API_KEYS: undefined },
  ];
  for (const one of [env, ...nested.map((part) => ({ ...complete, ...part }))]) {
    for (const NODE_ENV of ['production', 'development']) {
      for (const role of roles) expect(faults({ ...one, NODE_ENV }, role).join('\n')).not.toContain(marked);
    }
  }
  expect(nested.every((part) => faults({ ...complete, ...part }).length > 0)).toBe(true);
});

test('printing the configuration shows no secret', () => {
  const env = { ...complete, TEMPORAL_API_KEY: 'temporal-api-key-text' };
  for (const role of ['worker', 'api', 'codec-server'] as const) {
    const config = loadConfig(env, role);
    const printed = inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config);
    expect(printed).not.toMatch(/client-secret-text|temporal-api-key-text|a-token-of-enough/);
    expect(printed).not.toContain(Buffer.from(payloadKey, 'base64').toString('hex'));
  }
});

test('the configuration cannot be changed', () => {
  const config = loadConfig(complete, 'api');
  for (const part of [
    config,
    config.auth0,
    config.temporal,
    config.payload,
    config.api,
    config.api.keys,
    config.warnings,
  ]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

test('an empty variable is an absent one', () => {
  expect(
    loadConfig({ ...complete, LOG_LEVEL: '', AUTH0_CLIENT_SECRET: '', TEMPORAL_NAMESPACE: '' }, 'worker'),
  ).toMatchObject({
    logLevel: 'info',
    temporal: { namespace: 'default' },
  });
});

describe('secrets from files', () => {
  test('a file gives the same as the variable, without its last line break', () => {
    const file = join(folder, 'client-secret');
    writeFileSync(file, 'from-a-file\n');
    const config = loadConfig({ ...without('AUTH0_CLIENT_SECRET'), AUTH0_CLIENT_SECRET_FILE: file }, 'worker');
    expect(config.auth0.clientSecret?.reveal()).toBe('from-a-file');
  });

  test.each([
    ['AUTH0_CLIENT_SECRET', 'worker'],
    ['PAYLOAD_KEYS', 'worker'],
    ['ID_KEY', 'api'],
    ['API_KEYS', 'api'],
    ['CODEC_AUTH_TOKEN', 'codec-server'],
  ] as const)('%s and its file together are a fault', (name, role) => {
    expect(faults({ ...complete, [`${name}_FILE`]: join(folder, 'any') }, role)).toEqual([
      `${name}: expected one of ${name} and ${name}_FILE, not both`,
    ]);
  });

  test('a file that cannot be read is a fault', () => {
    expect(faults({ ...without('ID_KEY'), ID_KEY_FILE: join(folder, 'none') })).toEqual([
      'ID_KEY_FILE: expected the path of a file that this process may read',
    ]);
  });
});

describe('AUTH0_*', () => {
  test.each([
    'https://tenant.auth0.com',
    'tenant.auth0.com/',
    'tenant.auth0.com/mfa',
    'tenant auth0',
    '-x.com',
    'a..b',
    'u@h.com',
  ])('the domain is a bare host: %s is refused', (domain) => {
    expect(faults({ ...complete, AUTH0_DOMAIN: domain })).toEqual([
      expect.stringContaining('AUTH0_DOMAIN: expected a bare host'),
    ]);
  });

  test('a port is allowed, and the host is lower case from here on', () => {
    expect(loadConfig({ ...complete, AUTH0_DOMAIN: 'Localhost:8443' }, 'worker').auth0).toMatchObject({
      domain: 'localhost:8443',
      audience: 'https://localhost:8443/mfa/',
      baseUrl: 'https://localhost:8443',
    });
  });

  test('an audience without its final slash, which Auth0 would not know, is refused', () => {
    expect(faults({ ...complete, AUTH0_AUDIENCE: 'https://tenant.auth0.com/mfa' })).toHaveLength(1);
  });

  test('without a secret the application is a public client', () => {
    expect(loadConfig(without('AUTH0_CLIENT_SECRET'), 'worker').auth0).not.toHaveProperty('clientSecret');
  });

  test.each(['http://127.0.0.1:3001', 'http://localhost:3001/', 'http://[::1]:3001', 'https://emulator.test'])(
    'development may send the calls to %s',
    (base) => {
      expect(loadConfig({ ...development, AUTH0_BASE_URL: base }, 'worker').auth0.baseUrl).toBe(
        base.replace(/\/$/, ''),
      );
    },
  );

  test.each([
    'http://192.168.1.5:3001',
    'http://localhost.example.com',
    'ftp://localhost',
    'localhost:3001',
    'https://h/path',
    'https://u:p@h',
  ])('tokens never travel to %s', (base) => {
    expect(faults({ ...development, AUTH0_BASE_URL: base }, 'worker')).toEqual([
      expect.stringContaining('AUTH0_BASE_URL: expected an https origin'),
    ]);
  });

  test('tokens whose user cannot be read are refused unless they are accepted by name', () => {
    for (const role of ['worker', 'api'] as const) {
      expect(loadConfig(complete, role).auth0.opaqueTokens).toBe('refuse');
      const env = { ...complete, AUTH0_OPAQUE_TOKENS: 'accept' };
      expect(loadConfig(env, role).auth0.opaqueTokens).toBe('accept');
      expect(faults({ ...complete, AUTH0_OPAQUE_TOKENS: 'true' }, role)).toEqual([
        'AUTH0_OPAQUE_TOKENS: expected refuse or accept',
      ]);
    }
  });

  test('production refuses another address than the tenant', () => {
    expect(faults({ ...complete, AUTH0_BASE_URL: 'https://emulator.test' }, 'worker')).toEqual([
      expect.stringContaining('AUTH0_BASE_URL: expected nothing in production'),
    ]);
  });
});

describe('TEMPORAL_*', () => {
  test('are read as the temporal command line reads them', () => {
    const env = { ...complete, TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'mfa', TEMPORAL_API_KEY: 'k' };
    const { temporal } = loadConfig(env, 'worker');
    expect(temporal).toMatchObject({ address: 'temporal:7233', namespace: 'mfa', taskQueue: 'mfa-enrollment' });
    expect(temporal.connectionOptions.reveal()).toMatchObject({ address: 'temporal:7233', apiKey: 'k', tls: true });
  });

  test.each([
    ['temporal:7233', { TEMPORAL_PLAINTEXT: 'accept' }, 1],
    ['temporal:7233', { TEMPORAL_TLS: 'true' }, 0],
    ['temporal:7233', { TEMPORAL_API_KEY: 'k' }, 0],
    ['127.0.0.1:7233', {}, 0],
    ['localhost:7233', {}, 0],
    ['[::1]:7233', {}, 0],
  ])('a server at %s with %j brings %i warnings about TLS', (TEMPORAL_ADDRESS, more, count) => {
    const { warnings } = loadConfig({ ...complete, TEMPORAL_ADDRESS, ...more }, 'worker');
    expect(warnings.filter((warning) => warning.includes('without TLS'))).toHaveLength(count);
  });

  test.each(['production', 'development'])(
    'plaintext to another host is refused in %s unless it is said',
    (NODE_ENV) => {
      const env = { ...complete, NODE_ENV, TEMPORAL_ADDRESS: 'temporal:7233' };
      for (const role of ['worker', 'api'] as const) {
        expect(faults(env, role)).toEqual([expect.stringMatching(/^TEMPORAL_TLS: .*TEMPORAL_PLAINTEXT=accept/)]);
      }
      expect(faults({ ...env, TEMPORAL_PLAINTEXT: 'yes' }, 'worker')).toContain(
        'TEMPORAL_PLAINTEXT: expected accept, or nothing',
      );
    },
  );

  test('a namespace and key ids that leave no room for summaries in the second format are refused', () => {
    const both = { ...complete, TEMPORAL_NAMESPACE: 'n'.repeat(72), PAYLOAD_ACTIVE_KEY_ID: 'k'.repeat(16) };
    const env = { ...both, PAYLOAD_WRITE_V2: 'true' };
    const one = { ['k'.repeat(16)]: key() };
    expect(faults({ ...env, PAYLOAD_KEYS: JSON.stringify(one) }, 'api')).toEqual([]);
    expect(faults({ ...env, PAYLOAD_KEYS: JSON.stringify({ ...one, other: key() }) }, 'api')).toEqual([
      expect.stringContaining('TEMPORAL_NAMESPACE: expected at most 64 bytes'),
    ]);
    expect(faults({ ...both, PAYLOAD_KEYS: JSON.stringify({ ...one, other: key() }) }, 'api')).toEqual([]);
  });

  test('a temporal.toml is read as well', () => {
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "from-file:7233"\nnamespace = "filed"\n[profile.default.tls]\n');
    expect(loadConfig({ ...complete, TEMPORAL_CONFIG_FILE: file }, 'api').temporal).toMatchObject({
      address: 'from-file:7233',
      namespace: 'filed',
    });
  });

  test.each([
    ['a broken temporal.toml', () => ({ TEMPORAL_CONFIG_FILE: written('broken.toml', '[profile') })],
    ['a certificate that is not there', () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'none.pem') })],
  ])('%s is a fault at start', (_what, part) => {
    expect(faults({ ...complete, ...part() }, 'worker')).toEqual([expect.stringContaining('TEMPORAL_*: expected')]);
  });
});

describe('payload keys', () => {
  test.each([
    ['the same byte throughout', Buffer.alloc(32, 7)],
    ['few different bytes', Buffer.alloc(32, 'abcdefgh')],
    ['text', Buffer.from('correct horse battery staple 123')],
    ['a count', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
  ])('%s is no key in production, and is warned of in development', (_what, bytes) => {
    const PAYLOAD_KEYS = JSON.stringify({ weak: bytes.toString('base64') });
    expect(faults({ ...complete, PAYLOAD_KEYS }, 'worker')).toEqual([
      expect.stringContaining('PAYLOAD_KEYS.weak: expected 32 random bytes'),
    ]);
    expect(loadConfig({ ...development, PAYLOAD_KEYS }, 'worker').warnings).toEqual([
      expect.stringContaining('PAYLOAD_KEYS.weak has a pattern'),
    ]);
  });

  test.each([
    ['too short', { k1: randomBytes(31).toString('base64') }],
    ['too long', { k1: randomBytes(33).toString('base64') }],
    ['hex', { k1: randomBytes(32).toString('hex') }],
    ['a number', { k1: 5 }],
    ['an id with a space', { 'k 1': key() }],
    ['no key at all', {}],
    ['a list', [key()]],
    [
      'one key under two ids',
      { k1: Buffer.alloc(32, 'ab').toString('base64'), k2: Buffer.alloc(32, 'ab').toString('base64') },
    ],
  ])('%s is refused, in development too', (_what, ring) => {
    const found = faults({ ...development, PAYLOAD_KEYS: JSON.stringify(ring), PAYLOAD_ACTIVE_KEY_ID: 'k1' }, 'worker');
    expect(found[0]).toMatch(/^PAYLOAD_KEYS.*: expected/);
  });

  test('the only key is the active one', () => {
    expect(loadConfig(complete, 'worker').payload.activeKeyId).toBe('k1');
  });

  test.each([undefined, 'k3'])('with two keys the active one is named: %s is refused', (PAYLOAD_ACTIVE_KEY_ID) => {
    const env = { ...complete, PAYLOAD_KEYS: JSON.stringify({ k1: key(), k2: key() }), PAYLOAD_ACTIVE_KEY_ID };
    expect(faults(env, 'worker')).toEqual([
      'PAYLOAD_ACTIVE_KEY_ID: expected the id of the key to encrypt with: one of k1, k2',
    ]);
  });

  test('development makes a fresh key each time and says what that means', () => {
    const [one, other] = [0, 1].map(() => loadConfig(without('PAYLOAD_KEYS', development), 'worker'));
    expect(one?.warnings).toEqual([expect.stringContaining('no other process can read its payloads')]);
    const fresh = [one, other].map((config) =>
      config?.payload.keys.get(config.payload.activeKeyId)?.export().toString('hex'),
    );
    expect(fresh[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(fresh[0]).not.toBe(fresh[1]);
  });
});

describe('the key of ids', () => {
  test('development makes one up and says what that means', () => {
    expect(loadConfig(without('ID_KEY', development), 'api').warnings).toEqual([
      expect.stringContaining('a user can get a second one'),
    ]);
  });

  test('production refuses one with a pattern', () => {
    expect(faults({ ...complete, ID_KEY: Buffer.alloc(32).toString('base64') })).toEqual([
      expect.stringContaining('ID_KEY: expected 32 random bytes'),
    ]);
  });
});

describe('callers of the API', () => {
  test.each(['onboarding', 'support', 'ops'] as const)('the role %s gives its scopes', (role) => {
    const API_KEYS = JSON.stringify([{ name: 'x', hash: hash.toUpperCase().replace('SHA', 'sha'), role }]);
    expect(loadConfig({ ...complete, API_KEYS }, 'api').api.keys).toEqual([
      { name: 'x', hash, role, scopes: rolesToScopes[role] },
    ]);
  });

  test('neither support nor ops sees secrets or starts a case', () => {
    for (const role of ['support', 'ops'] as const) {
      expect(rolesToScopes[role]).not.toContain('enrollments:secrets');
      expect(rolesToScopes[role]).not.toContain('enrollments:start');
    }
  });

  test('scopes may be given one by one', () => {
    const API_KEYS = JSON.stringify([{ name: 'x', hash, scopes: ['enrollments:read'] }]);
    expect(loadConfig({ ...complete, API_KEYS }, 'api').api.keys).toEqual([
      { name: 'x', hash, scopes: ['enrollments:read'] },
    ]);
  });

  test.each([
    [
      'both role and scopes',
      { name: 'x', hash, role: 'ops', scopes: [] },
      'API_KEYS[0]: expected either a role or scopes',
    ],
    ['neither', { name: 'x', hash }, 'API_KEYS[0]: expected either a role or scopes'],
    ['an unknown role', { name: 'x', hash, role: 'root' }, 'API_KEYS[0].role: expected one of'],
    ['an unknown scope', { name: 'x', hash, scopes: ['all'] }, 'API_KEYS[0].scopes[0]: expected one of'],
    ['a key in place of its hash', { name: 'x', hash: 'plain', role: 'ops' }, 'API_KEYS[0].hash: expected sha256:'],
    ['no name', { hash, role: 'ops' }, 'API_KEYS[0].name: expected a name'],
    ['the name of a JWT’s subject', { name: 'jwt:x', hash, role: 'ops' }, 'API_KEYS[0].name: expected a name'],
    ['a misspelled field', { name: 'x', hash, role: 'ops', scope: [] }, 'API_KEYS[0]: expected an object'],
    [
      'an end that is no time',
      { name: 'x', hash, role: 'ops', expiresAt: '2027' },
      'API_KEYS[0].expiresAt: expected a',
    ],
    ['an end without a zone', { name: 'x', hash, role: 'ops', expiresAt: '2027-01-31T00:00:00' }, 'expected a time in'],
    ['a trust that is no boolean', { name: 'x', hash, role: 'ops', namesPersons: 'no' }, 'expected true or false'],
  ])('%s is refused', (_what, entry, expected) => {
    expect(faults({ ...complete, API_KEYS: JSON.stringify([entry]) })).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    [
      'one name with two roles',
      [
        { name: 'x', hash, role: 'ops' },
        { name: 'x', hash: hash.replace('ab', 'cd'), role: 'support' },
      ],
      'the same scopes and namesPersons in all entries of one name',
    ],
    [
      'one name that may name persons by one key only',
      [
        { name: 'x', hash, role: 'ops', namesPersons: true },
        { name: 'x', hash: hash.replace('ab', 'cd'), role: 'ops' },
      ],
      'the same scopes and namesPersons in all entries of one name',
    ],
    [
      'one key twice',
      [
        { name: 'x', hash, role: 'ops' },
        { name: 'y', hash, role: 'ops' },
      ],
      'different hash',
    ],
    ['an empty list', [], 'at least one key'],
  ])('%s is refused', (_what, keys, expected) => {
    expect(faults({ ...complete, API_KEYS: JSON.stringify(keys) })).toEqual([expect.stringContaining(expected)]);
  });

  test('a caller may have two keys while one replaces the other', () => {
    const entry = { name: 'x', scopes: ['enrollments:manage', 'enrollments:read'], namesPersons: true };
    const keys = [
      { ...entry, hash, expiresAt: '2099-01-31T00:00:00Z' },
      { ...entry, hash: hash.replace('ab', 'cd'), scopes: ['enrollments:read', 'enrollments:manage'] },
    ];
    const { api, warnings } = loadConfig({ ...complete, API_KEYS: JSON.stringify(keys) }, 'api');
    expect(api.keys).toMatchObject([
      { name: 'x', namesPersons: true, expiresAt: Date.parse('2099-01-31T00:00:00Z') },
      { name: 'x', namesPersons: true },
    ]);
    expect(warnings).toEqual([]);
  });

  test.each([
    [-1000, / expired at \S+ and is refused\.$/],
    [13 * 24 * 3_600_000, / expires at \S+\. Add another one under the same name/],
  ])('a key that ends in %i ms leaves a warning at start', (inMs, sentence) => {
    const expiresAt = new Date(Date.now() + inMs).toISOString();
    const API_KEYS = JSON.stringify([{ name: 'desk', hash, role: 'ops', expiresAt }]);
    expect(loadConfig({ ...complete, API_KEYS }, 'api').warnings).toEqual([
      expect.stringMatching(new RegExp(`^The key of "desk" \\(API_KEYS\\[0\\]\\)${sentence.source}`)),
    ]);
  });

  test.each([
    ['10.0.3.7', ['10.0.3.7']],
    ['10.0.3.7, 10.0.4.0/24,2001:db8::/64', ['10.0.3.7', '10.0.4.0/24', '2001:db8::/64']],
  ])('TRUSTED_PROXIES takes %s', (list, proxies) => {
    expect(loadConfig({ ...complete, TRUSTED_PROXIES: list }, 'api').api.trustedProxies).toEqual(proxies);
  });

  test.each([
    'loopback',
    'true',
    '*',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0',
    '10.0.0.1,',
    'proxy.example.com',
    '1',
  ])('TRUSTED_PROXIES of %s is refused', (list) => {
    expect(faults({ ...complete, TRUSTED_PROXIES: list })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXIES: expected IP addresses or networks of proxies/),
    ]);
  });

  test('health and metrics answer on a port of their own, and nowhere without one', () => {
    expect(loadConfig(complete, 'api').api).toMatchObject({ healthHost: '127.0.0.1' });
    expect(loadConfig(complete, 'api').api).not.toHaveProperty('healthPort');
    expect(loadConfig({ ...complete, HEALTH_PORT: '9091', HEALTH_HOST: '0.0.0.0' }, 'api').api).toMatchObject({
      healthHost: '0.0.0.0',
      healthPort: 9091,
    });
    expect(faults({ ...complete, API_PORT: '3000', HEALTH_PORT: '3000' })).toEqual([
      'HEALTH_PORT: expected another port than API_PORT: health and metrics are not for callers of the API',
    ]);
  });

  test('a token issuer will do in place of keys', () => {
    const env = { ...without('API_KEYS'), API_JWT_ISSUER: 'https://issuer.example.com/', API_JWT_AUDIENCE: 'mfa-api' };
    expect(loadConfig(env, 'api').api).toMatchObject({
      keys: [],
      jwt: { issuer: 'https://issuer.example.com/', audience: 'mfa-api' },
    });
  });

  test.each([
    ['API_JWT_ISSUER', 'https://issuer.example.com/', 'API_JWT_AUDIENCE'],
    ['API_JWT_AUDIENCE', 'mfa-api', 'API_JWT_ISSUER'],
  ])('%s alone is refused', (name, value, other) => {
    expect(faults({ ...complete, [name]: value })).toEqual([`${other}: expected to be set together with ${name}`]);
  });

  describe('the support desk', () => {
    const issuer = { API_JWT_ISSUER: 'https://issuer.example.com/', API_JWT_AUDIENCE: 'mfa-api' };

    test('signs staff in at the issuer whose tokens the API takes', () => {
      const { desk, temporalUiUrl } = loadConfig(
        {
          ...complete,
          ...issuer,
          DESK_CLIENT_ID: 'desk',
          DESK_CLIENT_SECRET: 's3cret',
          TEMPORAL_UI_URL: 'https://temporal.example.com/',
        },
        'api',
      ).api;
      expect(desk).toMatchObject({ issuer: issuer.API_JWT_ISSUER, audience: 'mfa-api', clientId: 'desk' });
      expect(desk?.clientSecret?.reveal()).toBe('s3cret');
      expect(temporalUiUrl).toBe('https://temporal.example.com');
    });

    test('is not there without its application', () => {
      expect(loadConfig({ ...complete, ...issuer, DESK_CLIENT_SECRET: 's3cret' }, 'api').api.desk).toBeUndefined();
    });

    test('needs an issuer', () => {
      expect(faults({ ...complete, DESK_CLIENT_ID: 'desk' })).toEqual([
        'API_JWT_ISSUER: expected to be set together with DESK_CLIENT_ID: staff sign in there',
      ]);
    });

    test.each(['temporal', 'javascript:alert(1)', 'https://temporal.example.com/?x=1'])(
      'TEMPORAL_UI_URL %s is refused',
      (url) => {
        expect(faults({ ...complete, TEMPORAL_UI_URL: url })).toEqual([
          expect.stringMatching(/^TEMPORAL_UI_URL: expected an /),
        ]);
      },
    );
  });

  test('without callers the API listens on a loopback host only, and says that it refuses all', () => {
    expect(faults({ ...without('API_KEYS', development), API_HOST: '0.0.0.0' })).toEqual([
      expect.stringContaining('API_HOST: expected a loopback host'),
    ]);
    expect(loadConfig(without('API_KEYS', development), 'api').warnings).toEqual([
      expect.stringContaining('refuses every call'),
    ]);
  });

  test('the public address has no final slash, and is this machine in development', () => {
    expect(loadConfig(complete, 'api').api.publicUrl).toBe('https://mfa.example.com');
    expect(loadConfig({ ...without('PUBLIC_URL', development), API_PORT: '4000' }, 'api').api.publicUrl).toBe(
      'http://localhost:4000',
    );
  });
});

describe('codec server', () => {
  const open = without('CODEC_AUTH_TOKEN', development);

  test('open only in development, on a loopback host, with a loud warning', () => {
    expect(loadConfig(open, 'codec-server')).toMatchObject({
      codec: { host: '127.0.0.1', port: 8081, encode: false },
      warnings: [expect.stringContaining('THE CODEC SERVER IS OPEN')],
    });
    expect(faults({ ...open, CODEC_HOST: '0.0.0.0' }, 'codec-server')).toEqual([
      expect.stringContaining('CODEC_HOST: expected a loopback host'),
    ]);
    expect(faults({ ...open, NODE_ENV: 'production' }, 'codec-server')).toEqual([
      expect.stringContaining('CODEC_AUTH_TOKEN: expected callers to be authenticated'),
    ]);
  });

  test('a token too short to be unguessable is refused', () => {
    expect(faults({ ...complete, CODEC_AUTH_TOKEN: 'short' }, 'codec-server')).toEqual([
      expect.stringContaining('CODEC_AUTH_TOKEN: expected at least 22'),
    ]);
  });

  test('a token issuer may name the scope it must grant', () => {
    const env = {
      ...without('CODEC_AUTH_TOKEN'),
      CODEC_JWT_ISSUER: 'https://login.example.com/',
      CODEC_JWT_AUDIENCE: 'temporal-ui',
      CODEC_JWT_SCOPE: 'payloads:decode',
    };
    expect(loadConfig(env, 'codec-server').codec.jwt).toEqual({
      issuer: 'https://login.example.com/',
      audience: 'temporal-ui',
      scope: 'payloads:decode',
    });
  });

  test('origins are exact, and production has none of its own', () => {
    const CODEC_ALLOWED_ORIGINS = 'https://temporal.example.com, http://localhost:8233';
    expect(loadConfig({ ...complete, CODEC_ALLOWED_ORIGINS }, 'codec-server').codec.allowedOrigins).toEqual([
      'https://temporal.example.com',
      'http://localhost:8233',
    ]);
    expect(loadConfig(complete, 'codec-server').codec.allowedOrigins).toEqual([]);
  });

  test.each(['*', 'https://*.example.com', 'https://example.com/', 'example.com', 'null', 'https://a.com,'])(
    'the origin %s is refused',
    (CODEC_ALLOWED_ORIGINS) => {
      expect(faults({ ...complete, CODEC_ALLOWED_ORIGINS }, 'codec-server')).toEqual([
        expect.stringContaining('CODEC_ALLOWED_ORIGINS: expected exact origins'),
      ]);
    },
  );
});

describe('ID_KEYS_PREVIOUS', () => {
  const [first, second] = [key(), key()];
  const read = (ID_KEYS_PREVIOUS: string) =>
    loadConfig({ ...complete, ID_KEYS_PREVIOUS }, 'api').previousIdKeys.map((each) => each.export().toString('base64'));

  test('it is a list of keys, with commas or as JSON, and none when absent', () => {
    expect(read(`${first}, ${second}`)).toEqual([first, second]);
    expect(read(JSON.stringify([first, second]))).toEqual([first, second]);
    expect(loadConfig(complete, 'api').previousIdKeys).toEqual([]);
  });

  test.each([
    ['a key that is none', `${first},short`, 'ID_KEYS_PREVIOUS[1]: expected base64 of exactly 32 bytes'],
    ['JSON that is none', '[1', 'ID_KEYS_PREVIOUS: expected keys as ID_KEY has one'],
    ['a key twice', `${first},${first}`, 'ID_KEYS_PREVIOUS: expected keys that differ'],
    ['the key that holds now', complete.ID_KEY, 'ID_KEYS_PREVIOUS: expected keys that differ'],
    ['a key with a pattern', Buffer.alloc(32).toString('base64'), 'ID_KEYS_PREVIOUS[0]: expected 32 random bytes'],
  ])('%s is a fault that shows no key', (_what, ID_KEYS_PREVIOUS, expected) => {
    const found = faults({ ...complete, ID_KEYS_PREVIOUS });
    expect(found).toEqual([expect.stringContaining(expected)]);
    expect(found.join()).not.toContain(first);
  });
});

describe('PHONE_COUNTRIES', () => {
  const read = (PHONE_COUNTRIES?: string) => loadConfig({ ...complete, PHONE_COUNTRIES }, 'api').api.phoneCountries;

  test('it is a list of country codes, each once, and all countries when absent', () => {
    expect(read('US, DE,US')).toEqual(['DE', 'US']);
    expect(read()).toBeUndefined();
  });

  test.each(['de', 'DEU', 'DE;US', 'DE,', 'UK', 'XX'])('%s is a fault', (PHONE_COUNTRIES) => {
    expect(faults({ ...complete, PHONE_COUNTRIES })).toEqual([
      'PHONE_COUNTRIES: expected ISO 3166-1 alpha-2 codes such as DE,US, separated by commas',
    ]);
  });
});

describe('the limits of texts', () => {
  const read = (env: NodeJS.ProcessEnv) => loadConfig({ ...complete, ...env }, 'worker').sendingLimits;

  test('there are some unless somebody says that there are none', () => {
    expect(read({})).toEqual({ textsPerNumber: 10, textsPerCaller: 10_000 });
    expect(read({ TEXTS_PER_NUMBER_PER_DAY: '3', TEXTS_PER_CALLER_PER_DAY: 'unlimited' })).toEqual({
      textsPerNumber: 3,
    });
  });

  test.each(['0', '-1', '1.5', 'none', '10000000'])('%s is a fault', (TEXTS_PER_NUMBER_PER_DAY) => {
    expect(faults({ ...complete, TEXTS_PER_NUMBER_PER_DAY }, 'worker')).toEqual([
      'TEXTS_PER_NUMBER_PER_DAY: expected a whole number from 1 to 9999999, or unlimited',
    ]);
  });
});

describe('calls to Auth0', () => {
  const read = (env: NodeJS.ProcessEnv) => loadConfig({ ...complete, ...env }, 'worker').auth0Calls;

  test('have no limit unless somebody says which', () => {
    expect(read({})).toEqual({});
    expect(read({ AUTH0_CALLS_PER_SECOND: 'unlimited' })).toEqual({});
    expect(read({ AUTH0_CALLS_PER_SECOND: '0.5' })).toEqual({ callsPerSecond: 0.5 });
    expect(read({ AUTH0_CALLS_PER_SECOND: '80', AUTH0_CALLS_BURST: '100' })).toEqual({
      callsPerSecond: 80,
      callsBurst: 100,
    });
  });

  test.each(['0', '0.0', '-1', '1e3', 'none', '100000'])('%s a second is a fault', (AUTH0_CALLS_PER_SECOND) => {
    expect(faults({ ...complete, AUTH0_CALLS_PER_SECOND }, 'worker')).toEqual([
      'AUTH0_CALLS_PER_SECOND: expected a number above 0 and up to 99999 such as 5 or 0.5, or unlimited',
    ]);
  });

  test('a burst without a rate is a fault, and so is one that is no whole number', () => {
    expect(faults({ ...complete, AUTH0_CALLS_BURST: '10' }, 'worker')).toEqual([
      'AUTH0_CALLS_PER_SECOND: expected a number together with AUTH0_CALLS_BURST',
    ]);
    expect(faults({ ...complete, AUTH0_CALLS_PER_SECOND: '5', AUTH0_CALLS_BURST: '0' }, 'worker')).toEqual([
      'AUTH0_CALLS_BURST: expected a whole number from 1 to 999999',
    ]);
  });
});

function written(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('the version of a worker', () => {
  const on = { ...complete, TEMPORAL_WORKER_VERSIONING: 'true', TEMPORAL_WORKER_BUILD_ID: '0.2.0-1f2e3d' };

  test('is none unless it is asked for, even where it has a name', () => {
    expect(loadConfig({ ...on, TEMPORAL_WORKER_VERSIONING: '' }, 'worker')).not.toHaveProperty('version');
  });

  test('is the deployment and the build id that are given', () => {
    const { version } = loadConfig(on, 'worker');
    expect(version).toEqual({ deploymentName: 'mfa-enrollment', buildId: '0.2.0-1f2e3d' });
    const ofController = { ...on, TEMPORAL_DEPLOYMENT_NAME: 'default/mfa', TEMPORAL_WORKER_BUILD_ID: 'v2-abcd' };
    expect(loadConfig(ofController, 'worker').version).toEqual({ deploymentName: 'default/mfa', buildId: 'v2-abcd' });
  });

  test.each([
    ['TEMPORAL_WORKER_BUILD_ID', ''], // the sources have none of their own
    ['TEMPORAL_WORKER_BUILD_ID', 'a:b'],
    ['TEMPORAL_DEPLOYMENT_NAME', 'mfa.enrollment'],
    ['TEMPORAL_WORKER_VERSIONING', 'yes'],
  ])('%s is not "%s"', (name, value) => {
    expect(faults({ ...on, [name]: value }, 'worker')).toEqual([expect.stringMatching(`^${name}: expected `)]);
  });
});
