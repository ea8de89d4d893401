import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { fetching, fromCache, fromVariable, inTemporaryFolder, onPath } from './ways.mjs';

const exe = process.platform === 'win32' ? '.exe' : '';
const binary = `promtool${exe}`;
// The release that docker-compose.yml runs: Prometheus counts its Go module in its own way.
const version = '3.5.0';
const module = `github.com/prometheus/prometheus/cmd/promtool@v0.305.0`;
const key = `promtool-${process.platform}-${process.arch}`;

/**
 * Finds or fetches promtool, which checks Prometheus' rules. `context` is `{ env, say, cache }`. Gives `{ path, way }`.
 *
 * Debian's package is older than what runs, and takes a second; it knows everything that the rules use.
 */
export const findPromtool = (context) =>
  firstThatWorks(
    'promtool',
    [
      fromVariable('PROMTOOL_PATH', context, checkPromtool),
      {
        name: '`promtool` on PATH',
        absent: 'not found',
        find: async () => onPath(context, [binary]),
      },
      fromCache(context, key, binary),
      fromDebian(context),
      fromGo(context),
    ],
    `Install Prometheus (https://prometheus.io/download) so that promtool is on PATH, or set PROMTOOL_PATH to it.`,
    context.say,
  );

async function checkPromtool(path) {
  const text = await run(path, ['--version'], { seconds: 20 });
  if (!/^promtool/.test(text)) throw new Error(`${path} is no promtool`);
}

/** apt checks the package by the signature of its archive. It is unpacked and not installed, so nobody needs to be root. */
const fromDebian = (context) =>
  fetching('the package prometheus of Debian or Ubuntu', context, key, binary, () =>
    inTemporaryFolder(async (folder) => {
      const options = { seconds: 120, cwd: folder, env: context.env };
      await run('apt-get', ['download', 'prometheus'], { ...options, what: 'apt-get download prometheus' });
      const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
      if (file === undefined) throw new Error('apt-get left no package');
      await run('dpkg-deb', ['--extract', file, 'unpacked'], options);
      const content = readFileSync(join(folder, 'unpacked/usr/bin', binary));
      return { content };
    }),
  );

const fromGo = (context) =>
  fetching(`go install of ${version} (some minutes)`, context, key, binary, () =>
    inTemporaryFolder(async (folder) => {
      // The Go checksum database vouches for the sources.
      const env = { ...context.env, GOBIN: folder, CGO_ENABLED: '0' };
      await run('go', ['install', '-trimpath', module], { seconds: 1_800, env, what: `go install ${module}` });
      return { content: readFileSync(join(folder, binary)) };
    }),
  );
