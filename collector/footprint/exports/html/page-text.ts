import { printable, type Leaf } from './report-leaves.ts';
import { beginningOf, linesOf, widthOf } from './text-measure.ts';

/** A text of the record, which the page marks with its place. */
export interface Shown extends Leaf {
  /** Hashes and keys, in which every sign counts. */
  isCode?: true;
}

/** Words of ours, or a text of the record. */
export type Part = string | Shown;
/** One paragraph. */
export type Line = readonly Part[];

/** A text for HTML, between tags or within quotes. */
export function escapeHtml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** What paragraphs became. */
export interface SetText {
  html: string;
  /** How many lines they take. */
  lines: number;
  isWhole: boolean;
}

const BOLD_WIDER = 1.08;

/**
 * Paragraphs within so many lines. What does not fit is cut at a character and ends with `…`; a text that was cut is not
 * marked as one of the record any more.
 * @param lineEm width of a line in sizes of its font
 */
export function setText(
  paragraphs: readonly Line[],
  lineEm: number,
  { lines: room, isBold = false }: { lines: number; isBold?: boolean },
): SetText {
  const width = isBold ? lineEm / BOLD_WIDER : lineEm;
  const html: string[] = [];
  let used = 0;
  for (const line of paragraphs) {
    const left = room - used;
    if (left <= 0) return { html: html.join('<br>'), lines: used, isWhole: false };
    const text = line.map(measuredOf).join('');
    const lines = linesOf(text, width, left);
    if (lines > left) {
      html.push(cut(line, beginningOf(text, width, left)));
      return { html: html.join('<br>'), lines: room, isWhole: false };
    }
    html.push(line.map(htmlOfPart).join(''));
    used += lines;
  }
  return { html: html.join('<br>'), lines: Math.max(1, used), isWhole: true };
}

/** Width of a paragraph on one line, in sizes of its font. */
export const widthOfLine = (line: Line): number => widthOf(line.map(measuredOf).join(''));

const textOfPart = (part: Part) => (typeof part === 'string' ? part : part.text);

/** All signs of a code are as wide as a digit. */
const measuredOf = (part: Part) =>
  typeof part === 'string' ? part : part.isCode ? '0'.repeat(part.text.length) : part.text;

function htmlOfPart(part: Part): string {
  if (typeof part === 'string') return escapeHtml(part);
  return `<span${part.isCode ? ' class="code"' : ''} data-of="${escapeHtml(part.path)}">${escapeHtml(part.text)}</span>`;
}

function cut(line: Line, beginning: string): string {
  let left = beginning.length;
  const html: string[] = [];
  for (const part of line) {
    const text = textOfPart(part);
    if (text.length <= left) html.push(htmlOfPart(part));
    else if (left > 0) html.push(`<bdi>${escapeHtml(text.slice(0, left))}</bdi>`);
    left -= text.length;
    if (left <= 0) break;
  }
  return `${html.join('')}…`;
}
