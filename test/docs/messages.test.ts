import { expect, test } from '@jest/globals';
import { codeResult } from '../../src/api/schemas';
import { refusalTypes } from '../../src/enrollment/commands';
import * as messages from '../../src/workflows/messages';
import { searchAttributes } from '../../src/workflows/search-attributes';
import { codeIn, table } from './markdown';

const page = 'docs/messages.md';
const firstCodes = (rows: readonly string[][]) => rows.map(([cell]) => codeIn(cell)[0]);

test('the message table has every message with its kind', () => {
  const defined = Object.values(messages).flatMap((each) =>
    typeof each === 'object' && 'type' in each && 'name' in each ? [`${each.type} ${each.name}`] : [],
  );
  const documented = table(page, 'name', 'kind').map(([name, kind]) => `${kind} ${codeIn(name)[0]}`);
  expect(documented.sort()).toEqual(defined.sort());
});

test('the table of refusals has every type', () => {
  expect(firstCodes(table(page, 'type', 'when'))).toEqual(refusalTypes);
});

test('the table of results has every result of confirmCode', () => {
  expect(firstCodes(table(page, 'result', 'meaning'))).toEqual(codeResult.shape.result.options);
});

test('the table of search attributes has every one with its type', () => {
  const documented = table(page, 'search attribute', 'type').map(([name, type]) => [
    codeIn(name)[0],
    type?.toUpperCase(),
  ]);
  expect(documented).toEqual(Object.values(searchAttributes).map(({ name, type }) => [name, type]));
});
