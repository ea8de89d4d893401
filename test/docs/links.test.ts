import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anchors, files, linksOf, pages, prose, read } from './markdown';

describe.each(pages)('%s', (page) => {
  test('its relative links lead to files of the repository', () => {
    const isThere = (path: string) =>
      files.some((file) => file === path || file.startsWith(`${path.replace(/\/$/, '')}/`));
    expect(linksOf(page).filter(({ path }) => !isThere(path))).toEqual([]);
  });

  test('its anchors name a heading', () => {
    const toHeadings = linksOf(page).filter(({ path, anchor }) => anchor !== undefined && path.endsWith('.md'));
    expect(toHeadings.filter(({ path, anchor }) => !anchors(read(path)).includes(anchor ?? ''))).toEqual([]);
  });

  test('a link whose text is code leads to a file that has it', () => {
    const named = [...prose(read(page)).matchAll(/\[`(\w+)`\]\(([^)#\s]+\.ts)\)/g)].map(([, name = '', path = '']) => ({
      name,
      path,
    }));
    expect(
      named.filter(({ name, path }) => !new RegExp(`\\b${name}\\b`).test(read(join(dirname(page), path)))),
    ).toEqual([]);
  });

  test('the commands it promises are there', () => {
    const promised = read(page).replace(/^Not there yet: .*$/gm, '');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...promised.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('the README leads to every page of docs, on its own or through the pages it links', () => {
  const reached = new Set<string>();
  const follow = (page: string): void => {
    if (reached.has(page) || !pages.includes(page)) return;
    reached.add(page);
    for (const { path } of linksOf(page)) follow(path);
  };
  follow('README.md');
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
});
