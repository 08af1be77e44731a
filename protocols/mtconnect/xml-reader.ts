import sax from 'sax';
import { badDocumentError } from './agent-error.ts';

/** Real documents nest about fifteen deep. */
const DEPTH_MAX = 64;
const ATTRIBUTES_MAX = 64;
/** A longer text of one element is cut: no value that we read is so long. */
const TEXT_LENGTH_MAX = 65_536;
/** Characters of one document; a full buffer asked for in pieces stays far below. */
const DOCUMENT_LENGTH_MAX = 64 * 1024 * 1024;

const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const CONTROLS_ALL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** The attributes of an element by their names without prefix. */
export type XmlAttributes = ReadonlyMap<string, string>;

/** What is told of a document, element by element. Names come without their prefix. */
export interface XmlHandler {
  open(name: string, attributes: XmlAttributes): void;
  /** `text` is the element's own text, without that of its children, trimmed. */
  close(name: string, text: string): void;
}

/** Takes a document in pieces, cut anywhere. Both throw an error of class `retry` (code `bad-frame`) for what is no XML. */
export interface XmlReader {
  write(text: string): void;
  end(): void;
}

/**
 * Reads XML strictly and within bounds: no document types, no entities but the five of XML. Prefixes are dropped and
 * namespaces not looked at, because every version of MTConnect has others. `where` names the agent in errors.
 */
export function createXmlReader(where: string, handler: XmlHandler): XmlReader {
  const fail = (what: string) => {
    throw badDocumentError(where, what);
  };
  // The types of sax do not know this option: without it, all entities of HTML are taken.
  const options = { xmlns: false, position: false, strictEntities: true };
  const xml = sax.parser(true, options);
  const texts: string[] = [];
  let length = 0;
  let attributes = 0;
  let sawRoot = false;

  const addText = (text: string) => {
    const own = texts.length - 1;
    const held = texts[own];
    if (held !== undefined && held.length < TEXT_LENGTH_MAX)
      texts[own] = (held + text).slice(0, TEXT_LENGTH_MAX);
  };
  xml.onerror = (error) => fail(`what is no XML (${firstLine(error.message)})`);
  xml.ondoctype = () => fail('a document type, which MTConnect has not');
  xml.onsgmldeclaration = () => fail('a declaration, which MTConnect has not');
  xml.onopentagstart = () => {
    attributes = 0;
  };
  xml.onattribute = () => {
    attributes += 1;
    if (attributes > ATTRIBUTES_MAX) fail('an element with far too many attributes');
  };
  xml.onopentag = ({ name, attributes: given }) => {
    if (sawRoot && texts.length === 0) fail('a second document behind the first');
    sawRoot = true;
    if (texts.length >= DEPTH_MAX) fail('elements nested far too deep');
    texts.push('');
    const own = new Map<string, string>();
    for (const [key, value] of Object.entries(given)) own.set(localOf(key), plainOf(String(value)));
    handler.open(localOf(name), own);
  };
  // Half a character, which a reference or a cut text may leave, has no bytes of its own.
  xml.onclosetag = (name) => handler.close(localOf(name), (texts.pop() ?? '').trim().toWellFormed());
  xml.ontext = addText;
  xml.oncdata = addText;

  return {
    write: (text) => {
      length += text.length;
      if (length > DOCUMENT_LENGTH_MAX) fail('a document without end');
      xml.write(text);
    },
    end: () => {
      xml.close();
      if (!sawRoot) fail('an empty document');
    },
  };
}

/** Names, codes and errors are shown to people: nothing in them may steer a terminal or break a line. */
export function plainOf(value: string): string {
  return CONTROLS.test(value) ? value.replace(CONTROLS_ALL, ' ') : value;
}

function localOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 100);
}
