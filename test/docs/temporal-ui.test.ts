import { expect, test } from '@jest/globals';
import { filterAddress, uiFilters } from '../../scripts/stack/temporal-ui';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { codeIn, read, table } from './markdown';

const page = 'docs/temporal-ui.md';
const views = table(page, 'saved view', 'query').map(([link = '', cell]) => {
  const [, name, address] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(link) ?? [];
  return { name, address, query: codeIn(cell)[0] ?? '' };
});

test.each(views)('$name: the address has the query that stands beside it', ({ address, query }) => {
  expect(address).toBe(filterAddress('http://127.0.0.1:8233', 'default', query));
});

test('the views that `npm start` prints are among them', () => {
  expect(views.map(({ name, query }) => [name, query])).toEqual(
    expect.arrayContaining(uiFilters.map(([name, query]) => [name, query])),
  );
});

test('every attribute of ours that the page names is one', () => {
  const named = new Set(read(page).match(/\bMfa[A-Z]\w+/g) ?? []);
  const known: string[] = Object.values(searchAttributes).map(({ name }) => name);
  expect([...named].filter((name) => !known.includes(name))).toEqual([]);
});
