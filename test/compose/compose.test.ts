import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020';
import { SearchAttributeType } from '@temporalio/common';
import { z } from 'zod';
import { apiAudience, tenantSetup } from '../../scripts/stack/desk';
import { loadConfig } from '../../src/config';
import { shutdownGraceMs } from '../../src/worker/create';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { makeSecrets } from '../scripts/production-copy';
import { configFaults, variablesReadBy, variablesReadByEmulator } from '../support/variables';
import { composeDocument, composeText, readComposeFile } from './compose-file';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = readComposeFile({ AUTH0_DOMAIN: 'tenant.eu.auth0.com', AUTH0_CLIENT_ID: 'client' });
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

describe("the Compose Specification's schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(read('test/compose/compose-spec.json')));

  test('accepts the file', () => {
    expect([validate(composeDocument()), validate.errors]).toEqual([true, null]);
  });

  test.each([
    ['an unknown condition', 'service_completed_successfully', 'service_done'],
    ['an unknown field', 'stop_grace_period', 'stop_grace'],
    ['a healthcheck that is no list of strings', 'test: [CMD, nc,', 'test: [{ a: 1 },'],
  ])('would refuse %s', (_what, good, bad) => {
    expect(validate(composeDocument(composeText.replace(good, bad)))).toBe(false);
  });
});

test('every published port is on loopback, and none twice', () => {
  const ports = services.flatMap(([, service]) => service.ports);
  expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
  expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
});

/** The stages of the Dockerfile: what each builds on, its name, and its instructions. */
const stages = read('Dockerfile')
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((text) => {
    const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)$/m.exec(text) ?? [];
    return { from, name, text };
  });

test('every image that comes from a registry is pinned by version and by content', () => {
  const argument = /^ARG NODE_IMAGE=(\S+)$/m.exec(read('Dockerfile'))?.[1] ?? '';
  const names = stages.map(({ name }) => name);
  const bases = stages.map(({ from }) => (from === '${NODE_IMAGE}' ? argument : from));
  const foreign = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);
  const images = [...foreign, ...bases.filter((image) => !names.includes(image))];
  expect(images.length).toBeGreaterThan(5);
  expect(images.filter((image) => !/:v?\d+(\.\d+)+(-[a-z-]+)?@sha256:[0-9a-f]{64}$/.test(image))).toEqual([]);
});

describe('the production image', () => {
  const production = stages.at(-1);

  test('is what a build makes when no stage is named', () => {
    expect(production?.name).toBe('production');
  });

  test('has the packages of production, and neither the emulator nor a stage that has it', () => {
    const sources = [...(production?.text ?? '').matchAll(/--from=(\S+) (\S+)/g)].map(([, from, path]) => [from, path]);
    expect(sources).toEqual([
      ['production-packages', '/app/node_modules'],
      ['build', '/app/dist'],
    ]);
    expect(stages.find(({ name }) => name === 'build')?.text).toContain('npm run build && mv dist/emulator /emulator');
    expect(stages.find(({ name }) => name === 'production-packages')?.text).toContain(
      'npm ci --ignore-scripts --omit=dev && node scripts/production-packages.mjs .',
    );
    expect(stages.find(({ name }) => name === production?.from)?.text).not.toContain('--from=');
  });

  test('of the emulator has its own packages alone', () => {
    expect(stages.find(({ name }) => name === 'emulator-packages')?.text).toContain(
      'node scripts/emulator-packages.mjs . /emulator',
    );
    const emulator = stages.find(({ name }) => name === 'emulator');
    expect(emulator?.text).toContain('--from=emulator-packages /app/node_modules ./node_modules');
    expect(emulator?.from).toBe(production?.from);
  });

  test('is the image of worker, API and codec server; the emulator has another one', () => {
    const targets = Object.fromEntries(
      ours.map(([name, { image, build }]) => [name, `${image} ${build?.target ?? ''}`]),
    );
    const image = 'mfa-enrollment:0.1.0 production';
    expect(targets).toEqual({
      worker: image,
      api: image,
      'codec-server': image,
      emulator: 'mfa-enrollment-emulator:0.1.0 emulator',
    });
  });
});

