import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { Quantity } from '../../protocols/telemetry/quantity.ts';
import type { ConfigSnapshot, SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import type { PeriodSource } from './period-source.ts';

/** One way in which a component was metered: what its signed config snapshots say. */
export interface ComponentWiring {
  /** The same of all snapshots that say the same. */
  key: string;
  /** What tells meters apart: the serial number, or where it is wired. */
  meter: string;
  channel: MeasuredChannel;
  source: Pick<SourceDescription, 'id' | 'meter' | 'ct' | 'vt'>;
}

/** Quantities that give energy, the first that is there; power where there is no counter. */
const ENERGY: readonly Quantity[] = ['activeEnergyImport', 'activeEnergySum', 'activePower'];

/** Finds how components were metered; what was found is kept while reports of one request are made. */
export class WiringFinder {
  readonly #source: Pick<PeriodSource, 'views'>;
  readonly #machine: string;
  readonly #snapshots = new Map<string, ConfigSnapshot | undefined>();
  readonly #found = new Map<string, ComponentWiring[]>();

  constructor(source: Pick<PeriodSource, 'views'>, machine: string) {
    this.#source = source;
    this.#machine = machine;
  }

  /** How a component was metered in an hour that rests on these snapshots; several where that changed, or none where nothing says. */
  find(component: string, configs: readonly string[]): ComponentWiring[] {
    const name = [component, ...configs].join(' ');
    let found = this.#found.get(name);
    if (found === undefined) {
      const all = configs.flatMap((config) => this.#wiringIn(component, config));
      found = [...new Map(all.map((wiring) => [wiring.key, wiring])).values()];
      this.#found.set(name, found);
    }
    return found;
  }

  #wiringIn(component: string, config: string): ComponentWiring[] {
    if (!this.#snapshots.has(config)) this.#snapshots.set(config, this.#source.views.snapshot(config));
    const snapshot = this.#snapshots.get(config);
    const measured = (snapshot?.channels ?? []).flatMap((channel) =>
      channel.kind === 'measured' && channel.machine === this.#machine && channel.component === component
        ? [channel]
        : [],
    );
    const channel = ENERGY.flatMap((quantity) => measured.filter((one) => one.quantity === quantity))[0];
    const source = snapshot?.sources.find(({ id }) => id === channel?.source);
    if (snapshot === undefined || channel === undefined || source === undefined) return [];
    const { id, meter, ct, vt, device, address } = source;
    const told = {
      id,
      ...(meter === undefined ? {} : { meter }),
      ...(ct === undefined ? {} : { ct }),
      ...(vt === undefined ? {} : { vt }),
    };
    const serial = meter?.serial ?? device?.serial;
    const name = serial === undefined ? `${snapshot.agent}/${id}` : `serial ${serial}`;
    const { quantity, counter, accuracy, scale } = channel;
    const key = JSON.stringify([name, address, told, quantity, counter?.resolution, accuracy, scale]);
    return [{ key, meter: name, channel, source: told }];
  }
}
