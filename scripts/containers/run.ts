import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDemo } from '../demo/enrollment';
import type { Narrator } from '../demo/narrator';
import { answers } from '../stack/service';
import type { DesklessStack } from '../stack/stack-file';
import {
  foreignImages,
  nodeImageOf,
  overrides,
  profile,
  readCompose,
  startOrder,
  type ComposeFile,
} from './compose-file';
import { createPodman, type Podman } from './podman';
import { imageOrStandIn } from './stand-ins';

const project = 'mfa-containers';
const clientId = 'mfa-enrollment-compose';

export interface ContainerRun {
  /** The repository. */
  readonly root: string;
  readonly narrator: Narrator;
  readonly interrupted: Promise<'interrupted'>;
  /** Leave the containers up until the person at the terminal ends it. */
  readonly keep: boolean;
  /** Otherwise our images are those of the run before. */
  readonly build: boolean;
}

/** Builds, starts, enrolls one user while containers are killed, and takes everything down. Throws with the reason when anything fails. */
export async function runContainers({ root, narrator, interrupted, keep, ...options }: ContainerRun): Promise<void> {
  const folder = join(root, '.run/containers');
  rmSync(folder, { recursive: true, force: true });
  const composePath = join(root, 'docker-compose.yml');
  const compose = readCompose(readFileSync(composePath, 'utf8'));
  const nodeImage = nodeImageOf(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const overridesFile = join(folder, 'docker-compose.overrides.json');
  const podman = createPodman(folder, {
    name: project,
    folder: root,
    files: [composePath, overridesFile],
    envFile: join(root, 'deploy/emulator.env'),
    profile,
  });
  const say = (line: string): void => narrator.step(line);

  narrator.title('Images');
  const images = new Map<string, string>();
  for (const image of foreignImages(compose, nodeImage))
    images.set(image, await imageOrStandIn(image, { podman, say }));
  const keys = makeSecrets(root, folder);
  writeFileSync(overridesFile, overrides(compose, images, nodeImage, join(folder, 'secrets')));
  await takeDown(podman); // what a run that was ended hard has left
  if (options.build) await build(compose, podman, images.get(nodeImage) ?? nodeImage, say);

  try {
    narrator.title('docker-compose.yml starts, with the emulator');
    for (const name of startOrder(compose)) await start(name, compose, podman, say);
    const enrolled = runDemo(
      stackOf(keys, readFileSync(join(folder, 'secrets/auth0_client_secret'), 'utf8')),
      narrator,
      {
        beforeBindingCode: () => crash('worker', podman, narrator),
        beforeOtp: () => crash('api', podman, narrator),
      },
    );
    if ((await Promise.race([enrolled, interrupted])) === 'interrupted') throw new Error('Interrupted.');
    await checkRestraints(compose, podman, narrator);
    if (keep) {
      narrator.title(`The containers stay up: Ctrl-C takes them down. Secrets and log are in ${folder}`);
      for (const [role, key] of Object.entries(keys)) narrator.detail(`key of ${role}: ${key}`);
      await interrupted;
    }
  } catch (error) {
    for (const name of Object.keys(compose.services)) await lastWords(name, podman);
    throw error;
  } finally {
    narrator.title('Everything is taken down');
    await takeDown(podman);
    rmSync(join(folder, 'secrets'), { recursive: true, force: true });
  }
}

/** What deploy/make-secrets.sh makes, in a folder of this run's own. Returns the API keys that it shows. */
function makeSecrets(root: string, folder: string) {
  const script = join(folder, 'deploy/make-secrets.sh');
  mkdirSync(join(folder, 'deploy'), { recursive: true });
  copyFileSync(join(root, 'deploy/make-secrets.sh'), script);
  const shown = execFileSync('sh', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const key = (role: string): string => new RegExp(`mfa_${role}_[\\w-]{43}`).exec(shown)?.[0] ?? '';
  return { onboarding: key('onboarding'), support: key('support'), ops: key('ops') };
}

async function build(compose: ComposeFile, podman: Podman, base: string, say: (line: string) => void): Promise<void> {
  const megabytes = async (image: string): Promise<number> =>
    Math.round(Number(await podman.podman(['image', 'inspect', '--format', '{{.Size}}', image])) / 1e6);
  const ours = new Map(
    Object.entries(compose.services).flatMap(([name, { image, build }]) =>
      build === undefined ? [] : [[image, name]],
    ),
  );
  for (const [image, service] of ours) {
    await podman.compose(['build', service], 1_800);
    const whole = await megabytes(image);
    const below = await megabytes(base);
    say(`${image}: ${whole} MB, of which ${below} MB are its base image`);
  }
}

/** podman-compose takes no container down that is just being started again, so these go first. */
async function takeDown(podman: Podman): Promise<void> {
  const label = `label=io.podman.compose.project=${project}`;
  const containers = (await podman.podman(['ps', '--all', '--quiet', '--filter', label])).split('\n').filter(Boolean);
  if (containers.length > 0) await podman.podman(['rm', '--force', '--time', '40', ...containers], 300);
  await podman.compose(['down', '--volumes'], 300);
}

const containerOf = (service: string): string => `${project}_${service}_1`;

/**
 * Starts one service, and waits until it is what others wait for: ended well or healthy. Podman before 4.6 does not wait by itself, and
 * without systemd it does not run health checks by itself either: so both are done here, with the health check of docker-compose.yml.
 */
async function start(name: string, compose: ComposeFile, podman: Podman, say: (line: string) => void): Promise<void> {
  await podman.compose(['up', '--detach', '--no-build', '--no-deps', name], 180);
  if (compose.services[name]?.healthcheck !== undefined) {
    await becomesHealthy(name, podman);
    say(`${name} is healthy`);
    return;
  }
  const code = (await podman.podman(['wait', containerOf(name)], 240)).trim();
  if (code !== '0') throw new Error(`${name} ended with code ${code}; ${await lastWords(name, podman)}`);
  say(`${name} has ended well`);
}

async function becomesHealthy(name: string, podman: Podman): Promise<void> {
  for (const end = Date.now() + 240_000; Date.now() < end; await sleep(1_000))
    if (await podman.holds(['healthcheck', 'run', containerOf(name)])) return;
  throw new Error(`${name} is not healthy after 4 minutes; ${await lastWords(name, podman)}`);
}

async function lastWords(name: string, podman: Podman): Promise<string> {
  await podman.holds(['logs', '--tail', '50', containerOf(name)]);
  return `its last lines are in ${podman.log}`;
}

/** Ends a container's first process as a crash would, and sees that its restart policy brings it back. */
async function crash(name: string, podman: Podman, narrator: Narrator): Promise<void> {
  const pid = await pidOf(name, podman);
  process.kill(pid, 'SIGKILL');
  narrator.title(`The container ${name} is killed`);
  for (const end = Date.now() + 60_000; ; await sleep(200)) {
    if (![0, pid].includes(await pidOf(name, podman))) break;
    if (Date.now() > end) throw new Error(`${name} was not started again within a minute`);
  }
  narrator.step(`${name} is started again by its restart policy`);
  await becomesHealthy(name, podman);
  narrator.step(`${name} is healthy again`);
}

const pidOf = async (name: string, podman: Podman): Promise<number> =>
  Number(await podman.podman(['inspect', '--format', '{{.State.Pid}}', containerOf(name)]));

/** Looks from inside of each container: nobody is root, and nothing can be written but what is mounted to be. */
async function checkRestraints(compose: ComposeFile, podman: Podman, narrator: Narrator): Promise<void> {
  narrator.title('Inside the containers');
  for (const name of Object.keys(compose.services).filter((service) => !service.startsWith('set-up-'))) {
    const user = (await podman.podman(['exec', containerOf(name), 'id', '-u'])).trim();
    if (user === '0') throw new Error(`${name} runs as root`);
    const writable = await podman.holds(['exec', containerOf(name), 'sh', '-c', ': > /etc/written || : > /written']);
    if (writable) throw new Error(`The root file system of ${name} can be written`);
    const capabilities = await podman.podman(['exec', containerOf(name), 'grep', '^CapEff', '/proc/1/status']);
    if (!/^CapEff:\s*0+$/m.test(capabilities)) throw new Error(`${name} has capabilities: ${capabilities.trim()}`);
    narrator.step(`${name}: user ${user}, no capabilities, a root file system that cannot be written`);
  }
  if (!(await answers('http://127.0.0.1:8233/'))) throw new Error('The web interface of Temporal does not answer');
  // Whoever is not signed in gets a page that says so, with 401; without a desk it would be 404.
  const { status } = await fetch('http://127.0.0.1:3000/desk', { redirect: 'manual' });
  if (status !== 401) throw new Error(`The support desk answered ${status}`);
  narrator.step('the web interface of Temporal and the support desk answer');
}

/** Where docker-compose.yml publishes the parts. */
const stackOf = (keys: DesklessStack['keys'], clientSecret: string): DesklessStack => ({
  api: 'http://127.0.0.1:3000',
  page: 'http://127.0.0.1:3000/',
  temporal: '127.0.0.1:7233',
  temporalUi: 'http://127.0.0.1:8233',
  emulator: 'https://127.0.0.1:8400',
  emulatorControl: 'http://127.0.0.1:8401',
  codecServer: 'http://127.0.0.1:8081',
  apiHealth: 'http://127.0.0.1:9091',
  keys,
  clientId,
  clientSecret,
  taskQueue: 'mfa-enrollment',
  namespace: 'default',
});
