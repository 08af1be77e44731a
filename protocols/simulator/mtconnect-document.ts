import type { Observation } from './mtconnect-buffer.ts';
import type { DeviceModel, SimulatedItem } from './mtconnect-devices.ts';

/** What every document of an agent begins with. */
export interface DocumentHeader {
  instanceId: number;
  /** ms since the Unix epoch; agents write whole seconds. */
  creationMs: number;
  bufferSize: number;
  /** Absent in the probe document and in errors. */
  sequences?: { first: number; next: number; last: number };
}

/** The probe document: every device, or one. */
export function writeDevices(model: DeviceModel, header: DocumentHeader, device?: number): string {
  const shown = model.devices.filter((_, index) => device === undefined || index === device);
  return document(
    'Devices',
    model,
    header,
    `<Devices>\n${shown.map(({ xml }) => xml).join('\n')}\n</Devices>`,
    ' assetBufferSize="1024" assetCount="0"',
  );
}

/** A document of observations, by device, component and category, each in the order of their numbers. */
export function writeStreams(
  model: DeviceModel,
  header: DocumentHeader,
  observations: readonly Observation[],
): string {
  const streams: string[] = [];
  for (const [device, ofDevice] of groupBy(observations, ({ item }) => item.device)) {
    const { name = '', uuid = '' } = model.devices[device] ?? {};
    streams.push(`<DeviceStream${attributes({ name, uuid })}>`);
    for (const ofComponent of groupBy(ofDevice, ({ item }) => item.component.id).values()) {
      const { kind, id, name: componentName } = ofComponent[0]!.item.component;
      streams.push(
        `<ComponentStream${attributes({ component: kind, name: componentName, componentId: id })}>`,
      );
      for (const [category, element] of CATEGORIES) {
        const own = ofComponent.filter(({ item }) => item.category === category);
        if (own.length > 0)
          streams.push(`<${element}>`, ...own.map((one) => writeObservation(one)), `</${element}>`);
      }
      streams.push('</ComponentStream>');
    }
    streams.push('</DeviceStream>');
  }
  const inner = streams.length === 0 ? '<Streams/>' : `<Streams>\n${streams.join('\n')}\n</Streams>`;
  return document('Streams', model, header, inner);
}

/** A document that says why there is no answer. */
export function writeError(model: DeviceModel, header: DocumentHeader, code: string, words: string): string {
  return document(
    'Error',
    model,
    header,
    `<Errors>\n<Error${attributes({ errorCode: code })}>${escapeXml(words)}</Error>\n</Errors>`,
  );
}

/** Text that may stand in an element or an attribute. Characters that XML 1.0 cannot carry are written as `?`. */
export function escapeXml(text: string): string {
  return text.replace(
    /[&<>"'\t\n\r]|[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu,
    (found) => {
      return ESCAPES[found] ?? '?';
    },
  );
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
const CATEGORIES = [
  ['SAMPLE', 'Samples'],
  ['EVENT', 'Events'],
  ['CONDITION', 'Condition'],
] as const;
/** Words that keep their capitals where a type becomes an element. */
const ABBREVIATIONS = new Set(['AC', 'DC', 'PH', 'IP']);

function document(
  kind: 'Devices' | 'Streams' | 'Error',
  { version, namespaces }: Pick<DeviceModel, 'version' | 'namespaces'>,
  header: DocumentHeader,
  inner: string,
  extra = '',
): string {
  const name = `MTConnect${kind}`;
  const urn = `urn:mtconnect.org:${name}:${version}`;
  const { sequences } = header;
  const numbers =
    sequences === undefined
      ? ''
      : attributes({
          nextSequence: `${sequences.next}`,
          firstSequence: `${sequences.first}`,
          lastSequence: `${sequences.last}`,
        });
  const creationTime = `${new Date(header.creationMs).toISOString().slice(0, 19)}Z`;
  const own = attributes({
    creationTime,
    sender: 'millwatt-simulator',
    instanceId: `${header.instanceId}`,
    version,
    bufferSize: `${header.bufferSize}`,
  });
  const prefixes = Object.entries(namespaces).map(([prefix, uri]): [string, string] => [
    `xmlns:${prefix}`,
    uri.replace('MTConnectDevices', name),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>
<${name}${attributes({ xmlns: urn, ...Object.fromEntries(prefixes) })}>
<Header${own}${extra}${numbers}/>
${inner}
</${name}>
`;
}

function writeObservation(observation: Observation): string {
  const { item, time, sequence, value, level } = observation;
  const base = { dataItemId: item.id, timestamp: time, name: item.name, sequence: `${sequence}` };
  const more = { subType: item.subType, ...observation.attributes };
  if (level !== undefined) {
    const own = attributes({ ...base, type: item.type, ...more });
    return value === '' ? `<${level}${own}/>` : `<${level}${own}>${escapeXml(value)}</${level}>`;
  }
  const element = elementOf(item);
  if (item.representation === 'DATA_SET' && value !== 'UNAVAILABLE') {
    const entries = value.split(' ').filter((entry) => entry.includes('='));
    const written = entries.map((entry) => {
      const [key = ''] = entry.split('=', 1);
      return `<Entry${attributes({ key })}>${escapeXml(entry.slice(key.length + 1))}</Entry>`;
    });
    return `<${element}${attributes({ ...base, ...more, count: `${entries.length}` })}>${written.join('')}</${element}>`;
  }
  return `<${element}${attributes({ ...base, ...more })}>${escapeXml(value)}</${element}>`;
}

/** `PART_COUNT` -> `PartCount`, `x:MOTION` -> `x:Motion`, a data set of `VARIABLE` -> `VariableDataSet`. */
function elementOf(item: SimulatedItem): string {
  const [, prefix = '', type = ''] = /^([^:]*:)?(.*)$/u.exec(item.type) ?? [];
  const name = type
    .split('_')
    .map((word) => (ABBREVIATIONS.has(word) ? word : word.slice(0, 1) + word.slice(1).toLowerCase()))
    .join('');
  return `${prefix}${name}${item.representation === 'DATA_SET' ? 'DataSet' : ''}`;
}

function attributes(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeXml(value)}"`))
    .join('');
}

function groupBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
