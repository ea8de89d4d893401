import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, succeeds, type Command } from './command';

export interface Podman {
  readonly log: string;
  /** Runs `podman …`; gives what it wrote to stdout. */
  readonly podman: (args: readonly string[], seconds?: number) => Promise<string>;
  /** Whether `podman …` ends well. */
  readonly holds: (args: readonly string[], seconds?: number) => Promise<boolean>;
  /** Runs `podman-compose …` on the files of the project. */
  readonly compose: (args: readonly string[], seconds?: number) => Promise<string>;
}

export interface ComposeProject {
  readonly name: string;
  /** Where the paths of the files begin. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly envFile: string;
  readonly profile: string;
}

/** Podman and podman-compose. `folder` gets the log and, unless `CONTAINERS_CONF` names one, settings for podman. */
export function createPodman(folder: string, project: ComposeProject): Podman {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, 'log.txt');
  writeFileSync(log, '');
  const env = {
    ...process.env,
    CONTAINERS_CONF: process.env['CONTAINERS_CONF'] ?? settings(folder),
    // A build in a changed root: it needs no rights that a container in a container lacks.
    BUILDAH_ISOLATION: process.env['BUILDAH_ISOLATION'] ?? 'chroot',
  };
  const command = (program: string, args: readonly string[], seconds: number): Command => ({
    program,
    args,
    env,
    cwd: project.folder,
    log,
    seconds,
  });
  const files = project.files.flatMap((file) => ['--file', file]);
  const ofProject = ['--project-name', project.name, ...files, '--env-file', project.envFile];
  return {
    log,
    podman: (args, seconds = 60) => run(command('podman', args, seconds)),
    holds: (args, seconds = 60) => succeeds(command('podman', args, seconds)),
    compose: (args, seconds = 120) =>
      run(command('podman-compose', [...ofProject, '--profile', project.profile, ...args], seconds)),
  };
}

/** Podman's own default raises limits, which is refused where podman itself runs in a container; there runc works where crun does not. */
function settings(folder: string): string {
  const file = join(folder, 'containers.conf');
  const runc = ['/usr/bin/runc', '/usr/sbin/runc'].some((path) => existsSync(path));
  writeFileSync(file, `[containers]\ndefault_ulimits = []\n${runc ? '[engine]\nruntime = "runc"\n' : ''}`);
  return file;
}
