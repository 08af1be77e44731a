import type { ComponentStep, DataItem, Device } from './mtconnect-document.ts';
import type { XmlAttributes, XmlHandler } from './xml-reader.ts';

const CATEGORIES = ['SAMPLE', 'EVENT', 'CONDITION'] as const;

interface Frame {
  name: string;
  component?: ComponentStep;
}

/**
 * Builds the devices of a probe answer. Components are whatever stands in Components, data items whatever stands in
 * DataItems; all else (configurations, geometry, references) is passed over.
 */
export class DevicesBuilder implements XmlHandler {
  readonly devices: Device[] = [];
  /** Data items of all devices so far. */
  itemCount = 0;
  readonly #frames: Frame[] = [];
  #device: Device | undefined;
  #item: DataItem | undefined;
  /** Types of the compositions of the device by their ids, looked up when the device is complete. */
  readonly #compositions = new Map<string, string>();

  open(name: string, attributes: XmlAttributes): void {
    const parent = this.#frames.at(-1)?.name;
    const frame: Frame = { name };
    if (parent === 'Devices') {
      this.#device = newDevice(name, attributes);
      this.devices.push(this.#device);
      frame.component = newStep(name, attributes);
    } else if (this.#device !== undefined) {
      if (parent === 'Components') frame.component = newStep(name, attributes);
      else if (parent === 'DataItems' && name === 'DataItem') this.#openItem(this.#device, attributes);
      else if (parent === 'DataItem' && name === 'ResetTrigger' && this.#item !== undefined)
        this.#item.isReset = true;
      else if (parent === 'Compositions')
        this.#compositions.set(attributes.get('id') ?? '', attributes.get('type') ?? name);
      else if (name === 'Description' && this.#frames.at(-1)?.component?.kind === deviceKind(this.#device))
        describe(this.#device, attributes);
    }
    this.#frames.push(frame);
  }

  close(name: string, text: string): void {
    this.#frames.pop();
    if (name === 'DataItem') this.#item = undefined;
    // Up to 1.x a trigger may stand as text of an element of the item's own.
    else if (name === 'ResetTrigger' && text === 'NONE' && this.#item !== undefined)
      this.#item.isReset = false;
    else if (this.#frames.at(-1)?.name === 'Devices' && this.#device !== undefined) {
      for (const item of this.#device.items)
        if (item.composition !== undefined)
          item.composition = this.#compositions.get(item.composition) ?? item.composition;
      this.#compositions.clear();
      this.#device = undefined;
    }
  }

  #openItem(device: Device, attributes: XmlAttributes): void {
    const id = attributes.get('id');
    const category = CATEGORIES.find((known) => known === attributes.get('category'));
    if (id === undefined || id === '' || category === undefined) return;
    this.#item = {
      id,
      name: attributes.get('name'),
      category,
      type: attributes.get('type') ?? '',
      subType: attributes.get('subType'),
      units: attributes.get('units'),
      nativeUnits: attributes.get('nativeUnits'),
      coordinateSystem: attributes.get('coordinateSystem'),
      representation: attributes.get('representation') ?? 'VALUE',
      statistic: attributes.get('statistic'),
      isReset: false,
      composition: attributes.get('compositionId'),
      path: this.#frames.flatMap(({ component }) => component ?? []),
    };
    device.items.push(this.#item);
    this.itemCount += 1;
  }
}

function deviceKind(device: Device): string {
  return device.isAgent ? 'Agent' : 'Device';
}

function newDevice(name: string, attributes: XmlAttributes): Device {
  return {
    id: attributes.get('id') ?? '',
    name: attributes.get('name'),
    uuid: attributes.get('uuid'),
    manufacturer: undefined,
    model: undefined,
    serial: undefined,
    isAgent: name === 'Agent',
    items: [],
  };
}

function newStep(kind: string, attributes: XmlAttributes): ComponentStep {
  return {
    kind,
    id: attributes.get('id') ?? '',
    name: attributes.get('name'),
    nativeName: attributes.get('nativeName'),
  };
}

function describe(device: Device, attributes: XmlAttributes): void {
  device.manufacturer ??= attributes.get('manufacturer');
  device.model ??= attributes.get('model');
  device.serial ??= attributes.get('serialNumber');
}
