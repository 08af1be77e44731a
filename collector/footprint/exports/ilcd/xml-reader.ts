import type { Element } from './data-set.ts';

const NAME = '[A-Za-z_][A-Za-z0-9_.:-]*';
const OPEN = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'y');
const CLOSE = new RegExp(`</(${NAME})\\s*>`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g');
const HEADING = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Deeper than any data set; a hostile file cannot exhaust the stack. */
const DEPTH_MAX = 40;

/** What makes a text no XML that we write, with the place in characters. */
export class XmlFault extends Error {
  override readonly name = 'XmlFault';
}

/**
 * The outermost element of an XML text of the kind that is exported: elements, attributes, texts. Comments, CDATA, document
 * types and processing instructions are never written and are refused, as is text between elements. Throws `XmlFault`.
 */
export function readXml(text: string): Element {
  const heading = HEADING.exec(text);
  if (heading === null) throw new XmlFault('has no XML declaration of version 1.0 in UTF-8');
  const [root, end] = readElement(text, heading[0].length, 0);
  if (text.slice(end).trim() !== '') throw new XmlFault(`has something behind its end, at character ${end}`);
  return root;
}

function readElement(text: string, at: number, depth: number): [Element, number] {
  if (depth > DEPTH_MAX) throw new XmlFault(`is nested deeper than ${DEPTH_MAX}, at character ${at}`);
  OPEN.lastIndex = at;
  const open = OPEN.exec(text);
  if (open === null) throw new XmlFault(`has no element where one should begin, at character ${at}`);
  const [whole, name = '', written = '', slash] = open;
  const attributes = readAttributes(written, at);
  let next = at + whole.length;
  if (slash === '/') return [{ name, attributes, content: '' }, next];

  const parts: Element[] = [];
  let between = '';
  for (;;) {
    const angle = text.indexOf('<', next);
    if (angle === -1) throw new XmlFault(`ends within ${name}, which began at character ${at}`);
    between += text.slice(next, angle);
    if (text.startsWith('</', angle)) {
      CLOSE.lastIndex = angle;
      const close = CLOSE.exec(text);
      if (close?.[1] !== name) throw new XmlFault(`does not close ${name} at character ${angle}`);
      const end = angle + close[0].length;
      if (parts.length === 0) return [{ name, attributes, content: decode(between, at) }, end];
      if (between.trim() !== '')
        throw new XmlFault(`has text between the elements of ${name}, at character ${at}`);
      return [{ name, attributes, content: parts }, end];
    }
    const [part, end] = readElement(text, angle, depth + 1);
    parts.push(part);
    next = end;
  }
}

function readAttributes(written: string, at: number): Record<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single] of written.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw new XmlFault(`has the attribute ${name} twice, at character ${at}`);
    attributes.set(name, decode(double ?? single ?? '', at));
  }
  return Object.fromEntries(attributes);
}

function decode(text: string, at: number): string {
  return text.replaceAll(/&([^;&\s]*);?/g, (whole, name: string) => {
    const code = /^#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(name);
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    const letter =
      code === null
        ? known
        : fromCode(code[1] === undefined ? Number.parseInt(code[2] ?? '', 16) : Number(code[1]));
    if (letter === undefined || !whole.endsWith(';'))
      throw new XmlFault(`has ${whole}, which stands for no letter, in what begins at character ${at}`);
    return letter;
  });
}

const fromCode = (code: number) => (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
