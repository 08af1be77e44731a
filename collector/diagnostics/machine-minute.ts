import { measuredChannelId } from '../../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../../protocols/telemetry/quantity.ts';
import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** The readings of one channel in one minute, in the canonical unit. */
export interface MinuteReading {
  count: number;
  min: number;
  max: number;
  /** Sum of the readings; the mean is sum / count. */
  sum: number;
  /** The last of them. */
  last: number;
}

/** One minute of one machine: what was read, and what it did. */
export interface MachineMinute {
  /** Wall ms of its start. */
  minuteMs: number;
  /** By channel id. */
  readings: ReadonlyMap<string, MinuteReading>;
  /** The state that held all of the minute by what the control said; null where it changed, or power decided. */
  controlState: OperatingState | null;
}

/** The channel ids of one component, each put together once: a month asks for them ten million times. */
export class ChannelNames {
  readonly #machine: string;
  readonly #component: string;
  readonly #known = new Map<Quantity, Map<Phase, string>>();

  constructor(machine: string, component: string) {
    this.#machine = machine;
    this.#component = component;
  }

  of(quantity: Quantity, phase: Phase): string {
    let byPhase = this.#known.get(quantity);
    if (byPhase === undefined) this.#known.set(quantity, (byPhase = new Map()));
    let name = byPhase.get(phase);
    if (name === undefined) {
      name = measuredChannelId(this.#machine, this.#component, quantity, phase);
      byPhase.set(phase, name);
    }
    return name;
  }
}

/** The readings of one component in a minute. */
export class ComponentMinute {
  readonly minuteMs: number;
  readonly controlState: OperatingState | null;
  readonly #readings: ReadonlyMap<string, MinuteReading>;
  readonly #names: ChannelNames;

  constructor(minute: MachineMinute, names: ChannelNames) {
    this.minuteMs = minute.minuteMs;
    this.controlState = minute.controlState;
    this.#readings = minute.readings;
    this.#names = names;
  }

  read(quantity: Quantity, phase: Phase = 'total'): MinuteReading | undefined {
    return this.#readings.get(this.#names.of(quantity, phase));
  }

  /** The mean, or undefined where nothing was read. */
  mean(quantity: Quantity, phase: Phase = 'total'): number | undefined {
    const reading = this.read(quantity, phase);
    return reading === undefined ? undefined : reading.sum / reading.count;
  }

  /** The means of the three phases where all three were read. */
  means(quantity: Quantity): [number, number, number] | undefined {
    const [l1, l2, l3] = LINES.map((phase) => this.mean(quantity, phase));
    return l1 === undefined || l2 === undefined || l3 === undefined ? undefined : [l1, l2, l3];
  }

  /**
   * By how much a mean may differ from that of another register because the two are not read at one instant, in the unit
   * of the quantity: what follows up to three readings later moves the mean of a minute by three times the range over the
   * number of readings. Undefined with less than two readings.
   */
  slack(quantity: Quantity, phase: Phase = 'total'): number | undefined {
    const reading = this.read(quantity, phase);
    if (reading === undefined || reading.count < 2) return undefined;
    return (3 * (reading.max - reading.min)) / reading.count;
  }

  /**
   * True where readings hardly moved in the minute. A product of means is the mean of the product only then.
   */
  isSteady(quantity: Quantity, phase: Phase = 'total', share = 0.05): boolean {
    const reading = this.read(quantity, phase);
    if (reading === undefined || reading.count < 2) return false;
    return reading.max - reading.min <= share * Math.max(Math.abs(reading.max), Math.abs(reading.min));
  }
}

/** The conductors of a three-phase supply. */
export const LINES = ['l1', 'l2', 'l3'] as const;
export type Line = (typeof LINES)[number];
