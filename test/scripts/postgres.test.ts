import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { findPostgres, findTemporalServer, postgresIn } from '../../scripts/setup/postgres.mjs';
import { serverConfig } from '../../scripts/stack/production-server';
import { letThrough } from '../../scripts/stack/unprivileged';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mfa-postgres-test-')));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function command(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
/** A folder with PostgreSQL's programs; gives the path of `postgres`. */
function postgres(place: string, version: string): string {
  command(join(folder, place, 'initdb'), 'exit 0');
  return command(join(folder, place, 'postgres'), `echo "postgres (PostgreSQL) ${version}"`);
}
const context = (env: Readonly<Record<string, string>> = {}) => ({
  env: { PATH: join(folder, 'bin'), ...env },
  cache: join(folder, 'cache'),
  say: (line: string) => void said.push(line),
});
const folders = () => [{ parent: join(folder, 'lib'), child: /^\d+$/, rest: 'bin' }];

describe('PostgreSQL', () => {
  test('the newest version of the usual folders comes first', () => {
    const paths = ['9', '15', '16'].map((version) => postgres(`lib/${version}/bin`, `${version}.1`));
    mkdirSync(join(folder, 'lib/17'));
    expect(postgresIn(folders())).toEqual(paths.reverse());
  });

  test('one on PATH is taken where it really is, with its other programs', async () => {
    const path = postgres('lib/15/bin', '15.8');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(path, join(folder, 'bin/postgres'));
    expect(await findPostgres({ ...context(), folders: [] })).toMatchObject({ path });
  });

  test('without one on PATH, it is looked for in the folders that packages install to', async () => {
    const path = postgres('lib/15/bin', '15.8 (Debian 15.8-0+deb12u1)');
    expect(await findPostgres({ ...context(), folders: folders() })).toMatchObject({ path });
  });

  test('one that is too old is not taken', async () => {
    postgres('lib/11/bin', '11.22');
    await expect(findPostgres({ ...context(), folders: folders() })).rejects.toThrow(/no PostgreSQL could be found/);
  });

  test('where there is none, one message says what to install', async () => {
    await expect(findPostgres({ ...context(), folders: [] })).rejects.toThrow(
      /Install PostgreSQL 12 or newer .*apt install postgresql.*POSTGRES_PATH/s,
    );
  });
});

describe("Temporal's production server", () => {
  const go = (script: string) => command(join(folder, 'bin/go'), script);
  const builds = 'printf server > "$GOBIN/server"; printf sql > "$GOBIN/sql"';

  test('is built once, announced, and taken from the cache with its schema tool from then on', async () => {
    go(builds);
    const { path } = await findTemporalServer(context());
    expect([readFileSync(path, 'utf8'), readFileSync(join(dirname(path), 'temporal-sql-tool'), 'utf8')]).toEqual([
      'server',
      'sql',
    ]);
    expect(said.filter((line) => line.includes('trying go install of 1.30.1'))).toHaveLength(1);

    go('exit 1');
    said = [];
    expect(await findTemporalServer(context())).toEqual({ path, way: 'cached copy' });
    expect(said).toEqual([]);
  });

  test('asks Go for fixed versions', async () => {
    go(`echo "$@" > ${join(folder, 'asked')}; ${builds}`);
    await findTemporalServer(context());
    expect(readFileSync(join(folder, 'asked'), 'utf8').match(/\S+@\S+/g)).toEqual([
      'go.temporal.io/server/cmd/server@v1.30.1',
      'go.temporal.io/server/cmd/tools/sql@v1.30.1',
    ]);
  });

  test('without Go, one message says what to install', async () => {
    await expect(findTemporalServer(context())).rejects.toThrow(/go is not installed\nInstall Go 1\.25/);
  });
});

describe("the server's configuration", () => {
  const ports = {
    postgres: 1,
    frontendMembership: 2,
    history: 3,
    historyMembership: 4,
    matching: 5,
    matchingMembership: 6,
    worker: 7,
    workerMembership: 8,
  };
  const config = parse(serverConfig({ ports, password: 'p"4\\ss' }, 9)) as {
    persistence: { datastores: Record<string, { sql: Record<string, unknown> }> };
    services: Record<string, { rpc: Record<string, unknown> }>;
    dynamicConfigClient: { filepath: string };
  };

  test('reaches both databases with the password, whatever characters are in it', () => {
    const stores = Object.values(config.persistence.datastores).map(({ sql }) => [
      sql['databaseName'],
      sql['connectAddr'],
      sql['password'],
    ]);
    expect(stores).toEqual([
      ['temporal', '127.0.0.1:1', 'p"4\\ss'],
      ['temporal_visibility', '127.0.0.1:1', 'p"4\\ss'],
    ]);
  });

  test('keeps every role on this machine', () => {
    expect(Object.values(config.services).map(({ rpc }) => rpc['bindOnLocalHost'])).toEqual([true, true, true, true]);
  });

  test('takes the limits of the compose file', () => {
    expect(parse(readFileSync(config.dynamicConfigClient.filepath, 'utf8'))).toMatchObject({
      'limit.blobSize.error': [{ value: 262144 }],
    });
  });
});

test("a folder of ours lets another user's group pass through, and list nothing", () => {
  const inner = join(folder, 'state');
  mkdirSync(inner, { mode: 0o700 });
  letThrough(inner, { uid: 60_000, gid: process.getgid?.() ?? 0 });
  expect([folder, inner].map((path) => statSync(path).mode & 0o777)).toEqual([0o710, 0o710]);
});

test('a program of a stack is asked to end with the signal that it understands as "at once"', async () => {
  const guard = join(__dirname, '../../scripts/stack/guard.mjs');
  const program =
    "process.on('SIGINT', () => { console.log('interrupted'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, [guard, '--signal=SIGINT', '--', process.execPath, '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output === 'up\n') child.kill('SIGTERM');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, output }).toEqual({ code: 0, output: 'up\ninterrupted\n' });
});
