import { expect, test } from '@jest/globals';
import { rawFields } from './postgres-rows';
import { search } from './search';

const dumpOf = (...rows: readonly (readonly string[])[]) =>
  [
    "SET client_encoding = 'UTF8';",
    'COPY public.history_node (shard_id, data) FROM stdin;',
    ...rows.map((row) => row.join('\t')),
    '\\.',
    'SELECT 1;',
    '',
  ].join('\n');

test('a bytea field becomes the bytes that the database holds', () => {
  expect(rawFields(dumpOf(['1', '\\\\x00ff7c0a']))).toEqual(Buffer.from('1\n\x00\xff\x7c\x0a\n', 'latin1'));
});

test('text is without the escapes of COPY, NULL is nothing, and what stands outside of rows is left out', () => {
  expect(rawFields(dumpOf(['a\\tb\\nc', '\\N', 'd\\\\e', 'pässwort'])).toString()).toBe('a\tb\nc\n\nd\\e\npässwort\n');
});

test('text that only begins like a bytea field stays text', () => {
  expect(rawFields(dumpOf(['\\\\xyz', '\\\\x0'])).toString()).toBe('\\xyz\n\\x0\n');
});

test('a secret that is wrapped three times inside a bytea field is found', () => {
  const secret = 'hunter2hunter2';
  const wrapped = [1, 2, 3].reduce((value) => Buffer.from(`"${value}"`).toString('base64'), secret);
  const dump = dumpOf(['1', `\\\\x${Buffer.from(wrapped).toString('hex')}`]);
  const wanted = [{ name: 'password', values: [secret] }];
  expect(search([{ name: 'fields', bytes: rawFields(dump) }], wanted)).not.toEqual([]);
  // The hex of the dump is a fourth wrapping.
  expect(search([{ name: 'dump', bytes: Buffer.from(dump) }], wanted)).toEqual([]);
});
