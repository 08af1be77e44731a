import { displayWidth } from './text-wrap.ts';

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
  const shown = fitColumns(sizeColumns(columns, rows), width);
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

/**
 * What a table of this width lacks, as one line; empty where it lacks nothing.
 * @param elsewhere how to see it: `--json`
 */
export function explainLeftOut(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  width: number,
  elsewhere = '--json',
): string[] {
  const shown = fitColumns(sizeColumns(columns, rows), width);
  const missing = columns.filter((_, index) => !shown.some((column) => column.index === index));
  if (missing.length === 0) return [];
  const count = missing.length === 1 ? '1 column' : `${missing.length} columns`;
  const names = missing.map(({ title }) => title).join(', ');
  return wrapText(`${count} left out (${names}): widen the terminal, or ${elsewhere}.`, width);
}

interface SizedColumn extends TextColumn {
  index: number;
  width: number;
}

function sizeColumns(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): SizedColumn[] {
  return columns.map((column, index) => ({
    ...column,
    index,
    width: Math.max(column.title.length, ...rows.map((row) => displayWidth(row[index] ?? ''))),
  }));
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
