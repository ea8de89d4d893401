import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { declareHunt, filesIn } from './hunt';
import { dump, withDatabases } from './postgres-dump';
import { search } from './search';

// `npm run hunt:postgres`: the same hunt on Temporal's production server with PostgreSQL. Not part of `npm test`: that server is
// built from source, which takes minutes the first time.
const hunt = declareHunt({
  server: 'postgres',
  logs: ['API.log', 'PostgreSQL.log', 'Temporal server.log', 'codec server.log', 'emulator.log', 'worker.log'],
  // The rows that are there, and in the write-ahead log those that have been deleted since.
  readDatabase: async (folder) => [
    ...(await withDatabases(folder, dump)),
    ...filesIn(join(folder, 'databases/pg_wal'), /^[0-9A-F]{24}$/),
  ],
  ownSecrets: (folder) => ({ 'database password': [readFileSync(join(folder, 'postgres-password'), 'utf8')] }),
});

test('a secret of every kind that is written into a row of the database is found', async () => {
  const wanted = hunt.wanted();
  const values = wanted.flatMap(({ values: [value = ''] }) => [`{"x":"`, value, `"}\n`]);
  const bytes = Buffer.concat(values.map((value) => Buffer.from(value)));
  const found = await withDatabases(hunt.folder, async (client) => {
    const row = `1, '\\x01', '\\x01', 1, 1, '\\x${bytes.toString('hex')}', 'Proto3'`;
    const columns = 'shard_id, tree_id, branch_id, node_id, txn_id, data, data_encoding';
    await client('psql', 'temporal', '--command', `INSERT INTO history_node (${columns}) VALUES (${row})`);
    return search(await dump(client), wanted);
  });
  const inFields = found.filter(({ place, form }) => place === 'fields of temporal' && form === 'plain');
  expect(new Set(inFields.map((find) => find.wanted))).toEqual(new Set(wanted.map(({ name }) => name)));
  expect(new Set(found.map(({ place }) => place))).toEqual(new Set(['dump of temporal', 'fields of temporal']));
}, 240_000);
