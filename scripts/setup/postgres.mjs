import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { fetching, fromCache, fromVariable, inTemporaryFolder, isFile, onPath } from './ways.mjs';

const platform = `${process.platform}-${process.arch}`;
const exe = process.platform === 'win32' ? '.exe' : '';
const server = { binary: `temporal-server${exe}`, sqlTool: `temporal-sql-tool${exe}`, version: '1.30.1' };
const key = `temporal-server-${server.version}-${platform}`;
// The schema of Temporal's databases is written for PostgreSQL 12 and newer.
const oldestPostgres = 12;

/**
 * Finds or builds Temporal's production server, with the tool for its database schema beside it. `context` is a
 * `ToolContext` of tools.d.mts. Gives `{ path, way }`.
 *
 * Temporal publishes it as an image and as source only, so without Docker it is built from source.
 */
export const findTemporalServer = (context) =>
  firstThatWorks(
    'Temporal server',
    [
      fromVariable('TEMPORAL_SERVER_PATH', context, checkServer),
      fromCache(context, key, server.binary),
      fromGo(context),
    ],
    `Install Go 1.25 or newer (https://go.dev/dl) so that \`go\` is on PATH, or set TEMPORAL_SERVER_PATH to temporal-server with ${server.sqlTool} in the same folder.`,
    context.say,
  );

async function checkServer(path) {
  for (const file of [path, join(dirname(path), server.sqlTool)])
    if (!isFile(file)) throw new Error(`${file} is not a file`);
}

const fromGo = (context) =>
  fetching(`go install of ${server.version} (about three minutes on two cores)`, context, key, server.binary, () =>
    inTemporaryFolder(async (folder) => {
      // The Go checksum database vouches for the sources.
      const env = { ...context.env, GOBIN: folder, CGO_ENABLED: '0' };
      const module = 'go.temporal.io/server/cmd';
      const commands = [`${module}/server@v${server.version}`, `${module}/tools/sql@v${server.version}`];
      // -s -w: without tables for a debugger, a third smaller.
      const args = ['install', '-trimpath', '-ldflags=-s -w', ...commands];
      await run('go', args, { seconds: 1_800, env, what: `go install ${module}/… v${server.version}` });
      return {
        content: readFileSync(join(folder, `server${exe}`)),
        beside: { [server.sqlTool]: readFileSync(join(folder, `sql${exe}`)) },
      };
    }),
  );

/**
 * Finds PostgreSQL's programs. Gives the path of `postgres`, beside which `initdb` is; `psql` and `pg_dump` are there too in
 * every usual installation.
 */
export const findPostgres = (context) =>
  firstThatWorks(
    'PostgreSQL',
    [
      fromVariable('POSTGRES_PATH', context, checkPostgres),
      {
        name: '`postgres` on PATH',
        absent: 'not found',
        async find() {
          const found = onPath(context, [`postgres${exe}`]);
          if (found === undefined) return undefined;
          const path = realpathSync(found); // a link into the folder with the others
          await checkPostgres(path);
          return path;
        },
      },
      {
        name: 'the usual folders',
        absent: 'none there',
        async find() {
          for (const path of postgresIn(context.folders ?? usualFolders)) {
            if (
              await checkPostgres(path).then(
                () => true,
                () => false,
              )
            )
              return path;
          }
          return undefined;
        },
      },
    ],
    `Install PostgreSQL ${oldestPostgres} or newer (Debian, Ubuntu: apt install postgresql; Fedora: dnf install postgresql-server; macOS: brew install ` +
      'postgresql@17), or set POSTGRES_PATH to its program `postgres`. No PostgreSQL server needs to run.',
    context.say,
  );

/** Packages keep each version in a folder of its own and put none of their servers on PATH. */
const usualFolders = [
  { parent: '/usr/lib/postgresql', child: /^\d+$/, rest: 'bin' },
  { parent: '/usr', child: /^pgsql-\d+$/, rest: 'bin' },
  { parent: '/opt/homebrew/opt', child: /^postgresql@\d+$/, rest: 'bin' },
  { parent: '/usr/local/opt', child: /^postgresql@\d+$/, rest: 'bin' },
];

/** Paths at which a `postgres` is, the newest version first. */
export function postgresIn(folders) {
  const number = (name) => Number(/\d+$/.exec(name)?.[0]);
  const namesIn = (parent) => {
    try {
      return readdirSync(parent);
    } catch {
      return [];
    }
  };
  return folders
    .flatMap(({ parent, child, rest }) =>
      namesIn(parent)
        .filter((name) => child.test(name))
        .map((name) => ({ version: number(name), path: join(parent, name, rest, `postgres${exe}`) })),
    )
    .filter(({ path }) => isFile(path))
    .sort((one, other) => other.version - one.version)
    .map(({ path }) => path);
}

async function checkPostgres(path) {
  if (!isFile(path)) throw new Error(`${path} is not a file`);
  if (!isFile(join(dirname(path), `initdb${exe}`))) throw new Error(`there is no initdb beside ${path}`);
  const text = await run(path, ['--version'], { seconds: 10 });
  const major = Number(/PostgreSQL\D* (\d+)/.exec(text)?.[1]);
  if (!(major >= oldestPostgres)) throw new Error(`${path} is not PostgreSQL ${oldestPostgres} or newer`);
}
