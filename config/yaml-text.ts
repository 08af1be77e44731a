import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import type { ConfigPath, Remark } from './finding.ts';

const SIZE_BYTES_MAX = 1024 * 1024;
/** Deep enough for every configuration of ours, and far from what a parser's stack can bear. */
const DEPTH_MAX = 16;
/** Aliases are a convenience (`*meter`); more of them is an attempt to blow a small file up. */
const ALIASES_MAX = 100;
const RESERVED_KEYS = ['__proto__', 'constructor', 'prototype'];

/** A place in a text, both 1-based. */
export interface Place {
  line: number;
  column: number;
}

/** A remark about the text itself, which already knows its place. */
export interface PlacedRemark extends Remark {
  place: Place;
}

/** A YAML text taken apart. */
export interface YamlText {
  /** Plain data; undefined when the text is empty or must not be turned into data. */
  value: unknown;
  /** What is wrong with the text as YAML. */
  remarks: PlacedRemark[];
  /** The line up to which (exclusive) the value can be trusted: where the first syntax error stands, else Infinity. */
  soundUntilLine: number;
  /** Where a value (or the key it stands behind) is; for what is missing, where its nearest parent is. */
  locate(path: ConfigPath, target?: 'key' | 'value'): Place;
}

/**
 * Takes a YAML 1.2 text apart, keeping where everything stands. Never throws; refuses what is too large or too deep, and
 * more aliases than `aliasesMax`.
 */
export function parseYamlText(text: string, aliasesMax = ALIASES_MAX): YamlText {
  if (Buffer.byteLength(text) > SIZE_BYTES_MAX)
    return hopeless('The file is larger than 1 MiB.', 'Split it, or give the right file.');
  if (nestsTooDeeply(text))
    return hopeless(`The file nests brackets deeper than ${DEPTH_MAX} levels.`, 'Give the right file.');
  const lines = new LineCounter();
  let doc: Document.Parsed;
  try {
    doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', uniqueKeys: true });
  } catch {
    return hopeless('The file nests far too deeply to be read.', 'Give the right file.');
  }
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const torn = doc.errors.filter((error) => error.code !== 'DUPLICATE_KEY');
  const [first, ...followers] = torn.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const remarks = [...doc.errors, ...doc.warnings]
    .filter((error) => !followers.includes(error))
    .map((error) => {
      const remark = describeYamlError(error, placeAt);
      return error === first ? explainFirst(remark, followers.length, text) : remark;
    });
  const locate = (path: ConfigPath, target: 'key' | 'value' = 'value') =>
    placeAt(offsetOf(doc, path, target));

  // Behind a syntax error the parser guesses; a key that it made up accuses nobody.
  const unsafe = findUnsafe(doc, placeAt);
  if (unsafe.length > 0)
    return {
      value: undefined,
      remarks: [
        ...remarks,
        ...unsafe.filter(({ place }) => first === undefined || place.line < placeAt(first.pos[0]).line),
      ],
      soundUntilLine: 1,
      locate,
    };
  const soundUntilLine = first === undefined ? Infinity : placeAt(first.pos[0]).line;
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: aliasesMax });
  } catch {
    remarks.push({
      severity: 'error',
      path: [],
      place: { line: 1, column: 1 },
      message:
        aliasesMax === 0
          ? 'The file uses aliases (*name), which are not taken here.'
          : 'The aliases (*name) of this file cannot be resolved, or there are far too many.',
      cure: 'Write the values out.',
    });
  }
  return { value: value ?? undefined, remarks, soundUntilLine, locate };
}

function hopeless(message: string, cure: string): YamlText {
  const place = { line: 1, column: 1 };
  const remark: PlacedRemark = { severity: 'error', path: [], place, message, cure };
  return { value: undefined, remarks: [remark], soundUntilLine: 1, locate: () => place };
}

/** Counts brackets only, for the parser would recurse as deep as they go. Brackets in quotes are few enough not to matter. */
function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth = Math.max(0, depth - 1);
    if (depth > DEPTH_MAX * 4) return true;
  }
  return false;
}

