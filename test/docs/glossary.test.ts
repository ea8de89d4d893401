import { expect, test } from '@jest/globals';
import { enrollmentStates, outcomes } from '../../src/enrollment/status';
import { codeIn, linksOf, pages, read, table } from './markdown';

const page = 'docs/glossary.md';
const firstCodes = (rows: readonly string[][]) => rows.map(([cell]) => codeIn(cell)[0]);

test.each(['README.md', 'CONTRIBUTING.md', 'docs/walkthrough.md', 'docs/http-api.md', 'docs/operations.md'])(
  '%s links to the glossary',
  (from) => {
    expect(linksOf(from).map(({ path }) => path)).toContain(page);
  },
);

test('the README links to what this project does not do', () => {
  expect(linksOf('README.md')).toContainEqual(
    expect.objectContaining({ path: page, anchor: 'what-this-project-does-not-do' }),
  );
});

test('the glossary explains every state and every outcome of an enrollment', () => {
  const states = firstCodes(table(page, 'state', 'meaning'));
  expect([...states, ...firstCodes(table(page, 'outcome', 'meaning'))]).toEqual(enrollmentStates);
  expect(firstCodes(table(page, 'outcome', 'meaning'))).toEqual(outcomes);
});

/** Words that the glossary has replaced, each with what to write instead. */
const replaced: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bveil/i, 'redact'],
  [/\bblot/i, 'redact'],
  [/\bcensor/i, 'redact'],
  [/\[secret\]/i, '[redacted]'],
  [/\bclosed (?:tenant )?door/i, 'misconfigured'],
  [/\bchallenges? (?:is|are|was|were) over\b/i, 'expired'],
  [/\btokens? (?:is|are|was|were) over\b/i, 'expired'],
  [/\b(?:case|enrollment|link)s? (?:is|are|was|were) over\b/i, 'ended, or expired'],
  [/\b(?:unconfirmed|orphaned|authenticator) records?\b/i, 'authenticator'],
  [/\bthe one of now\b/i, 'current'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, correct'],
  [/\bContract, section\b/i, 'a page that exists in this repository'],
];
const held = pages.filter((each) => each.startsWith('docs/') || !each.includes('/'));

test.each(held)('%s has no word that the glossary has replaced', (each) => {
  const lines = read(each).split('\n');
  const found = lines.flatMap((line, index) =>
    replaced.flatMap(([word, instead]) => {
      const [hit] = word.exec(line) ?? [];
      return hit === undefined ? [] : [`line ${index + 1}: "${hit}": write "${instead}"`];
    }),
  );
  expect(found).toEqual([]);
});
