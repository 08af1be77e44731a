import { MINUTE_MS } from '../energy/hour-account.ts';
import { measuredChannelId } from '../../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../../protocols/telemetry/quantity.ts';
import { LINES, type MachineMinute, type MinuteReading } from './machine-minute.ts';

/** The readings of one component over a commissioning, all minutes together. */
export class AveragedComponent {
  readonly component: string;
  readonly #machine: string;
  readonly #minutes: readonly MachineMinute[];

  constructor(machine: string, component: string, minutes: readonly MachineMinute[]) {
    this.#machine = machine;
    this.component = component;
    this.#minutes = minutes;
  }

  /** Mean over all readings; undefined where nothing was read. */
  mean(quantity: Quantity, phase: Phase = 'total'): number | undefined {
    let sum = 0;
    let count = 0;
    for (const reading of this.#readings(quantity, phase)) {
      sum += reading.sum;
      count += reading.count;
    }
    return count === 0 ? undefined : sum / count;
  }

  /** Of the three phases, where all three were read. */
  means(quantity: Quantity): [number, number, number] | undefined {
    const [l1, l2, l3] = LINES.map((phase) => this.mean(quantity, phase));
    return l1 === undefined || l2 === undefined || l3 === undefined ? undefined : [l1, l2, l3];
  }

  /** The largest reading by magnitude. */
  peak(quantity: Quantity, phase: Phase = 'total'): number | undefined {
    let peak: number | undefined;
    for (const { min, max } of this.#readings(quantity, phase))
      peak = Math.max(peak ?? 0, Math.abs(min), Math.abs(max));
    return peak;
  }

  /**
   * The rise of the counter from the end of the first minute to the end of the last, and what power gives for the same
   * time, each minute with its mean: Wh. Undefined without both in every minute, or with less than two minutes.
   */
  balance(): { countedWh: number; integralWh: number; hours: number } | undefined {
    const [first, ...later] = this.#minutes;
    const begin = first === undefined ? undefined : this.#read(first, 'activeEnergyImport', 'total');
    if (first === undefined || begin === undefined || later.length === 0) return undefined;
    let end = begin;
    let integralWh = 0;
    let lastMs = first.minuteMs;
    for (const minute of later) {
      const counter = this.#read(minute, 'activeEnergyImport', 'total');
      const power = this.#read(minute, 'activePower', 'total');
      if (counter === undefined || power === undefined || minute.minuteMs - lastMs !== MINUTE_MS)
        return undefined;
      end = counter;
      integralWh += power.sum / power.count / 60;
      lastMs = minute.minuteMs;
    }
    return { countedWh: end.last - begin.last, integralWh, hours: later.length / 60 };
  }

  *#readings(quantity: Quantity, phase: Phase): Iterable<MinuteReading> {
    for (const minute of this.#minutes) {
      const reading = this.#read(minute, quantity, phase);
      if (reading !== undefined) yield reading;
    }
  }

  #read(minute: MachineMinute, quantity: Quantity, phase: Phase): MinuteReading | undefined {
    return minute.readings.get(measuredChannelId(this.#machine, this.component, quantity, phase));
  }
}
