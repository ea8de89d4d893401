import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { toolPath } from '../stack/tools';
import { run } from './command';
import type { Podman } from './podman';

/** A base image as the Dockerfile or docker-compose.yml names it: `name:version@sha256:…`. */
const reference = /^(?<name>[\w./-]+):(?<version>[\w.-]+)@sha256:[0-9a-f]{64}$/;

/** Puts into `folder` what a Containerfile copies. */
type Gather = (folder: string, version: string, context: Context) => Promise<void>;

interface Context {
  readonly podman: Podman;
  readonly say: (line: string) => void;
}

const npmVersion = '10.9.4';
const debian = 'localhost/stand-in/debian:bookworm';
const containerfiles = join(__dirname, 'stand-ins');

/** What stands for which image, by the image's name. */
const makers: Readonly<Record<string, { readonly containerfile: string; readonly gather: Gather }>> = {
  node: { containerfile: 'node', gather: gatherNode },
  postgres: {
    containerfile: 'postgres',
    gather: async (folder) => copyFileSync(join(containerfiles, 'postgres.sh'), join(folder, 'entrypoint.sh')),
  },
  'temporalio/server': { containerfile: 'server', gather: gatherServer },
  'temporalio/admin-tools': { containerfile: 'admin-tools', gather: gatherAdminTools },
  'temporalio/ui': { containerfile: 'ui', gather: gatherUi },
};

/**
 * The image to use for `image`: itself where it can be pulled, else one that is made of packages to stand for it, and is kept. Says which.
 *
 * @throws Error where nothing stands for it, or what a stand-in needs is not installed: debootstrap, Go
 */
export async function imageOrStandIn(image: string, context: Context): Promise<string> {
  const { podman, say } = context;
  const { name = '', version = '' } = reference.exec(image)?.groups ?? {};
  if ((await podman.holds(['image', 'exists', image])) || (await podman.holds(['pull', '--quiet', image], 900))) {
    say(`${name}:${version}: the image itself`);
    return image;
  }
  const maker = makers[name];
  if (maker === undefined) throw new Error(`${image} cannot be pulled, and nothing stands for it`);
  const standIn = `localhost/stand-in/${name}:${version}`;
  if (!(await podman.holds(['image', 'exists', standIn]))) {
    await makeDebian(context);
    await inFolder(async (folder) => {
      await maker.gather(folder, version, context);
      const file = join(containerfiles, `${maker.containerfile}.Containerfile`);
      await podman.podman(
        ['build', '--pull-never', '--format', 'docker', '--file', file, '--tag', standIn, folder],
        1_800,
      );
    });
  }
  say(`${name}:${version}: cannot be pulled here; ${standIn} stands for it`);
  return standIn;
}

/** `nc -z HOST PORT`, the only program of the upstream images' busybox that Debian's lacks: some health checks are made by it. */
const probe = '#!/bin/bash\nexec 3<> "/dev/tcp/$2/$3"\n';

