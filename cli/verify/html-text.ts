import { plainText } from './plain-text.ts';

/** Text of a page in which everything that was put in is escaped. */
export class Html {
  readonly text: string;

  /** @param text that is HTML already */
  constructor(text: string) {
    this.text = text;
  }
}

/** What may be put into a page: texts are escaped, and what would not be seen in them is shown. */
export type HtmlPiece = Html | string | number | readonly HtmlPiece[];

/** A piece of a page: html`<td>${text}</td>`. */
export function html(texts: TemplateStringsArray, ...pieces: readonly HtmlPiece[]): Html {
  return new Html(texts.map((text, at) => text + (at < pieces.length ? written(pieces[at]!) : '')).join(''));
}

function written(piece: HtmlPiece): string {
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece));
  return piece.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return plainText(text).replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
