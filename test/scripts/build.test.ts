import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runDemo } from '../../scripts/demo/enrollment';
import { createNarrator } from '../../scripts/demo/narrator';
import { freePorts, type Ports } from '../../scripts/stack/ports';
import { answers, createService, type Service } from '../../scripts/stack/service';
import { devServerArguments, serves } from '../../scripts/stack/temporal';
import { readComposeFile } from '../compose/compose-file';
import { temporalCliPath } from '../support/tools';
import { copyEmulator, copyForProduction, makeSecrets } from './production-copy';

const root = join(__dirname, '../..');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'mfa-build-'));
/** Not below `folder`: Node would find the packages of production there too. */
const emulatorFolder = mkdtempSync(join(tmpdir(), 'mfa-build-'));
const secrets = join(folder, 'secrets');
const secret = (name: string): string => readFileSync(join(secrets, name), 'utf8');
const at = (port: number): string => `http://127.0.0.1:${port}`;
const namespace = 'made-by-the-set-up';
const clientId = 'client-of-the-build';

let ports: Ports;
let keys: ReturnType<typeof makeSecrets>;
const services: Service[] = [];

/** The environment that docker-compose.yml gives a service, with this machine's places in place of the containers'. */
function environmentOf(name: string, places: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const variables = {
    AUTH0_DOMAIN: `localhost:${ports.emulator}`,
    AUTH0_CLIENT_ID: clientId,
    CONTAINER_CA_CERTS: join(folder, 'ca.pem'),
    TEMPORAL_NAMESPACE: namespace,
    PUBLIC_URL: at(ports.api),
  };
  const given = Object.entries(readComposeFile(variables).services[name]?.environment ?? {});
  const here = given.map(([variable, value]): [string, string] => [
    variable,
    value.replace(/^\/run\/secrets\//, `${secrets}/`),
  ]);
  return { PATH: process.env['PATH'], HOME: folder, ...Object.fromEntries<string>(here), ...places };
}

async function start(
  name: string,
  entry: string,
  env: NodeJS.ProcessEnv,
  isReady: (output: string) => Promise<boolean>,
): Promise<void> {
  const [command, ...args] = entry === '' ? temporalCommand() : [process.execPath, resolve(folder, entry)];
  const logs = join(folder, 'logs');
  const service = createService({
    name,
    run: { program: command, args },
    env,
    logs,
    isReady,
    readyWithinSeconds: 40,
    graceSeconds: 20,
  });
  services.push(service);
  await service.start();
}

const temporalCommand = (): readonly [string, ...string[]] => [
  temporalCliPath(),
  ...devServerArguments({
    port: ports.temporal,
    uiPort: ports.temporalUi,
    database: join(folder, 'dev.db'),
    codecEndpoint: at(ports.codecServer),
  }),
];

const temporalPlace = () => ({ TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`, TEMPORAL_NAMESPACE: namespace });
const setUpNamespace = () =>
  run('sh', [join(root, 'deploy/temporal/set-up-namespace.sh')], {
    env: { PATH: `${dirname(temporalCliPath())}:${process.env['PATH'] ?? ''}`, HOME: folder, ...temporalPlace() },
  });

beforeAll(async () => {
  mkdirSync(join(folder, 'logs'));
  ports = await freePorts();
  await run('npm', ['run', 'build'], { cwd: root });
  copyForProduction(folder);
  copyEmulator(emulatorFolder);
  keys = makeSecrets(folder);
  // What only a worker without a prebuilt bundle would read.
  rmSync(join(folder, 'dist/src/workflows/index.js'));

  const temporal = start('temporal', '', environmentOf('', {}), () => serves(`127.0.0.1:${ports.temporal}`));
  const emulator = {
    EMULATOR_HOST: '127.0.0.1',
    EMULATOR_PORT: String(ports.emulator),
    EMULATOR_CONTROL_PORT: String(ports.emulatorControl),
    EMULATOR_PUBLIC_URL: `https://localhost:${ports.emulator}`,
    EMULATOR_CA_FILE: join(folder, 'ca.pem'),
    EMULATOR_CLIENT_SECRET: secret('auth0_client_secret'),
  };
  const codec = { CODEC_HOST: '127.0.0.1', CODEC_PORT: String(ports.codecServer) };
  await Promise.all([
    temporal.then(setUpNamespace),
    start('emulator', join(emulatorFolder, 'dist/emulator/main.js'), environmentOf('emulator', emulator), () =>
      answers(`${at(ports.emulatorControl)}/health`),
    ),
    start('codec-server', 'dist/src/codec-server/main.js', environmentOf('codec-server', codec), () =>
      answers(`${at(ports.codecServer)}/health/live`),
    ),
  ]);
  const worker = { ...temporalPlace(), WORKER_HEALTH_PORT: String(ports.workerHealth) };
  const api = {
    ...temporalPlace(),
    API_HOST: '127.0.0.1',
    API_PORT: String(ports.api),
    HEALTH_PORT: String(ports.apiHealth),
  };
  await Promise.all([
    start('worker', 'dist/src/worker.js', environmentOf('worker', worker), () =>
      answers(`${at(ports.workerHealth)}/health/ready`),
    ),
    start('api', 'dist/src/api/main.js', environmentOf('api', api), () =>
      answers(`${at(ports.apiHealth)}/health/ready`),
    ),
  ]);
}, 300_000);

