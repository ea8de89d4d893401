import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { keptPortsOf } from './kept-ports';
import { createService, type Service, type ServiceOptions } from './service';
import { toolPath } from './tools';
import { letThrough, unprivilegedUser, type SystemUser } from './unprivileged';

const run = promisify(execFile);

const portsSchema = z.strictObject({
  postgres: z.number(),
  frontendMembership: z.number(),
  history: z.number(),
  historyMembership: z.number(),
  matching: z.number(),
  matchingMembership: z.number(),
  worker: z.number(),
  workerMembership: z.number(),
});
type PostgresPorts = z.infer<typeof portsSchema>;

/** The one user of the databases. Whoever knows the password may log in. */
export const databaseUser = 'temporal';
/** How many connections each of Temporal's roles may keep to each database. */
export const connections = { temporal: 20, temporal_visibility: 5 } as const;

/** A PostgreSQL of a stack: its databases in a folder, on a port of 127.0.0.1, for whoever knows the password. */
export interface PostgresPlace {
  readonly ports: PostgresPorts;
  readonly password: string;
  /** The folder of its files. */
  readonly files: string;
  readonly configFile: string;
  /** Whom it runs as; absent: as we do. */
  readonly user?: SystemUser;
}

/**
 * Makes the PostgreSQL of the stack in `folder` when it is not there, with ports and password of its own; they stay the same.
 * `taken`: ports that other parts of the stack are going to use. Throws when it cannot be made; the message says why.
 */
export async function preparePostgres(folder: string, taken: Iterable<number>): Promise<PostgresPlace> {
  const systemUser = unprivilegedUser();
  const passwordFile = join(folder, 'postgres-password');
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const place: PostgresPlace = {
    // Temporal finds its own address of yesterday in the database and asks there who else is running.
    ports: await keptPortsOf(portsSchema, join(folder, 'postgres-ports.json'), {}, taken),
    password: readFileSync(passwordFile, 'utf8'),
    files: join(folder, 'databases'),
    configFile: join(folder, 'temporal-server.yaml'),
    ...(systemUser === undefined ? {} : { user: systemUser }),
  };
  if (systemUser !== undefined) {
    letThrough(folder, systemUser);
    chownSync(passwordFile, systemUser.uid, systemUser.gid);
  }
  if (!existsSync(place.files)) await makeFiles(place, passwordFile);
  return place;
}

/** Whole or not at all: made beside its place, then renamed. */
async function makeFiles(place: PostgresPlace, passwordFile: string): Promise<void> {
  const temporary = `${place.files}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  if (place.user !== undefined) chownSync(temporary, place.user.uid, place.user.gid);
  const args = [
    ...['--pgdata', temporary, '--username', databaseUser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C'],
  ];
  await run(program('initdb'), args, { ...place.user, cwd: '/', timeout: 120_000 }).catch((error: unknown) => {
    throw new Error(`PostgreSQL's initdb could not make ${temporary}.`, { cause: error });
  });
  renameSync(temporary, place.files);
}

/** Path of one of PostgreSQL's programs, from the folder that set-up has found. */
const program = (name: string): string => join(dirname(toolPath('postgres')), name);

/** The database server as a part of a stack. */
export const postgresService = (
  { ports, files, user: as }: PostgresPlace,
  common: Pick<ServiceOptions, 'logs' | 'env' | 'readyWithinSeconds' | 'graceSeconds'>,
): Service =>
  createService({
    ...common,
    name: 'PostgreSQL',
    run: {
      program: toolPath('postgres'),
      args: [
        ...['-D', files, '-p', String(ports.postgres), '-c', 'listen_addresses=127.0.0.1'],
        // A socket in a folder that all users share would be a second way in.
        ...['-c', 'unix_socket_directories='],
        // Each of Temporal's four roles keeps its own connections to both databases.
        ...['-c', `max_connections=${4 * (connections.temporal + connections.temporal_visibility) + 20}`],
      ],
      ...(as === undefined ? {} : { as }),
      signal: 'SIGINT', // "fast": SIGTERM would wait for clients, which may be ending with us and may not be
    },
    isReady: () => takesLogins(ports.postgres),
  });

/** Begins a login as a client does: while it starts, a server answers with an error in place of the question for the password. */
const takesLogins = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const end = (takes: boolean) => {
      socket.destroy();
      resolve(takes);
    };
    socket.once('connect', () => socket.write(startupMessage({ user: databaseUser, database: 'postgres' })));
    socket.once('data', (answer: Buffer) => end(answer.toString('latin1', 0, 1) === 'R')); // AuthenticationRequest
    for (const event of ['error', 'timeout', 'close'] as const) socket.once(event, () => end(false));
  });

/** StartupMessage of protocol 3.0 (PostgreSQL documentation, "Message Formats"). */
function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const body = `${Object.entries(parameters).flat().join('\0')}\0\0`;
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + Buffer.byteLength(body), 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, Buffer.from(body)]);
}
