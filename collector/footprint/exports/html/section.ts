import { escapeHtml, setText, widthOfLine, type Line } from './page-text.ts';

/** How much a part of the page may show: rows of a table, lines of a text. */
export interface Room {
  rows: number;
  lines: number;
}

/** Room for everything. */
export const ALL: Room = { rows: Infinity, lines: Infinity };

/** What was drawn. Lengths are in sizes of the page's font (`em`). */
export interface Drawn {
  html: string;
  /** Height, on the safe side. */
  em: number;
  /** What was left out, in a word or two; empty where nothing was. */
  cut: string;
}

/** A part of the report, which can be drawn in less room than it wants; what is cut stands in the appendix, whole. */
export interface Section {
  /** Letters and hyphens: the page's anchor. */
  id: string;
  title: string;
  /** What its figures are in, beside the title. */
  unit?: string;
  draw: (widthEm: number, room: Room) => Drawn;
}

/** A cell: paragraphs, or a picture that is as high as a line. */
export type Cell = readonly Line[] | { svg: string };

/** A column of a table. */
export interface Column {
  head: string;
  /** Share of the width, whole %. */
  share: number;
  isNumber?: true;
  isBold?: true;
  /** A picture below the words of its head, such as an axis. */
  axis?: string;
}

/** Lengths of the page, which its style sheet takes from here. */
export const METRICS = {
  /** Width and height of what is printed on a page of A4. */
  pageEm: { width: 73, height: 108.6 },
  gapEm: 2,
  bandGapEm: 0.8,
  titleEm: 1.6,
  lineEm: 1.24,
  cellPadEm: 0.17,
  columnGapEm: 0.9,
  kickerEm: 2.1,
  smallEm: 0.94,
};

/** Shares of columns that the style sheet knows, %. */
export const SHARES: readonly number[] = Array.from({ length: 100 }, (_, index) => index + 1);

const { lineEm, cellPadEm, columnGapEm, smallEm } = METRICS;
const RULE_EM = 0.085;
/** Fractions of a pixel that a table's rows are rounded by. */
const ROUNDING_EM = 0.2;
const HEAD_EM = 0.9;

/** Width of a column's inside, em. */
export const insideOf = (widthEm: number, { share }: Pick<Column, 'share'>): number =>
  (widthEm * share) / 100 - columnGapEm;

/** A table with a head; its first cell names the row. @param caption for those who hear the page */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { widthEm, room, caption }: { widthEm: number; room: Room; caption: string },
): Drawn {
  const shown = rows.slice(0, room.rows);
  const hasHead = columns.some(({ head, axis }) => head !== '' || axis !== undefined);
  // The last column ends with the table.
  const insides = columns.map(
    (column, index) => insideOf(widthEm, column) + (index === columns.length - 1 ? columnGapEm : 0),
  );
  const head = columns.map((column, index) => {
    const set = setText([[column.head]], (insides[index] ?? 1) / HEAD_EM, { lines: 3 });
    return {
      ...set,
      lines: (column.head === '' ? 0 : set.lines) + (column.axis === undefined ? 0 : 1),
      html: set.html + (column.axis ?? ''),
    };
  });
  let [em, isWhole] = [ROUNDING_EM + (hasHead ? rowEm(head.map(({ lines }) => lines)) : 0), true];
  const body = shown.map((cells) => {
    const set = cells.map((cell, index) => {
      const column = columns[index] ?? { head: '', share: 10 };
      if ('svg' in cell) return { html: cell.svg, lines: 1, isWhole: true };
      return setText(cell, (insides[index] ?? 1) / smallEm, {
        lines: column.isNumber === undefined ? room.lines : Infinity,
        isBold: column.isBold === true,
      });
    });
    em += rowEm(set.map(({ lines }) => lines));
    isWhole &&= set.every((one) => one.isWhole);
    return `<tr>${set.map(({ html }, index) => cellHtml(columns[index], html, index)).join('')}</tr>`;
  });
  const headHtml = columns
    .map((column, index) => `<th scope="col"${classOf(column)}>${head[index]?.html ?? ''}</th>`)
    .join('');
  return {
    html: [
      `<table><caption>${escapeHtml(caption)}</caption>`,
      `<colgroup>${columns.map(({ share }) => `<col class="w${share}">`).join('')}</colgroup>`,
      ...(hasHead ? [`<thead><tr>${headHtml}</tr></thead>`] : []),
      `<tbody>${body.join('\n')}</tbody></table>`,
    ].join('\n'),
    em,
    cut: shown.length < rows.length ? `${shown.length} of ${rows.length}` : isWhole ? '' : 'shortened',
  };
}

const rowEm = (lines: readonly number[]) =>
  Math.max(1, ...lines) * lineEm * smallEm + 2 * cellPadEm + RULE_EM;

function cellHtml(column: Column | undefined, html: string, index: number): string {
  const attributes = column === undefined ? '' : classOf(column);
  return index === 0 ? `<th scope="row"${attributes}>${html}</th>` : `<td${attributes}>${html}</td>`;
}

function classOf({ isNumber, isBold }: Column): string {
  const names = [...(isNumber ? ['n'] : []), ...(isBold ? ['b'] : [])];
  return names.length === 0 ? '' : ` class="${names.join(' ')}"`;
}

/** Facts with their names: a table of two columns without a head. @param share of the names, % */
export function drawFacts(
  facts: readonly (readonly [name: string, Line | readonly Line[]])[],
  { widthEm, room, caption, share = 20 }: { widthEm: number; room: Room; caption: string; share?: number },
): Drawn {
  const rows = facts.map(([name, lines]): Cell[] => [[[name]], isLines(lines) ? lines : [lines]]);
  const columns = [
    { head: '', share },
    { head: '', share: 100 - share },
  ];
  const drawn = drawTable(columns, rows, { widthEm, room: { ...room, rows: Infinity }, caption });
  return { ...drawn, html: drawn.html.replace('<table>', '<table class="facts">') };
}

const isLines = (lines: Line | readonly Line[]): lines is readonly Line[] => Array.isArray(lines[0]);

/** Paragraphs over the whole width. */
export function drawText(
  paragraphs: readonly Line[],
  { widthEm, room }: { widthEm: number; room: Room },
): Drawn {
  if (paragraphs.length === 0) return { html: '', em: 0, cut: '' };
  const set = setText(paragraphs, widthEm / smallEm, room);
  return {
    html: `<p>${set.html}</p>`,
    em: set.lines * lineEm * smallEm + 2 * cellPadEm,
    cut: set.isWhole ? '' : 'shortened',
  };
}

/** One below the other. */
export function stack(...parts: readonly Drawn[]): Drawn {
  return {
    html: parts.map(({ html }) => html).join('\n'),
    em: parts.reduce((sum, { em }) => sum + em, 0),
    cut: parts.map(({ cut }) => cut).find((cut) => cut !== '') ?? '',
  };
}

/** Share of the width, %, that the widest of some words takes beside the rest; at least and at most so much. */
export function shareFor(
  lines: readonly Line[],
  widthEm: number,
  [least, most]: readonly [number, number],
): number {
  const widest = Math.max(0, ...lines.map(widthOfLine)) * smallEm + columnGapEm + 0.3;
  return Math.min(most, Math.max(least, Math.ceil((widest / widthEm) * 100)));
}
