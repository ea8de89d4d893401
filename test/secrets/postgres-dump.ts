import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { databaseUser, postgresService, preparePostgres } from '../../scripts/stack/postgres';
import type { databases } from '../../scripts/stack/production-server';
import { toolPath } from '../../scripts/stack/tools';
import { rawFields } from './postgres-rows';
import type { Place } from './search';

const run = promisify(execFile);

type Database = keyof typeof databases;
/** Gives what one of PostgreSQL's own programs prints about a database. */
export type Client = (program: 'psql' | 'pg_dump', database: Database, ...args: readonly string[]) => Promise<string>;

/** Starts the PostgreSQL of a stack that has stopped, alone, for as long as `work` takes. */
export async function withDatabases<Result>(
  folder: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const place = await preparePostgres(folder, []);
  const service = postgresService(place, { logs: folder, env: process.env, readyWithinSeconds: 60, graceSeconds: 10 });
  await service.start();
  try {
    return await work(async (program, database, ...args) => {
      const server = ['--host', '127.0.0.1', '--port', String(place.ports.postgres), '--username', databaseUser];
      const { stdout } = await run(
        join(dirname(toolPath('postgres')), program),
        [...server, '--no-password', '--dbname', database, ...args],
        { env: { ...process.env, PGPASSWORD: place.password }, timeout: 120_000, maxBuffer: 500_000_000 },
      );
      return stdout;
    });
  } finally {
    await service.stop();
  }
}

/** Every row of both databases: as `pg_dump` writes it, and as the bytes that it stands for. */
export async function dump(client: Client): Promise<Place[]> {
  const places: Place[] = [];
  for (const database of ['temporal', 'temporal_visibility'] as const) {
    const text = await client('pg_dump', database, '--data-only');
    places.push(
      { name: `dump of ${database}`, bytes: Buffer.from(text) },
      { name: `fields of ${database}`, bytes: rawFields(text) },
    );
  }
  return places;
}
