/*
 * How long texts are in print, estimated on the safe side: what writes the page has no browser, and has to know what fits on it.
 */

/** Widths of Arial's characters in thousandths of the font size; letters and digits that are not named are 556. */
const WIDTHS: readonly (readonly [number, string])[] = [
  [222, 'ijl|'],
  [278, " .,:;!/\\'ftI[]·"],
  [333, 'r()-"`{}₂'],
  [389, '*'],
  [500, 'ckszvxyJ'],
  [584, '+=<>~×±'],
  [611, 'FTZ'],
  [667, 'ABEKPSVXY&'],
  [722, 'wCDHNRU'],
  [778, 'GOQ'],
  [833, 'mM'],
  [944, 'W'],
  [1000, '—…%@'],
];
const LATIN = 556;
/** Chinese, Japanese and Korean signs, and whatever else nothing is known of. */
const WIDE = 1000;
const EMOJI = 1400;
/** Another font than Arial may stand in for it, and hinting rounds each letter. */
const SAFETY = 1.025;
/** In font sizes. */
const SPACE = 0.278;

const known = new Map(
  WIDTHS.flatMap(([width, chars]) => Array.from(chars, (char) => [char, width] as const)),
);

/** Width of a text on one line, in font sizes. */
export function widthOf(text: string): number {
  let sum = 0;
  // A letter with accents is as wide as without.
  for (const char of text) sum += known.get(char) ?? known.get(baseOf(char)) ?? widthOfOther(char);
  return (sum * SAFETY) / 1000;
}

const baseOf = (char: string) => (/\p{Script=Latin}/u.test(char) ? char.normalize('NFD').charAt(0) : char);

function widthOfOther(char: string): number {
  if (/[\p{Mn}\p{Cf}]/u.test(char)) return 0;
  if (/[\p{Script=Latin}\d]/u.test(char)) return LATIN;
  if (/\p{Extended_Pictographic}/u.test(char)) return EMOJI;
  if (/[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(char)) return 700;
  return char.codePointAt(0)! < 0x250 ? 584 : WIDE;
}

/** Where a line may break: at spaces, and beside each sign of the scripts that have none. */
const PIECES =
  /\s+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+/gu;

/**
 * On how many lines a text stands; 1 at least. Words that are longer than a line are broken anywhere, as the page does.
 * @param lineEm width of a line in sizes of the font
 * @param most stops counting beyond it
 */
export function linesOf(text: string, lineEm: number, most = Infinity): number {
  let lines = 1;
  let used = 0;
  const place = (width: number) => {
    if (used + width > lineEm) {
      if (used > 0) lines++;
      used = 0;
    }
    // The last sign of each line may not fit by a little.
    const full = Math.max(1, lineEm - 1);
    const further = width > lineEm ? Math.ceil(width / full) - 1 : 0;
    lines += further;
    used += width - further * full;
  };
  for (const [piece] of text.matchAll(PIECES)) {
    const width = widthOf(piece);
    if (/^\s/.test(piece)) used += used === 0 ? 0 : SPACE;
    else if (width <= lineEm) place(width);
    // A word that is longer than a line is broken at its hyphens first.
    else for (const [part] of piece.matchAll(/[^-/?]*[-/?]|[^-/?]+/g)) place(widthOf(part));
    if (lines > most) return lines;
  }
  return lines;
}

/** The longest beginning of a text that fits with `…` behind it; whole characters only, never a letter without its accents. */
export function beginningOf(text: string, lineEm: number, lines: number): string {
  const chars: string[] = [];
  const most = Math.ceil(lines * lineEm * 5) + 8;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(
    text.slice(0, most * 4),
  )) {
    if (chars.length >= most) break;
    chars.push(segment);
  }
  let [fits, tooMany] = [0, chars.length + 1];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (linesOf(`${chars.slice(0, middle).join('')}…`, lineEm, lines) <= lines) fits = middle;
    else tooMany = middle;
  }
  return chars.slice(0, fits).join('').trimEnd();
}
