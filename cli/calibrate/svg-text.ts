/** Where a picture is within a larger one, pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A text of an SVG, escaped. */
export function text(
  x: number,
  y: number,
  words: string,
  classes: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const anchored = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${Math.round(x * 10) / 10}" y="${y}" class="${classes}"${anchored}>${safe}</text>`;
}

/** Elements as one group. */
export function group(elements: readonly string[]): string[] {
  return ['<g>', ...elements, '</g>'];
}
