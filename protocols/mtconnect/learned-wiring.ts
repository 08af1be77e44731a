import type { Channel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { chooseDevice, pathOfDevice } from './choose-device.ts';
import type { Device } from './mtconnect-document.ts';
import type { MtconnectSourceOptions } from './mtconnect-options.ts';
import { wireDevice, type WiredItem } from './wire-device.ts';

/** What of an agent's model we read, from one probe answer to the next. */
export class LearnedWiring {
  description: SourceDescription;
  channels: readonly Channel[] = [];
  wired: readonly WiredItem[] = [];
  /** One sentence each, for the operator. */
  remarks: readonly string[] = [];
  /** Beginning of the paths that ask about our device. */
  path = '';
  readonly #options: MtconnectSourceOptions;
  /** The model that the wiring was made of. */
  #model: string | undefined;

  constructor(options: MtconnectSourceOptions) {
    this.#options = options;
    this.description = describe(options, undefined);
  }

  /**
   * Takes the devices of a probe answer; true where another wiring holds from now on. A model whose items only come in
   * another order is the same one. Throws an error of class `refuse` where our device is not among them.
   */
  learn(where: string, devices: readonly Device[]): boolean {
    const device = chooseDevice(where, devices, this.#options.device);
    this.path = pathOfDevice(devices, device);
    const model = textOf(device);
    if (model === this.#model) return false;
    const { wired, device: about, remarks } = wireDevice(device, this.#options);
    const channels = wired.map(({ channel }) => channel);
    const description = describe(this.#options, about);
    const isSame =
      this.#model !== undefined &&
      JSON.stringify([channels, description]) === JSON.stringify([this.channels, this.description]);
    this.#model = model;
    this.wired = wired;
    this.remarks = remarks;
    this.channels = channels;
    this.description = description;
    return !isSame;
  }
}

function textOf({ items, ...about }: Device): string {
  return JSON.stringify([about, items.toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)))]);
}

function describe(
  { id, url, every, meter }: MtconnectSourceOptions,
  device: SourceDescription['device'],
): SourceDescription {
  const { serial, class: accuracy } = meter ?? {};
  return {
    id,
    protocol: 'mtconnect',
    address: url,
    everyMs: every,
    ...(meter === undefined
      ? {}
      : {
          meter: {
            ...(serial === undefined ? {} : { serial }),
            ...(accuracy === undefined ? {} : { class: accuracy }),
          },
        }),
    ...(device === undefined ? {} : { device }),
  };
}
