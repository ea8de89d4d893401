import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { remedies } from '../../src/auth0/remedies';

const page = readFileSync(join(__dirname, '../../docs/auth0-mfa-api.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));

test.each(Object.entries(remedies))('operators find the remedy %s in docs/auth0-mfa-api.md', (_name, remedy) => {
  expect(rows.some((row) => row.includes(remedy))).toBe(true);
});

/** Each `x.test.ts` that a row names, with the titles quoted after it. */
const pins = rows.flatMap((row) => {
  const file = /`([\w-]+\.test\.ts)`/.exec(row);
  if (!file?.[1]) return [];
  const titles = [...row.slice(file.index).matchAll(/"([^"]+)"/g)].map((title) => title[1] ?? '');
  return [{ file: file[1], titles }];
});

test('the page pins behaviours to tests', () => {
  expect(pins.length).toBeGreaterThan(10);
});

test.each(pins)('$file has the tests that docs/auth0-mfa-api.md names: $titles', ({ file, titles }) => {
  const path = join(__dirname, file);
  expect(existsSync(path)).toBe(true);
  const source = readFileSync(path, 'utf8');
  for (const title of titles) expect(source).toContain(title);
});