/** Keys that could change what plain objects are, and nesting that no configuration has. */
function findUnsafe(doc: Document.Parsed, placeAt: (offset: number) => Place): PlacedRemark[] {
  const remarks: PlacedRemark[] = [];
  const startOf = (node: unknown) => placeAt((node as Node | undefined)?.range?.[0] ?? 0);
  visit(doc, {
    Pair: (_, pair) => {
      const fault = faultOfKey(pair.key);
      if (fault !== undefined)
        remarks.push({
          severity: 'error',
          path: [],
          place: startOf(pair.key),
          message: fault,
          cure: KEY_CURE,
        });
      return undefined;
    },
    Collection: (_, node, parents) => {
      if (parents.length < DEPTH_MAX * 2) return undefined;
      remarks.push({
        severity: 'error',
        path: [],
        place: startOf(node),
        message: `This is nested deeper than ${DEPTH_MAX} levels.`,
        cure: 'Look for a missing line break or a wrong indent.',
      });
      return visit.BREAK;
    },
  });
  if (doc.directives?.yaml.explicit === true && doc.directives.yaml.version !== '1.2')
    remarks.push({
      severity: 'error',
      path: [],
      place: { line: 1, column: 1 },
      message: `The file says that it is YAML ${doc.directives.yaml.version}, in which yes, no and 0777 mean something else.`,
      cure: 'Remove the %YAML line; files are read as YAML 1.2.',
    });
  return remarks;
}

const KEY_CURE = 'Remove it, or look for a missing quote, bracket or line break.';

function faultOfKey(key: unknown): string | undefined {
  // An alias is not a word either: behind it a reserved one could hide.
  if (!isScalar(key)) return 'A key must be a word.';
  const name = String(key.value);
  return RESERVED_KEYS.includes(name) ? `"${name}" cannot be used as a key.` : undefined;
}

const CURES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'Remove one of the two; which of them was meant cannot be told.',
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_INDENT: 'Align it with its neighbours, using spaces.',
  MISSING_CHAR: 'Add the missing quote, bracket or colon.',
  MULTIPLE_DOCS: 'Keep one document: remove the line --- and what follows it.',
  BLOCK_AS_IMPLICIT_KEY: 'Put the value in quotes if it holds a colon, and check the indent.',
  TAG_RESOLVE_FAILED: 'Remove the tag (the word that begins with !).',
};

function describeYamlError(error: YAMLError, placeAt: (offset: number) => Place): PlacedRemark {
  return {
    severity: 'error',
    path: [],
    place: placeAt(error.pos[0]),
    message: `Not valid YAML: ${error.message.trim().replace(/[.:]$/, '')}.`,
    cure: CURES[error.code] ?? 'Check the indent, quotes and colons of this line and the one before.',
  };
}

/** One slip tears all that follows it: only the first tear is worth reading. */
function explainFirst(remark: PlacedRemark, followers: number, text: string): PlacedRemark {
  const more =
    followers === 0 ? '' : ` (${followers} more ${followers === 1 ? 'follows' : 'follow'} from it)`;
  const lines = text.split('\n').slice(0, remark.place.line);
  const isContent = (line: string) => /^\s*[^\s#]/.test(line);
  // The parser stumbles at the line itself or at the next one that says something.
  const suspects = [lines.length - 1, lines.slice(0, -1).findLastIndex(isContent)];
  for (const index of suspects) {
    const key = /^\s*(?:- +)?([A-Za-z]\w*):[^\s/]/.exec(lines[index] ?? '')?.[1];
    if (key !== undefined)
      return {
        ...remark,
        message: `${remark.message}${more}`,
        cure: `Put a space after the colon of ${key} in line ${index + 1}.`,
      };
  }
  const cure = cureOfIndent(lines) ?? remark.cure;
  return { ...remark, message: `${remark.message}${more}`, cure };
}

/** A list item that begins at another column than the item above it: what pasting a fragment leads to. */
function cureOfIndent(lines: readonly string[]): string | undefined {
  const columnOf = (line = '') => /^( *)- /.exec(line)?.[1]?.length;
  const column = columnOf(lines.at(-1));
  const above = lines.slice(0, -1).findLastIndex((line) => columnOf(line) !== undefined);
  const due = columnOf(lines[above]);
  if (column === undefined || due === undefined || column === due) return undefined;
  return `Give the "-" of line ${lines.length} the indent of the one in line ${above + 1} (${due} ${due === 1 ? 'space' : 'spaces'}), and move what belongs to it along.`;
}

/** The offset of the value at a path; where the path leaves the document, of the last key that is there. */
function offsetOf(doc: Document.Parsed, path: ConfigPath, target: 'key' | 'value'): number {
  let node: unknown = doc.contents;
  let key: unknown;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(doc);
    const pair = isMap(node) ? findPair(node.items, step) : undefined;
    const next = isSeq(node) && typeof step === 'number' ? node.items[step] : pair?.value;
    if (pair === undefined && next === undefined) return startOf(key) ?? startOf(node) ?? 0;
    if (pair !== undefined) key = pair.key;
    else key = next;
    // A key without a value (`host:`) has nothing to point at but the key.
    node = next ?? key;
  }
  return (target === 'key' ? startOf(key) : undefined) ?? startOf(node) ?? startOf(key) ?? 0;
}

function findPair(items: Pair[], key: string | number): Pair | undefined {
  return items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
