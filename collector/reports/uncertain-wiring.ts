import type { Amendment } from '../energy/amendment.ts';
import { fateOf } from '../energy/amendments/column-fate.ts';
import { multiply, rational, toNumber } from '../../protocols/telemetry/unit.ts';
import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { Quantity } from '../../protocols/telemetry/quantity.ts';
import type { ConfigSnapshot, SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import type { PeriodSource } from './period-source.ts';
import type { ReadingFate } from './reading-fate.ts';

/** One way in which a component was metered: what its signed config snapshots say, with what people amended. */
export interface ComponentWiring {
  /** The same of all snapshots that say the same. */
  key: string;
  /** What tells meters apart: the serial number, or where it is wired. */
  meter: string;
  /** Its scale, and the primary current of the transformers, are the amended ones. */
  channel: MeasuredChannel;
  source: Pick<SourceDescription, 'id' | 'meter' | 'ct' | 'vt'>;
}

/** Quantities that give energy, the first that is there; power where there is no counter. */
const ENERGY: readonly Quantity[] = ['activeEnergyImport', 'activePower'];
/** The same where import and export changed places. */
const TURNED_ENERGY: readonly Quantity[] = ['activeEnergyExport', 'activePower'];

/** Which readings, of when, and what became of them. */
export interface WiringQuery extends Omit<ReadingFate, 'isRead'> {
  amendments: readonly Amendment[];
  atMs: number;
}

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

  /**
   * How readings were metered in an hour that rests on these snapshots: several where that was changed in it (which of
   * them held when, nobody tells), none where nothing says.
   */
  find(query: WiringQuery, configs: readonly string[]): ComponentWiring[] {
    const { origin, factor, turned, amendments, atMs } = query;
    const renames = amendments.filter(({ kind }) => kind === 'same-meter').map(({ id }) => id);
    const name = [
      origin,
      `${factor.num}/${factor.den}`,
      turned,
      ...(renames.length === 0 ? [] : [...renames, atMs]),
      ...configs,
    ].join(' ');
    let found = this.#found.get(name);
    if (found === undefined) {
      const all = configs.flatMap((config) => this.#wiringIn(query, config));
      found = [...new Map(all.map((wiring) => [wiring.key, wiring])).values()];
      this.#found.set(name, found);
    }
    return found;
  }

  #wiringIn({ origin, factor, turned, amendments, atMs }: WiringQuery, config: string): ComponentWiring[] {
    if (!this.#snapshots.has(config)) this.#snapshots.set(config, this.#source.views.snapshot(config));
    const snapshot = this.#snapshots.get(config);
    const measured = (snapshot?.channels ?? []).flatMap((channel) =>
      channel.kind === 'measured' &&
      channel.machine === this.#machine &&
      channel.component === origin &&
      channel.phase === 'total'
        ? [channel]
        : [],
    );
    const quantities = turned ? TURNED_ENERGY : ENERGY;
    const read = quantities.flatMap((quantity) => measured.filter((one) => one.quantity === quantity))[0];
    const source = snapshot?.sources.find(({ id }) => id === read?.source);
    if (read === undefined || source === undefined) return [];
    const { id, meter, ct, vt, protocol, address, device } = source;
    const told = {
      id,
      ...(meter === undefined ? {} : { meter }),
      // One of 1/1 says that the meter is connected directly, or has a ratio of its own.
      ...(ct === undefined
        ? {}
        : {
            ct:
              ct.primary === 1 && ct.secondary === 1 ? ct : { ...ct, primary: ct.primary * toNumber(factor) },
          }),
      ...(vt === undefined ? {} : { vt }),
    };
    // The name under which its counter is judged, and amendments speak of it.
    const counted = meter?.serial === undefined ? `${protocol} ${address}` : `serial ${meter.serial}`;
    const fate = fateOf({ component: origin, meter: `${counted} ${read.point}` }, amendments, atMs);
    const renamed = fate?.meter ?? `${counted} ${read.point}`;
    const plain = renamed.endsWith(` ${read.point}`) ? renamed.slice(0, -read.point.length - 1) : renamed;
    const name =
      plain === counted && meter?.serial === undefined && device?.serial !== undefined
        ? `serial ${device.serial}`
        : plain;
    const { num, den } = multiply(rational(BigInt(read.scale[0]), BigInt(read.scale[1])), factor);
    const channel: MeasuredChannel = { ...read, scale: [String(num), String(den)] };
    const { quantity, counter, accuracy, scale } = channel;
    const key = JSON.stringify([name, address, told, quantity, counter?.resolution, accuracy, scale]);
    return [{ key, meter: name, channel, source: told }];
  }
}
