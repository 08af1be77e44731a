import { parseCount, parseTimestamp } from './agent-header.ts';
import type { ConditionReport, Observation } from './mtconnect-document.ts';
import type { XmlAttributes, XmlHandler } from './xml-reader.ts';

const LISTS = ['Samples', 'Events', 'Condition'];
const LEVELS = ['Normal', 'Warning', 'Fault', 'Unavailable'] as const;
const UNAVAILABLE = 'UNAVAILABLE';

/** Gathers the observations of a current or sample answer, in the order of the document. */
export class StreamsBuilder implements XmlHandler {
  readonly observations: Observation[] = [];
  readonly #names: string[] = [];
  #open: { depth: number; name: string; list: string; attributes: XmlAttributes } | undefined;

  open(name: string, attributes: XmlAttributes): void {
    const parent = this.#names.at(-1);
    this.#names.push(name);
    if (this.#open === undefined && parent !== undefined && LISTS.includes(parent))
      this.#open = { depth: this.#names.length, name, list: parent, attributes };
  }

  close(_name: string, text: string): void {
    const open = this.#open;
    if (open?.depth === this.#names.length) {
      this.#open = undefined;
      const item = open.attributes.get('dataItemId');
      const sequence = parseCount(open.attributes.get('sequence'));
      // Without these two there is no telling what was said, and whether it was said already.
      if (item !== undefined && sequence !== undefined)
        this.observations.push({
          item,
          sequence,
          timestampMs: parseTimestamp(open.attributes.get('timestamp')),
          ...(open.list === 'Condition'
            ? conditionOf(open.name, open.attributes, text)
            : { value: text === UNAVAILABLE ? null : text }),
        });
    }
    this.#names.pop();
  }
}

function conditionOf(
  name: string,
  attributes: XmlAttributes,
  text: string,
): Pick<Observation, 'value' | 'condition'> {
  const level = LEVELS.find((known) => known === name) ?? 'Unavailable';
  const condition: ConditionReport = {
    level,
    code: attributes.get('conditionId') ?? attributes.get('nativeCode') ?? '',
    severity: attributes.get('nativeSeverity'),
    qualifier: attributes.get('qualifier'),
  };
  return { value: level === 'Unavailable' ? null : text, condition };
}
