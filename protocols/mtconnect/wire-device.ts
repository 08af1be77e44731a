import {
  measuredChannelId,
  statusChannelId,
  type Channel,
  type MeasuredChannel,
  type StatusChannel,
} from '../telemetry/channel.ts';
import { QUANTITIES, type Phase, type Quantity, type Status } from '../telemetry/quantity.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { ComponentNames, slugOf } from './component-names.ts';
import { meaningOf, ownerOf, vocabularyOf, type ItemMeaning } from './item-meaning.ts';
import { scaleOf, unitOf, unitsFor } from './item-scale.ts';
import type { DataItem, Device } from './mtconnect-document.ts';
import type { MtconnectItemOptions, MtconnectSourceOptions } from './mtconnect-options.ts';

/** Of the sentences about items: the rest of health has room for others. */
const ITEM_REMARKS_MAX = 6;
const TEXT_LENGTH_MAX = 200;
/** Of one source: what a record can describe, many times what a machine has. */
const CHANNELS_MAX = 2000;
/** What is told of a whole device where nothing below it says so. */
const ENERGY_QUANTITIES: readonly Quantity[] = ['activePower', 'activeEnergyImport'];
const WHOLE_MACHINE = 'supply';
/** Words of which a component has several as a rule. */
const ALWAYS_NAMED: readonly Status[] = ['condition', 'timer', 'equipmentMode'];

/** A channel and the data item that feeds it. */
export interface WiredItem {
  item: DataItem;
  channel: Channel;
}

/** What a device tells us, as channels. */
export interface DeviceWiring {
  wired: WiredItem[];
  device: NonNullable<SourceDescription['device']>;
  /** One sentence each, for the operator. */
  remarks: string[];
  /** Items that would be read if they had a unit. */
  unitless: { item: DataItem; quantity: Quantity; component: string }[];
}

type WiringOptions = Pick<MtconnectSourceOptions, 'id' | 'machine' | 'component' | 'items'>;

interface Measured {
  item: DataItem;
  component: string;
  /** The operator named it: it keeps its name. */
  isNamed: boolean;
  quantity: Quantity;
  phase: Phase;
  scale: [string, string];
}

interface Word {
  item: DataItem;
  component: string;
  status: Status;
  name: string | undefined;
  vocabulary: string;
}

/**
 * Chooses the data items of a device that we read, and names their channels. The operator's `items` win over what types
 * and units say; what has no unit is left out with a remark, because a type does not tell its unit.
 */
export function wireDevice(device: Device, options: WiringOptions): DeviceWiring {
  const names = new ComponentNames(device.items);
  const remarks: string[] = [];
  const unitless: DeviceWiring['unitless'] = [];
  const measured: Measured[] = [];
  const words: Word[] = [];
  const unused = new Set(options.items);

  const seen = new Set<string>();
  let tooMany = 0;
  for (const item of device.items) {
    // Two items of one id could not be told apart in what the agent says.
    if (seen.has(item.id)) continue;
    seen.add(item.id);
    const told = options.items.find((one) => one.item === item.id || one.item === item.name);
    if (told !== undefined) unused.delete(told);
    if (told?.skip === true) continue;
    const meaning = toldMeaning(item, told) ?? meaningOf(item);
    if (meaning === undefined) {
      if (told !== undefined)
        remarks.push(`${labelOf(item)} is not read: write quantity with unit, or status, under items.`);
      continue;
    }
    if (measured.length + words.length + unitless.length >= CHANNELS_MAX) {
      tooMany += 1;
      continue;
    }
    const found = names.of(item);
    if (meaning.kind === 'word') {
      const component = told?.component ?? found ?? options.component;
      const vocabulary = told?.vocabulary ?? meaning.vocabulary;
      words.push({ item, component, status: meaning.status, name: told?.name, vocabulary });
      continue;
    }
    const { quantity } = meaning;
    const component = told?.component ?? found ?? wholeMachine(item, quantity, options.component);
    const unit = told?.unit ?? (item.units === undefined ? undefined : unitOf(item.units));
    const scale = unit === undefined ? undefined : scaleOf(quantity, unit);
    if (scale === undefined) {
      if (item.units === undefined && told?.unit === undefined) unitless.push({ item, quantity, component });
      // A load in newton is a force and no share of anything: nothing that the operator could write would mend it.
      else
        remarks.push(
          `${labelOf(item)} is left out: ${told?.unit ?? item.units} is no unit of ${quantity} that can be read.`,
        );
      continue;
    }
    measured.push({
      item,
      component,
      isNamed: told?.component !== undefined,
      quantity,
      phase: told?.phase ?? 'total',
      scale: [scale.num.toString(), scale.den.toString()],
    });
  }
  if (tooMany > 0)
    remarks.unshift(
      `${tooMany} items beyond the first ${CHANNELS_MAX} are left out: write skip under items for those of no use.`,
    );
  for (const { item } of unused)
    remarks.push(`items names ${item.slice(0, 64)}, which the agent does not have.`);
  const wired = [...wireMeasured(measured, options, remarks), ...wireWords(words, options)];
  return {
    wired: withoutDoubles(wired, remarks),
    device: describeDevice(device),
    remarks: [...unitRemarks(unitless), ...electricRemarks(measured), ...remarks].slice(0, ITEM_REMARKS_MAX),
    unitless,
  };
}

/** How people find an item: `Sload (LOAD of Rotary C)`. */
export function labelOf(item: DataItem): string {
  const owner = ownerOf(item);
  const place = [owner?.kind, owner?.name].filter((part) => part !== undefined).join(' ');
  const type = item.subType === undefined ? item.type : `${item.type} ${item.subType}`;
  return `${item.name ?? item.id} (${type}${place === '' ? '' : ` of ${place}`})`.slice(0, TEXT_LENGTH_MAX);
}

