/** A column of a text table. */
export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
}

/** Lines of a table with aligned columns and two spaces between them. */
export function renderTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell)));
        return columns[index]?.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    line(widths.map((width) => '─'.repeat(width))),
    ...rows.map(line),
  ];
}

/** Width on the terminal: escape sequences for colour take no room. */
function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the escape character is what we look for
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}
