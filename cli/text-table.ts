import { displayWidth } from './text-wrap.ts';

/** A column of a text table. */
export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
  /** Left out where the table would be too wide; the lowest number goes first. Without it the column always stays. */
  spare?: number;
  /** Its cells may be broken between words where the table would be too wide, down to this width or the longest word. */
  wrap?: number;
}

const GAP = 2;

/**
 * Lines of a table with aligned columns and two spaces between them. Where it would be wider than `width`, cells that may
 * be are broken into lines; where that is not enough, spare columns are left out: a narrow terminal shows fewer columns,
 * never half of one.
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
    ...rows.flatMap((row) => {
      const cells = shown.map((column) => breakCell(row[column.index] ?? '', column.width));
      return Array.from({ length: Math.max(1, ...cells.map((lines) => lines.length)) }, (_, index) =>
        line((column) => cells[shown.indexOf(column)]?.[index] ?? ''),
      );
    }),
  ];
}

/** The lines of a cell; each is of its colour. */
function breakCell(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const [, before = '', words = text, after = ''] =
    // oxlint-disable-next-line no-control-regex -- the escape character is what we look for
    /^((?:\u001b\[\d+m)*)(.*?)((?:\u001b\[\d+m)*)$/.exec(text) ?? [];
  return wrapText(words, width).map((line) => before + line + after);
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
  /** Where its cells are broken as far as they may be. */
  leastWidth: number;
}

function sizeColumns(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): SizedColumn[] {
  return columns.map((column, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const width = Math.max(column.title.length, ...cells.map(displayWidth));
    const { wrap = width } = column;
    const words = wrap >= width ? [] : cells.flatMap((cell) => cell.split(' ').map(displayWidth));
    return {
      ...column,
      index,
      width,
      leastWidth: Math.min(width, Math.max(column.title.length, wrap, ...words)),
    };
  });
}

function fitColumns(columns: SizedColumn[], width: number): SizedColumn[] {
  const sumOf = (size: (column: SizedColumn) => number) =>
    columns.reduce((sum, column) => sum + size(column) + GAP, -GAP);
  if (sumOf((column) => column.width) <= width) return columns;
  const spare = columns.filter((column) => column.spare !== undefined);
  let room = width - sumOf(({ leastWidth }) => leastWidth);
  if (room >= 0 || spare.length === 0)
    // What is left over goes to the first that can use it.
    return columns.map((column) => {
      const more = Math.max(0, Math.min(room, column.width - column.leastWidth));
      room -= more;
      return { ...column, width: column.leastWidth + more };
    });
  const first = spare.reduce((least, column) => ((column.spare ?? 0) < (least.spare ?? 0) ? column : least));
  return fitColumns(
    columns.filter((column) => column !== first),
    width,
  );
}
