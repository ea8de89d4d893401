import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { read, root, table } from './markdown';

const page = 'SECURITY.md';

/** What a text gives as evidence: `test/a.test.ts`: "title", "another title"; `test/b.test.ts`. */
const evidenceIn = (text: string) =>
  [...text.matchAll(/`(test\/[^`]+)`((?::|,) "[^"]+"(?:, "[^"]+")*)?/g)].map(([, file = '', quoted = '']) => ({
    file,
    titles: [...quoted.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
  }));
const evidence = evidenceIn(read(page).replace(/\s+/g, ' '));
/** As it stands in the source, where a quotation mark may be escaped. */
const source = (file: string): string => (existsSync(join(root, file)) ? read(file).replaceAll('\\', '') : '');

test('every test file that it names is there', () => {
  expect(evidence.length).toBeGreaterThan(50);
  expect(evidence.filter(({ file }) => !/\.tsx?$/.test(file) || source(file) === '').map(({ file }) => file)).toEqual(
    [],
  );
});

test('every test that it names stands in the file that it names', () => {
  const named = evidence.flatMap(({ file, titles }) => titles.map((title) => ({ file, title })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ file, title }) => !source(file).includes(title))).toEqual([]);
});

test('every measure names a test by its title', () => {
  const rows = table(page, 'measure', 'clause', 'shown by');
  expect(rows.filter(([, , shownBy = '']) => evidenceIn(shownBy).every(({ titles }) => titles.length === 0))).toEqual(
    [],
  );
});

describe('the table of requirements', () => {
  const rows = table(page, 'requirement', 'what it asks', 'verdict').map(
    ([requirement = '', , verdict = '', how = '']) => ({ requirement, verdict, how }),
  );

  test('knows four verdicts', () => {
    expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['met', 'partly', 'not met', "Auth0's"]));
  });

  test('has a test for whatever is met, wholly or partly', () => {
    const claimed = rows.filter(({ verdict }) => verdict === 'met' || verdict === 'partly');
    expect(claimed.filter(({ how }) => evidenceIn(how).every(({ titles }) => titles.length === 0))).toEqual([]);
  });

  test('names no requirement twice', () => {
    expect(new Set(rows.map(({ requirement }) => requirement)).size).toBe(rows.length);
  });
});
