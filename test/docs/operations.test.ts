import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { waitingForWhats } from '../../src/enrollment/status';
import { filterAddress, uiFilters } from '../../scripts/stack/temporal-ui';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { codeIn, table } from './markdown';

const page = 'docs/operations.md';
const firstCodes = (rows: readonly string[][]) => rows.map(([cell]) => codeIn(cell)[0]);

test('everything that an enrollment can wait for has an entry', () => {
  expect(firstCodes(table(page, '`what`', 'usual `who`'))).toEqual(waitingForWhats);
});

test('the addresses of Temporal UI that `npm start` prints have the queries of this page', () => {
  const queries = table(page, 'which', 'query').map(([, query]) => codeIn(query)[0]);
  expect(queries).toEqual(expect.arrayContaining(uiFilters.map(([, query]) => query)));
  for (const [, query] of uiFilters) {
    const address = new URL(filterAddress('http://127.0.0.1:8233', 'mfa.a1', query));
    expect(address.pathname).toBe('/namespaces/mfa.a1/workflows');
    expect(address.searchParams.get('query')).toBe(query);
  }
});

test('the columns that this page recommends are search attributes', () => {
  const names = Object.values(searchAttributes).map(({ name }) => name);
  const section = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8').split('### Temporal UI')[1] ?? '';
  const columns = [...(section.split('\n#')[0] ?? '').matchAll(/`(Mfa\w+)`/g)].map(([, name]) => name);
  expect(columns.length).toBeGreaterThan(2);
  expect(names).toEqual(expect.arrayContaining(columns));
});
