import type { AgentHeader } from './mtconnect-document.ts';
import type { XmlAttributes } from './xml-reader.ts';

/** A header that says nothing. */
export const EMPTY_HEADER: AgentHeader = {
  instanceId: '',
  version: '',
  creationMs: undefined,
  creationResolutionMs: 1000,
  bufferSize: undefined,
  firstSequence: undefined,
  lastSequence: undefined,
  nextSequence: undefined,
  modelChange: undefined,
};

/** The header that the attributes of a Header element say. */
export function readHeader(attributes: XmlAttributes): AgentHeader {
  const creation = attributes.get('creationTime') ?? '';
  return {
    instanceId: attributes.get('instanceId') ?? '',
    version: attributes.get('version') ?? '',
    creationMs: parseTimestamp(creation),
    creationResolutionMs: /\.\d/.test(creation) ? 1 : 1000,
    bufferSize: parseCount(attributes.get('bufferSize')),
    firstSequence: parseCount(attributes.get('firstSequence')),
    lastSequence: parseCount(attributes.get('lastSequence')),
    nextSequence: parseCount(attributes.get('nextSequence')),
    modelChange: attributes.get('deviceModelChangeTime'),
  };
}

/** A time as an agent writes it, ms since the Unix epoch; UTC where no zone is given, undefined where it is no time. */
export function parseTimestamp(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT/.test(text)) return undefined;
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** A whole number from 0 to 2^53 - 1; undefined for anything else. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : undefined;
}
