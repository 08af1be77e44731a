/** A column of a text table. */
export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
  /** Left out where the table would be too wide; the lowest number goes first. Without it the column always stays. */
  spare?: number;
}

const GAP = 2;

/**
 * Lines of a table with aligned columns and two spaces between them. Where it would be wider than `width`, spare columns
 * are left out: a narrow terminal shows fewer columns, never half of one.
 */
export function renderTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const shown = fitColumns(
    columns.map((column, index) => ({
      ...column,
      index,
      width: Math.max(column.title.length, ...rows.map((row) => displayWidth(row[index] ?? ''))),
    })),
    width,
  );
  const line = (cellOf: (column: SizedColumn) => string) =>
    shown
      .map((column) => {
        const cell = cellOf(column);
        const padding = ' '.repeat(Math.max(0, column.width - displayWidth(cell)));
        return column.align === 'right' ? padding + cell : cell + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line((column) => column.title),
    line((column) => '─'.repeat(column.width)),
    ...rows.map((row) => line((column) => row[column.index] ?? '')),
  ];
}

/** Lines of at most `width` characters, broken between words. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

interface SizedColumn extends TextColumn {
  index: number;
  width: number;
}

function fitColumns(columns: SizedColumn[], width: number): SizedColumn[] {
  const total = columns.reduce((sum, column) => sum + column.width + GAP, -GAP);
  const spare = columns.filter((column) => column.spare !== undefined);
  if (total <= width || spare.length === 0) return columns;
  const first = spare.reduce((least, column) => ((column.spare ?? 0) < (least.spare ?? 0) ? column : least));
  return fitColumns(
    columns.filter((column) => column !== first),
    width,
  );
}

/** Width on the terminal: escape sequences for colour take no room. */
function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the escape character is what we look for
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}