test('every file that the Dockerfile copies from here is here', () => {
  const sources = stages.flatMap(({ text }) =>
    [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' ')),
  );
  expect(sources).toContain('scripts/production-packages.mjs');
  expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('the server and its tools are of one version', () => {
  const versions = services.flatMap(
    ([, { image }]) => /^temporalio\/(?:server|admin-tools):([\d.]+)@/.exec(image)?.[1] ?? [],
  );
  expect(versions).toHaveLength(3);
  expect(new Set(versions).size).toBe(1);
});

test('every dependency names a service, and one that it waits for healthy has a healthcheck', () => {
  for (const [name, { depends_on: dependencies }] of services) {
    for (const [other, { condition }] of Object.entries(dependencies)) {
      const found = compose.services[other];
      expect([name, other, found !== undefined]).toEqual([name, other, true]);
      if (condition === 'service_healthy') expect([other, found?.healthcheck]).not.toEqual([other, undefined]);
    }
  }
});

test('every set-up is waited for to its end, and nothing else is: `up --wait` takes any other exit for a failure', () => {
  const ends = services.flatMap(([, { depends_on: dependencies }]) =>
    Object.entries(dependencies).flatMap(([other, { condition }]) =>
      condition === 'service_completed_successfully' ? [other] : [],
    ),
  );
  expect([...new Set(ends)].sort()).toEqual(
    Object.keys(compose.services)
      .filter((name) => name.startsWith('set-up-'))
      .sort(),
  );
});

test('every service starts again by itself, and runs without capabilities on a file system it cannot write', () => {
  for (const [name, service] of services) {
    const once = name.startsWith('set-up-');
    expect([name, service.restart]).toEqual([name, once ? 'on-failure:3' : 'unless-stopped']);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    if (!once) expect([name, typeof service.healthcheck]).toEqual([name, 'object']);
  }
});

describe('secrets', () => {
  test('no variable holds one: it holds the path of its file', () => {
    const named = /KEY|SECRET|TOKEN|PASSWORD|PWD/;
    const plain = [
      'PAYLOAD_ACTIVE_KEY_ID',
      'TEMPORAL_CODEC_PASS_ACCESS_TOKEN',
      'CODEC_REVEAL_SECRETS',
      'AUTH0_OPAQUE_TOKENS',
    ];
    const found = services.flatMap(([service, { environment, secrets }]) =>
      Object.entries(environment)
        .filter(([name]) => named.test(name) && !plain.includes(name))
        .filter(([name, value]) => !(name.endsWith('_FILE') && secrets.includes(value.replace('/run/secrets/', ''))))
        .map(([name]) => `${service}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  test('no value looks like a key', () => {
    const values = services.flatMap(([, { environment }]) => Object.values(environment));
    expect(
      values.filter((value) => /[A-Za-z0-9+_-]{24,}|BEGIN /.test(value.replace('--max-old-space-size', ''))),
    ).toEqual([]);
  });

  test('each is a file of secrets/, which goes neither into git nor into the image, and make-secrets.sh makes it', () => {
    const used = new Set(services.flatMap(([, { secrets }]) => secrets));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./secrets/${name}`);
      expect(read('deploy/make-secrets.sh')).toContain(`put ${name} "`);
    }
    expect(read('.gitignore').split('\n')).toContain('/secrets/');
    expect(read('.dockerignore').split('\n')).toContain('secrets');
  });
});

describe('what make-secrets.sh makes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-compose-'));
  makeSecrets(folder);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const environmentOf = (role: string) =>
    Object.fromEntries(
      Object.entries(compose.services[role]?.environment ?? {}).map(([name, value]) => [
        name,
        value.replace('/run/secrets/', `${folder}/secrets/`),
      ]),
    );

  test.each(['worker', 'api', 'codec-server'] as const)('is all that the %s still needs to start', (role) => {
    expect(configFaults(environmentOf(role), role)).toEqual([]);
  });

  test('lets staff sign in at the emulator to the support desk of the API', () => {
    const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8');
    const made: unknown = JSON.parse(secret('emulator_setup'));
    const { users } = z.object({ users: z.array(z.object({ email: z.string(), password: z.string() })) }).parse(made);
    const passwordOf = (email: string) => users.find((user) => user.email === email)?.password ?? '';
    const variables = Object.fromEntries(
      [...read('deploy/emulator.env').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const { PUBLIC_URL = '', ...api } = readComposeFile(variables).services['api']?.environment ?? {};
    const desk = {
      clientId: api['DESK_CLIENT_ID'] ?? '',
      clientSecret: secret('desk_client_secret'),
      support: passwordOf('support@example.com'),
      ops: passwordOf('ops@example.com'),
    };
    expect(made).toEqual(tenantSetup(PUBLIC_URL, { desk }));
    expect([desk.support.length, desk.ops.length, desk.clientId]).toEqual([16, 16, 'mfa-desk-compose']);
    const issuer = compose.services['emulator']?.environment['EMULATOR_PUBLIC_URL'];
    expect(api).toMatchObject({ API_JWT_ISSUER: `${issuer ?? ''}/`, API_JWT_AUDIENCE: apiAudience });
  });

  test('lets support and ops say which person acts, and nobody else', () => {
    const { keys } = loadConfig(environmentOf('api'), 'api').api;
    expect(keys.map(({ name, namesPersons = false }) => [name, namesPersons])).toEqual([
      ['onboarding', false],
      ['support', true],
      ['ops', true],
    ]);
  });
});