/** A small Debian made of its packages: what the official images build on, as far as this project can tell them apart. */
async function makeDebian({ podman }: Context): Promise<void> {
  if (await podman.holds(['image', 'exists', debian])) return;
  await inFolder(async (folder) => {
    const root = join(folder, 'root');
    const args = ['--variant=minbase', '--include=ca-certificates,busybox', 'bookworm', root];
    await run({ program: 'debootstrap', args, log: podman.log, seconds: 1_800 });
    rmSync(join(root, 'var/cache/apt/archives'), { recursive: true, force: true });
    const nc = join(root, 'usr/bin/nc');
    writeFileSync(nc, probe);
    chmodSync(nc, 0o755);
    // A network that reads TLS has an authority of its own, and npm must know it in the build too.
    const authority = process.env['NODE_EXTRA_CA_CERTS'];
    const changes = authority === undefined ? [] : ['--change', 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/build-ca.pem'];
    if (authority !== undefined) copyFileSync(authority, join(root, 'etc/ssl/build-ca.pem'));
    const archive = join(folder, 'root.tar');
    await run({ program: 'tar', args: ['-C', root, '-cf', archive, '.'], log: podman.log, seconds: 300 });
    await podman.podman(['import', ...changes, archive, debian], 300);
  });
}

async function gatherNode(folder: string, version: string, { podman }: Context): Promise<void> {
  const packages = [`node-linux-${process.arch}@${version.replace(/-.*$/, '')}`, `npm@${npmVersion}`];
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-save', ...packages];
  await run({ program: 'npm', args, log: podman.log, seconds: 600 });
  const modules = join(folder, 'node_modules');
  for (const place of ['bin', 'lib/node_modules']) mkdirSync(join(folder, 'local', place), { recursive: true });
  copyFileSync(join(modules, `node-linux-${process.arch}/bin/node`), join(folder, 'local/bin/node'));
  chmodSync(join(folder, 'local/bin/node'), 0o755);
  cpSync(join(modules, 'npm'), join(folder, 'local/lib/node_modules/npm'), { recursive: true });
}

const serverModule = 'go.temporal.io/server';

async function gatherServer(folder: string, version: string, context: Context): Promise<void> {
  await install(`${serverModule}/cmd/server`, version, 'temporal-server', folder, context);
  const sources = await sourcesOf(serverModule, version, context);
  takeFile(join(sources, 'docker/scripts/sh/entrypoint.sh'), join(folder, 'entrypoint.sh'), 0o755);
}

async function gatherAdminTools(folder: string, version: string, context: Context): Promise<void> {
  await install(`${serverModule}/cmd/tools/sql`, version, 'temporal-sql-tool', folder, context);
  const sources = await sourcesOf(serverModule, version, context);
  cpSync(join(sources, 'schema/postgresql'), join(folder, 'schema/postgresql'), { recursive: true });
  takeFile(toolPath('temporal'), join(folder, 'temporal'), 0o755);
}

const uiModule = 'github.com/temporalio/ui-server/v2';

async function gatherUi(folder: string, version: string, context: Context): Promise<void> {
  await install(`${uiModule}/cmd/server`, version, 'ui-server', folder, context);
  const sources = await sourcesOf(uiModule, version, context);
  takeFile(join(sources, 'config/docker.yaml'), join(folder, 'docker.yaml'), 0o644);
  takeFile(join(sources, 'docker/start-ui-server.sh'), join(folder, 'start-ui-server.sh'), 0o755);
}

/** Builds a Go program from its published sources, for which Go's checksum database vouches, and puts it into `folder` as `name`. */
async function install(command: string, version: string, name: string, folder: string, context: Context) {
  context.say(`builds ${name} ${version} from source (minutes)`);
  const bin = join(folder, 'gobin');
  const env = { ...process.env, GOBIN: bin, CGO_ENABLED: '0' };
  const args = ['install', '-trimpath', '-ldflags=-s -w', `${command}@v${version}`];
  await run({ program: 'go', args, env, log: context.podman.log, seconds: 2_400 });
  takeFile(join(bin, command.split('/').at(-1) ?? ''), join(folder, name), 0o755);
  rmSync(bin, { recursive: true });
}

async function sourcesOf(module: string, version: string, { podman }: Context): Promise<string> {
  const args = ['mod', 'download', '-json', `${module}@v${version}`];
  const told = await run({ program: 'go', args, cwd: tmpdir(), log: podman.log, seconds: 600 });
  return z.object({ Dir: z.string() }).parse(JSON.parse(told)).Dir;
}

/** Go keeps its sources read-only: what is taken from there gets a mode of its own. */
function takeFile(from: string, to: string, mode: number): void {
  copyFileSync(from, to);
  chmodSync(to, mode);
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-stand-in-'));
  try {
    await work(folder);
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
