import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020';
import { SearchAttributeType } from '@temporalio/common';
import { shutdownGraceMs } from '../../src/worker/create';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { variablesReadBy, variablesReadByEmulator } from '../support/variables';
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

test('every image is pinned by version', () => {
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image);
  const images = [...services.map(([, { image }]) => image), ...bases.filter((image) => image !== 'base')];
  expect(images.filter((image) => !/:v?\d+(\.\d+)+(-[a-z-]+)?$/.test(image))).toEqual([]);
});

test('the server and its tools are of one version', () => {
  const versions = services.flatMap(
    ([, { image }]) => /^temporalio\/(?:server|admin-tools):(.+)$/.exec(image)?.[1] ?? [],
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
      // Refused in production; of a server elsewhere; and where health answers, which only the container itself asks.
      const left = /^(AUTH0_BASE_URL|TEMPORAL_(API_KEY|TLS.*|CONFIG_FILE|PROFILE)|WORKER_HEALTH_HOST)$/;
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

  test('each is one image and one command, run by node itself', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([...Object.keys(entries), 'emulator'].sort());
    expect(new Set(ours.map(([, { image }]) => image)).size).toBe(1);
    for (const [name, entry] of Object.entries(entries)) expect(compose.services[name]?.command).toEqual([entry]);
    expect(read('Dockerfile')).toMatch(/^USER node$[^]*^ENTRYPOINT \["node"\]$/m);
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