describe('our own processes', () => {
  const nodes = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];
  const entries = {
    worker: 'dist/src/worker.js',
    api: 'dist/src/api/main.js',
    'codec-server': 'dist/src/codec-server/main.js',
  } as const;

  test.each(['worker', 'api', 'codec-server'] as const)('%s is given only variables that it reads', (role) => {
    const known = variablesReadBy(role);
    const strange = Object.keys(compose.services[role]?.environment ?? {}).filter(
      (name) => !known.has(name) && !nodes.includes(name),
    );
    expect(strange).toEqual([]);
  });

  test.each(['worker', 'api', 'codec-server'] as const)(
    '%s can be set up in all that makes sense in a container',
    (role) => {
      const given = Object.keys(compose.services[role]?.environment ?? {});
      // Refused in production; of a server elsewhere; where health answers, which only the container itself asks; and for workers of two versions
      // side by side, which compose has not: it replaces its one worker.
      const left =
        /^(AUTH0_BASE_URL|START_LINKS|TEMPORAL_(API_KEY|TLS.*|CONFIG_FILE|PROFILE|WORKER_.*|DEPLOYMENT_NAME)|WORKER_HEALTH_HOST)$/;
      const missing = [...variablesReadBy(role)].filter(
        (name) =>
          !name.endsWith('_FILE') && !given.includes(name) && !given.includes(`${name}_FILE`) && !left.test(name),
      );
      expect(missing).toEqual([]);
    },
  );

  test('the emulator is given only variables that it reads', () => {
    const known = variablesReadByEmulator();
    const names = Object.keys(compose.services['emulator']?.environment ?? {});
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('each is one command, run by node itself', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([...Object.keys(entries), 'emulator'].sort());
    for (const [name, entry] of Object.entries(entries)) expect(compose.services[name]?.command).toEqual([entry]);
    expect(stages.find(({ name }) => name === 'runtime')?.text).toMatch(/^USER 1000:1000$[^]*^ENTRYPOINT \["node"\]$/m);
  });

  test('the worker is given longer to end than it gives to calls under way', () => {
    const seconds = /^(\d+)s$/.exec(compose.services['worker']?.stop_grace_period ?? '')?.[1];
    expect(Number(seconds) * 1000).toBeGreaterThan(shutdownGraceMs + 5_000);
  });
});

test('the set-up of the namespace makes the search attributes that the workflow uses', () => {
  const made = [...read('deploy/temporal/set-up-namespace.sh').matchAll(/ attribute (Mfa\w+) (\w+)$/gm)];
  const types = { [SearchAttributeType.KEYWORD]: 'Keyword', [SearchAttributeType.DATETIME]: 'Datetime' };
  expect(Object.fromEntries(made.map(([, name, type]) => [name, type]))).toEqual(
    Object.fromEntries(Object.values(searchAttributes).map(({ name, type }) => [name, types[type]])),
  );
});
