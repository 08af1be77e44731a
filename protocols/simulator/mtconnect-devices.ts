import { MillwattError } from '../errors.ts';

/** One thing that a simulated agent can tell of, as the probe document declares it. */
export interface SimulatedItem {
  id: string;
  name?: string | undefined;
  category: 'SAMPLE' | 'EVENT' | 'CONDITION';
  /** As declared: `PART_COUNT`, `x:MOTION`. */
  type: string;
  subType?: string | undefined;
  /** `VALUE` where nothing is declared. */
  representation: string;
  /** What adapters call it, where that is neither its id nor its name. */
  source?: string | undefined;
  /** Place of its device in the document. */
  device: number;
  component: { kind: string; id: string; name?: string | undefined };
}

/** A probe document and what it declares. */
export interface DeviceModel {
  /** Schema version, such as `1.3`. */
  version: string;
  /** Prefixes that its own elements and types have, with their namespaces. */
  namespaces: Record<string, string>;
  /** The text of each device's element, and how it is named. */
  devices: { name: string; uuid: string; xml: string }[];
  /** In document order. */
  items: SimulatedItem[];
}

type Attributes = Record<string, string>;

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<!DOCTYPE[^>]*>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/gu;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gu;

/**
 * Reads the devices and data items of a probe document (Devices.xml), of any schema version. It takes well-formed
 * documents for granted: what is served is the operator's own file. Throws an error of class `refuse` (code
 * `bad-devices`) where it declares no device.
 */
export function readDevices(text: string): DeviceModel {
  const model: DeviceModel = { version: '1.3', namespaces: {}, devices: [], items: [] };
  const path: { kind: string; attributes: Attributes }[] = [];
  let deviceFrom = -1;
  let item: SimulatedItem | undefined;
  const open = (kind: string, attributes: Attributes, at: number) => {
    if (kind === 'MTConnectDevices') {
      model.version = /MTConnectDevices:([\d.]+)/u.exec(attributes['xmlns'] ?? '')?.[1] ?? model.version;
      for (const [name, value] of Object.entries(attributes))
        if (name.startsWith('xmlns:')) model.namespaces[name.slice(6)] = value;
    }
    if (kind === 'Device') {
      deviceFrom = at;
      model.devices.push({ name: attributes['name'] ?? '', uuid: attributes['uuid'] ?? '', xml: '' });
    }
    if (kind === 'DataItem') {
      const owner = path.findLast((one) => one.kind !== 'DataItems');
      item = itemOf(attributes, owner, model.devices.length - 1);
      if (item === undefined) return void path.push({ kind, attributes });
      model.items.push(item);
      const prefix = /^(.+):/u.exec(item.type)?.[1];
      if (prefix !== undefined) model.namespaces[prefix] ??= `urn:millwatt:simulated:${prefix}`;
    }
    path.push({ kind, attributes });
  };
  const close = (kind: string, after: number) => {
    path.pop();
    if (kind === 'DataItem') item = undefined;
    if (kind === 'Device') model.devices.at(-1)!.xml = text.slice(deviceFrom, after);
  };
  for (const token of text.matchAll(TOKEN)) {
    const [whole, slash, kind, attributes = '', selfClosed, words] = token;
    if (words !== undefined) {
      if (path.at(-1)?.kind === 'Source' && item !== undefined && words.trim() !== '')
        item.source = unescape(words.trim());
    } else if (kind !== undefined) {
      if (slash === '') open(kind, attributesOf(attributes), token.index);
      if (slash === '/' || selfClosed === '/') close(kind, token.index + whole.length);
    }
  }
  if (model.devices.length === 0)
    throw new MillwattError('refuse', 'bad-devices', 'The device file declares no MTConnect device.', {
      cure: 'Give the Devices.xml of the agent that made the recording, or what its /probe answers.',
    });
  return model;
}

function itemOf(
  attributes: Attributes,
  owner: { kind: string; attributes: Attributes } | undefined,
  device: number,
): SimulatedItem | undefined {
  const { id, category, type } = attributes;
  if (id === undefined || type === undefined || owner === undefined) return undefined;
  if (category !== 'SAMPLE' && category !== 'EVENT' && category !== 'CONDITION') return undefined;
  return {
    id,
    name: attributes['name'],
    category,
    type,
    subType: attributes['subType'],
    representation: attributes['representation'] ?? 'VALUE',
    device,
    component: { kind: owner.kind, id: owner.attributes['id'] ?? '', name: owner.attributes['name'] },
  };
}

function attributesOf(text: string): Attributes {
  const attributes: Attributes = {};
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE))
    attributes[name] = unescape(double ?? single ?? '');
  return attributes;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/gu, (_, name: string) => ENTITIES[name]!);
}