function toldMeaning(item: DataItem, told: MtconnectItemOptions | undefined): ItemMeaning | undefined {
  if (told?.status !== undefined)
    return { kind: 'word', status: told.status, vocabulary: vocabularyOf(item) };
  if (told?.quantity !== undefined) return { kind: 'measured', quantity: told.quantity };
  return undefined;
}

/** Power of the device itself is that of the whole machine; that of its electric system may be that of a cabinet. */
function wholeMachine(item: DataItem, quantity: Quantity, component: string): string {
  return ENERGY_QUANTITIES.includes(quantity) && item.path.length === 1 ? WHOLE_MACHINE : component;
}

/** Several items of one quantity and component: none of them is plainly the component's, so each is named after itself. */
function wireMeasured(
  all: readonly Measured[],
  { id, machine }: WiringOptions,
  remarks: string[],
): WiredItem[] {
  const groups = Map.groupBy(all, ({ component, quantity, phase }) => `${component}/${quantity}/${phase}`);
  return [...groups.values()].flatMap((group) => {
    const guessed = group.filter(({ isNamed }) => !isNamed);
    const isAmbiguous = group.length > 1 && guessed.length > 0;
    const [first] = group;
    if (isAmbiguous && first !== undefined)
      remarks.push(
        `${first.component} has ${group.length} items of ${first.quantity} (${group
          .slice(0, 4)
          .map(({ item }) => item.name ?? item.id)
          .join(
            ', ',
          )}): each is read as a component of its own; write component or phase for them under items.`,
      );
    return group.map(({ item, component: plain, isNamed, quantity, phase, scale }): WiredItem => {
      const own = `${plain}-${slugOf(item.name ?? item.id)}`.slice(0, 64);
      const component = isAmbiguous && !isNamed ? own : plain;
      const channel: MeasuredChannel = {
        kind: 'measured',
        id: measuredChannelId(machine, component, quantity, phase),
        machine,
        component,
        quantity,
        phase,
        source: id,
        point: item.id.slice(0, TEXT_LENGTH_MAX),
        scale,
        ...(QUANTITIES[quantity].cumulative
          ? { counter: { behaviour: item.isReset ? ('resettable' as const) : ('monotone' as const) } }
          : {}),
      };
      return { item, channel };
    });
  });
}

/** The first word of a kind has no name, those after it have theirs; conditions, timers and equipment modes always have one. */
function wireWords(words: readonly Word[], { id, machine }: WiringOptions): WiredItem[] {
  const taken = new Set<string>();
  // What has no subType speaks of the thing itself: it goes before a SUB program and the parts of one kind.
  const ordered = [...words].sort((a, b) => rankOf(a) - rankOf(b));
  return ordered.map(({ item, component, status, name: told, vocabulary }): WiredItem => {
    const plain = `${component}.${status}`;
    const needsName = ALWAYS_NAMED.includes(status) || taken.has(plain);
    const own =
      status === 'equipmentMode' && item.subType !== undefined
        ? item.subType.toLowerCase()
        : (item.name ?? item.id);
    const base = told ?? (needsName ? slugOf(own) : undefined);
    let name = base;
    for (let n = 2; taken.has(name === undefined ? plain : `${plain}.${name}`); n++)
      name = base === undefined ? slugOf(own) : `${base}-${n}`;
    taken.add(name === undefined ? plain : `${plain}.${name}`);
    const channel: StatusChannel = {
      kind: 'status',
      id: statusChannelId(machine, component, status, name),
      machine,
      component,
      status,
      ...(name === undefined ? {} : { name }),
      source: id,
      point: item.id.slice(0, TEXT_LENGTH_MAX),
      vocabulary: vocabulary.slice(0, TEXT_LENGTH_MAX),
    };
    return { item, channel };
  });
}

function rankOf({ item, name }: Word): number {
  if (name !== undefined) return 0;
  return item.subType === undefined || ['ALL', 'MAIN', 'ACTIVE', 'LINE'].includes(item.subType) ? 1 : 2;
}

function withoutDoubles(wired: readonly WiredItem[], remarks: string[]): WiredItem[] {
  const taken = new Set<string>();
  return wired.filter(({ item, channel }) => {
    if (!taken.has(channel.id)) {
      taken.add(channel.id);
      return true;
    }
    remarks.push(`${labelOf(item)} is left out: ${channel.id} is read from another item already.`);
    return false;
  });
}

function unitRemarks(unitless: DeviceWiring['unitless']): string[] {
  return unitless.slice(0, ITEM_REMARKS_MAX - 2).map(({ item, quantity }) => {
    const units = unitsFor(quantity).slice(0, 3).join(' or ');
    return `${labelOf(item)} has no unit: write {item: ${item.name ?? item.id}, unit: ...} under items, with ${units}, once you know it.`;
  });
}

function electricRemarks(measured: readonly Measured[]): string[] {
  if (measured.some(({ component }) => component === WHOLE_MACHINE)) return [];
  const electric = measured.find(
    ({ component, quantity }) => component === 'electric' && ENERGY_QUANTITIES.includes(quantity),
  );
  if (electric === undefined) return [];
  return [
    `${labelOf(electric.item)} is read as component electric: if it is what the whole machine draws, write component: supply for it under items.`,
  ];
}

function describeDevice(device: Device): DeviceWiring['device'] {
  const cut = (text: string | undefined) =>
    text === undefined || text === '' ? undefined : text.slice(0, TEXT_LENGTH_MAX);
  const [manufacturer, model, serial, uri] = [
    cut(device.manufacturer),
    cut(device.model),
    cut(device.serial),
    cut(device.uuid),
  ];
  return {
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(uri === undefined ? {} : { uri }),
  };
}
