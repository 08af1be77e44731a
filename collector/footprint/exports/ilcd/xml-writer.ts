import { COMMON_NAMESPACE, KINDS, kindOfReference, partsOf, type DataSet, type Element } from './data-set.ts';

const HEADING = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Attributes of the outermost element, in XML. */
export function xmlRootAttributes(kind: DataSet['kind']): Record<string, string> {
  return { xmlns: KINDS[kind].namespace, 'xmlns:common': COMMON_NAMESPACE, version: '1.1' };
}

/** Where a reference points to, from the file it stands in; undefined for a reference to no kind of ours. */
export function uriOf({ attributes }: Element, extension: string): string | undefined {
  const kind = kindOfReference(attributes['type']);
  return kind === undefined ? undefined : `../${kind}/${attributes['refObjectId'] ?? ''}.${extension}`;
}

/** A data set as a file of ILCD 1.1, two spaces a level. */
export function writeXml({ kind, root }: DataSet): string {
  return `${HEADING}${write({ ...root, attributes: xmlRootAttributes(kind) }, '')}`;
}

function write(part: Element, indent: string): string {
  const uri = uriOf(part, 'xml');
  const attributes = Object.entries(uri === undefined ? part.attributes : { ...part.attributes, uri });
  const start = `${indent}<${part.name}${attributes.map(([key, value]) => ` ${key}="${escape(value)}"`).join('')}`;
  if (part.content.length === 0) return `${start}/>\n`;
  if (typeof part.content === 'string') return `${start}>${escape(part.content)}</${part.name}>\n`;
  const inner = partsOf(part).map((one) => write(one, `${indent}  `));
  return `${start}>\n${inner.join('')}${indent}</${part.name}>\n`;
}

/** Line breaks and tabs as well: a reader would make spaces of them in attributes. */
function escape(text: string): string {
  return text.replaceAll(/[&<>"\n\t]/g, (letter) =>
    letter === '&'
      ? '&amp;'
      : letter === '<'
        ? '&lt;'
        : letter === '>'
          ? '&gt;'
          : letter === '"'
            ? '&quot;'
            : `&#${letter.charCodeAt(0)};`,
  );
}
