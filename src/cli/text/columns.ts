/** Rows as lines, each column as wide as its widest cell, without spaces at the end of a line. */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What came over the network must not steer the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '�');
