import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = join(__dirname, '../..');
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Files of the repository that are committed or about to be, as paths from the root. */
export const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)));
export const pages = files.filter((file) => file.endsWith('.md'));

/** Each relative link of a page: the file, from the root, and the anchor. */
export const linksOf = (page: string) =>
  [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { target, path: path === '' ? page : join(dirname(page), path), anchor };
    });

/** The body of the table whose first heading cells are these, each row as its cells. Throws when the page has no such table. */
export function table(page: string, ...headings: readonly string[]): string[][] {
  const lines = read(page).split('\n');
  const start = lines.findIndex((line) => headings.every((heading, column) => cells(line)[column] === heading));
  if (start < 0) throw new Error(`${page} has no table that begins with ${headings.join(', ')}`);
  const after = lines.slice(start + 2);
  const end = after.findIndex((line) => !line.startsWith('|'));
  return (end < 0 ? after : after.slice(0, end)).map(cells);
}

const cells = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The texts of a cell that are set as code. */
export const codeIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '');

/** The text of a cell, when all of it is set as code. */
export const soleCode = (cell = ''): string | undefined => /^`([^`]+)`$/.exec(cell)?.[1];

/** A page without its code blocks. */
export const prose = (markdown: string): string => markdown.replace(/^ *```[\s\S]*?^ *```/gm, '');

/** The anchors that GitHub gives the headings of a page. */
export const anchors = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