afterAll(async () => {
  await Promise.all(services.slice(1).map((service) => service.stop()));
  await services[0]?.stop();
  for (const made of [folder, emulatorFolder]) rmSync(made, { recursive: true, force: true });
});

const log = (name: string): string => readFileSync(join(folder, 'logs', `${name}.log`), 'utf8');

describe('the build, with production packages alone, in the environment of docker-compose.yml', () => {
  test('enrolls a user in both factors, with the prebuilt bundle', async () => {
    const told: string[] = [];
    const narrator = createNarrator((line) => told.push(line));
    await runDemo(
      {
        api: at(ports.api),
        page: `${at(ports.api)}/`,
        temporal: `127.0.0.1:${ports.temporal}`,
        temporalUi: at(ports.temporalUi),
        emulator: `https://localhost:${ports.emulator}`,
        emulatorControl: at(ports.emulatorControl),
        codecServer: at(ports.codecServer),
        apiHealth: at(ports.apiHealth),
        keys,
        clientId,
        clientSecret: secret('auth0_client_secret'),
        taskQueue: 'mfa-enrollment',
        namespace,
      },
      narrator,
    );
    expect(told.join('\n')).toContain('the tenant itself lists 2 active authenticators');
    expect(log('worker')).not.toContain('Workflow bundle created');
  });

  test('the codec server asks for the token of secrets/', async () => {
    const decode = (token: string) =>
      fetch(`${at(ports.codecServer)}/decode`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: '{"payloads": []}',
      }).then(({ status }) => status);
    expect([await decode(secret('codec_auth_token')), await decode(keys.ops)]).toEqual([200, 401]);
  });

  test('the emulator has the packages that it asks for, and none of the tools', () => {
    const has = (name: string) => [name, existsSync(join(emulatorFolder, 'node_modules', name))];
    expect(['fastify', 'jose', 'otpauth', 'zod'].map(has)).toEqual([
      ['fastify', true],
      ['jose', true],
      ['otpauth', true],
      ['zod', true],
    ]);
    expect(['jest', 'typescript', '@temporalio/worker'].map(has)).toEqual([
      ['jest', false],
      ['typescript', false],
      ['@temporalio/worker', false],
    ]);
  });

  test('the emulator serves its control page', async () => {
    const page = await fetch(`${at(ports.emulatorControl)}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });

  test('holds the OpenAPI file, and nothing of the tests or the emulator', () => {
    const described: unknown = JSON.parse(readFileSync(join(folder, 'dist/openapi.json'), 'utf8'));
    expect(described).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
    const made = ['build-id', 'openapi.json', 'src', 'workflow-bundle.js', 'workflow-bundle.versioned.js'];
    expect(readdirSync(join(folder, 'dist')).sort()).toEqual(made);
    for (const name of ['jest', 'otpauth', '@peculiar/x509'])
      expect([name, existsSync(join(folder, 'node_modules', name))]).toEqual([name, false]);
  });

  test('holds nothing that makes workflow bundles, and says so to whoever asks for one', async () => {
    for (const name of ['@swc/core', 'swc-loader', 'terser'])
      expect([name, existsSync(join(folder, 'node_modules', name))]).toEqual([name, false]);
    const bundle = `require('@temporalio/worker').bundleWorkflowCode({ workflowsPath: './workflows.js' })`;
    await expect(run(process.execPath, ['-e', bundle], { cwd: folder })).rejects.toThrow(
      'memfs is not part of the production image: it has no bundler, and its worker runs dist/workflow-bundle.js',
    );
  });

  test('of the native part it holds the one for this platform, and no file that no process reads', () => {
    const releases = join(folder, 'node_modules/@temporalio/core-bridge/releases');
    expect(readdirSync(releases)).toHaveLength(1);
    const files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.(map|d\.[cm]?ts)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /(^|\/)licen[sc]e(\.\w+)?$/i.test(file)).length).toBeGreaterThan(100);
  });

  test('no process warns at its start', () => {
    for (const name of ['worker', 'api', 'codec-server', 'emulator'])
      expect([name, log(name)]).toEqual([name, expect.not.stringMatching(/warn|"level":40/i)]);
  });
});

test('the set-up of the namespace can be run again', async () => {
  expect((await setUpNamespace()).stdout).toContain('done: search attributes in queries');
});

test('secrets are made once: another run keeps them and shows no key', () => {
  const before = readdirSync(secrets).map((name) => [name, secret(name)]);
  expect(makeSecrets(folder)).toEqual({ onboarding: '', support: '', ops: '' });
  expect(readdirSync(secrets).map((name) => [name, secret(name)])).toEqual(before);
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
});
