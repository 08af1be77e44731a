import { MINUTE_MS } from '../energy/hour-account.ts';
import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { CounterStep } from './counter-step.ts';
import type { ComponentMinute, MachineMinute } from './machine-minute.ts';
import { say } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

/** All values of a source unchanged for so long are no measurement: a mains voltage never stands still (rule E16). */
const FROZEN_MINUTES = 10;
/** Below it the mains is switched off, and what is left of it may stand still, V. */
const LIVE_V = 20;
/** Some counters are refreshed every quarter of an hour. */
const STILL_MINUTES = 20;

/**
 * All registers of one source unchanged, a voltage among them. Where nothing flows, whole volts may stand still by
 * rounding: then something finer must stand still too.
 */
export class FrozenSourceRule {
  readonly #source: string;
  readonly #channels: readonly MeasuredChannel[];
  #values = new Map<string, number>();
  #sinceMs: number | null = null;

  constructor(source: string, channels: readonly MeasuredChannel[]) {
    this.#source = source;
    this.#channels = channels;
  }

  judge(minute: MachineMinute): Verdict {
    const read = this.#channels.flatMap((channel) => {
      const reading = minute.readings.get(channel.id);
      return reading === undefined ? [] : [{ channel, reading }];
    });
    const voltages = read.filter(
      ({ channel, reading }) => channel.quantity === 'voltage' && reading.max >= LIVE_V,
    );
    if (voltages.length === 0 || read.length < 3) return this.#forget('unknown');
    const flows = read.some(
      ({ channel, reading }) => /Power$|^current$/.test(channel.quantity) && reading.max !== 0,
    );
    if (!flows && voltages.every(({ reading }) => Number.isInteger(reading.max)))
      return this.#forget('unknown');
    const stands = read.every(
      ({ channel, reading }) =>
        reading.min === reading.max && (this.#values.get(channel.id) ?? reading.min) === reading.min,
    );
    this.#values = new Map(read.map(({ channel, reading }) => [channel.id, reading.last]));
    if (!stands) {
      this.#sinceMs = null;
      return 'fine';
    }
    const sinceMs = (this.#sinceMs ??= minute.minuteMs);
    const minutes = (minute.minuteMs - sinceMs) / MINUTE_MS + 1;
    if (minutes < FROZEN_MINUTES) return 'unknown';
    const [voltage] = voltages;
    return {
      weight: minutes,
      sinceMs,
      say: () =>
        `All ${read.length} values of ${this.#source} stood still for ${minutes} minutes, ${voltage?.channel.id} at ${say(voltage?.reading.last ?? 0, 'V')} among them.`,
    };
  }

  #forget(verdict: Verdict): Verdict {
    this.#values = new Map();
    this.#sinceMs = null;
    return verdict;
  }
}

/** A counter that does not move although more than two of its steps were drawn (rule E16). */
export class StillCounterRule {
  readonly #step: CounterStep;
  readonly #floorW: number;
  #sinceMs: number | null = null;
  #drawnWh = 0;

  /** @param step is fed here */
  constructor(step: CounterStep, floorW: number) {
    this.#step = step;
    this.#floorW = floorW;
  }

  judge(minute: ComponentMinute): Verdict {
    const counter = minute.read('activeEnergyImport');
    const powerW = minute.mean('activePower');
    if (counter === undefined) return 'unknown';
    if (this.#step.take(counter)) {
      this.#drawnWh = 0;
      this.#sinceMs = null;
      return 'fine';
    }
    if (powerW === undefined || powerW < this.#floorW) return 'unknown';
    const sinceMs = (this.#sinceMs ??= minute.minuteMs);
    this.#drawnWh += powerW / 60;
    const minutes = (minute.minuteMs - sinceMs) / MINUTE_MS + 1;
    const stepWh = this.#step.stepWh();
    const drawnWh = this.#drawnWh;
    if (minutes < STILL_MINUTES || drawnWh < 2 * stepWh) return 'unknown';
    return {
      weight: drawnWh,
      sinceMs,
      say: () =>
        `The counter stood at ${say(counter.last / 1000, 'kWh')} for ${minutes} minutes while ${say(drawnWh, 'Wh')} were drawn by the power; it moves in steps of ${say(stepWh, 'Wh')}.`,
    };
  }
}
