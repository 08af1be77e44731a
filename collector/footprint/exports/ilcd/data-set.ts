/**
 * A part of a data set as both formats write it: an XML element, or a JSON member. Names have the prefix `common:` where
 * ILCD's common namespace declares them. Content is a text or further elements in the order of the format.
 */
export interface Element {
  name: string;
  attributes: Readonly<Record<string, string>>;
  content: string | readonly Element[];
}

/** Which of the six data sets of ILCD, by the folder it stands in. */
export type DataSetKind = 'processes' | 'flows' | 'flowproperties' | 'unitgroups' | 'sources' | 'contacts';

/** One data set, whatever it will be written as: ILCD's XML and TIDAS' JSON are both made of this and cannot disagree. */
export interface DataSet {
  kind: DataSetKind;
  /** UUID. */
  id: string;
  /** `01.00.000`. */
  version: string;
  /** What a reference to it says, English where it is ours. */
  title: string;
  root: Element;
}

/** What a reference needs to know of a data set. */
export type DataSetHead = Omit<DataSet, 'root'>;

/** How the format calls data sets of a kind. */
export const KINDS: Readonly<
  Record<DataSetKind, { root: string; namespace: string; schema: string; reference: string }>
> = {
  processes: kindOf('process', 'Process', 'process data set'),
  flows: kindOf('flow', 'Flow', 'flow data set'),
  flowproperties: kindOf('flowProperty', 'FlowProperty', 'flow property data set'),
  unitgroups: kindOf('unitGroup', 'UnitGroup', 'unit group data set'),
  sources: kindOf('source', 'Source', 'source data set'),
  contacts: kindOf('contact', 'Contact', 'contact data set'),
};

/** Namespace of what all kinds share. */
export const COMMON_NAMESPACE = 'http://lca.jrc.it/ILCD/Common';

function kindOf(word: string, name: string, reference: string) {
  return {
    root: `${word}DataSet`,
    namespace: `http://lca.jrc.it/ILCD/${name}`,
    schema: `ILCD_${name}DataSet.xsd`,
    reference,
  };
}

/** The kind that a reference's `type` names. */
export function kindOfReference(type: string | undefined): DataSetKind | undefined {
  return (Object.keys(KINDS) as DataSetKind[]).find((kind) => KINDS[kind].reference === type);
}

/** The kind whose files have this outermost element. */
export function kindOfRoot(name: string): DataSetKind | undefined {
  return (Object.keys(KINDS) as DataSetKind[]).find((kind) => KINDS[kind].root === name);
}

/** Longest texts of ILCD's `String` and `ST`, in characters. */
export const STRING_LETTERS_MAX = 500;
/** As above. */
export const SHORT_TEXT_LETTERS_MAX = 1000;

/** An element of a text or of others; parts that are not there (`null`) are left out. */
export function element(
  name: string,
  content: string | readonly (Element | null)[],
  attributes: Record<string, string> = {},
): Element {
  const parts = typeof content === 'string' ? [] : content.filter((part) => part !== null);
  return {
    name,
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, writable(value)])),
    content: typeof content === 'string' ? writable(content) : parts.length === 0 ? '' : parts,
  };
}

/**
 * A text for people, always with its language: ILCD's default trips libxml2, and TIDAS refuses Chinese letters in English
 * texts and Chinese texts without any. Longer texts are cut with an ellipsis where the format has a limit.
 */
export function words(name: string, text: string, lettersMax = Infinity): Element {
  const letters = Array.from(writable(text));
  const cut = letters.length <= lettersMax ? letters : [...letters.slice(0, lettersMax - 1), '…'];
  const written = cut.join('');
  return element(name, written, { 'xml:lang': isChinese(written) ? 'zh' : 'en' });
}

/** A reference to a data set; where the file lies is added by whoever writes it. */
export function reference(name: string, { kind, id, version, title }: DataSetHead): Element {
  return element(name, [words('common:shortDescription', title, SHORT_TEXT_LETTERS_MAX)], {
    type: KINDS[kind].reference,
    refObjectId: id,
    version,
  });
}

/** Whether a text has letters that Chinese is written with (TIDAS' own test). */
export function isChinese(text: string): boolean {
  return /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF]/.test(text);
}

/** The text without what XML 1.0 cannot write, such as control characters; both formats get the same. */
function writable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .trim();
}

/** The elements within one, none for a text. */
export function partsOf({ content }: Element): readonly Element[] {
  return typeof content === 'string' ? [] : content;
}

/** The first element at a way of names, as `processInformation/time`. */
export function find(from: Element, way: string): Element | undefined {
  let at: Element | undefined = from;
  for (const name of way.split('/')) at = at && partsOf(at).find((part) => part.name === name);
  return at;
}

/** The text at a way of names; undefined where there is none. */
export function textAt(from: Element, way: string): string | undefined {
  const content = find(from, way)?.content;
  return typeof content === 'string' ? content : undefined;
}

/** Every element below and including one, each with the way to it. */
export function* walk(from: Element, way = from.name): Iterable<[Element, string]> {
  yield [from, way];
  const seen = new Map<string, number>();
  for (const part of partsOf(from)) {
    const nth = seen.get(part.name) ?? 0;
    seen.set(part.name, nth + 1);
    yield* walk(part, `${way}/${part.name}${nth === 0 ? '' : `[${nth}]`}`);
  }
}
