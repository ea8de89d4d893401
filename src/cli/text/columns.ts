import type { Format, Style } from './style';

/** Text, or text in a colour of its own. */
export type Cell = string | readonly [text: string, format: Format];

const plain: Style = (_format, text) => text;

/**
 * Rows as lines, each column as wide as its widest cell, without spaces at the end of a line. Every cell is made harmless for the
 * terminal before it gets its colour.
 */
export function columns(rows: readonly (readonly Cell[])[], style: Style = plain): string {
  const cells = rows.map((row) =>
    row.map((cell) => {
      const [text, format] = typeof cell === 'string' ? [cell, undefined] : cell;
      return { text: printable(text), format };
    }),
  );
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.text.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map(({ text, format }, column) => {
          const space = ' '.repeat(column === row.length - 1 ? 0 : (widths[column] ?? 0) - text.length);
          return `${format === undefined || text === '' ? text : style(format, text)}${space}`;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What came over the network must not steer the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '�');
