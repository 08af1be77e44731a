import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import { stepOf } from './diagnosed-machine.ts';
import type { MinuteReading } from './machine-minute.ts';

/** A step is seen when the counter has moved so often. */
const MOVES = 3;

/**
 * The step a counter moves in, Wh. What the wiring declares holds; a counter that declares none counts in units of its
 * register at most, and where it was seen to rise by less (a floating-point register), by that.
 */
export class CounterStep {
  readonly #declaredWh: number;
  readonly #isDeclared: boolean;
  #smallestWh = Infinity;
  #moves = 0;
  #lastWh: number | null = null;

  constructor(channel: MeasuredChannel) {
    this.#declaredWh = stepOf(channel);
    this.#isDeclared = channel.counter?.resolution !== undefined;
  }

  /** Minutes in order of time. True where the counter moved. */
  take(reading: MinuteReading): boolean {
    const beforeWh = this.#lastWh;
    this.#lastWh = reading.last;
    if (reading.min === reading.max && (beforeWh === null || reading.last === beforeWh)) return false;
    const riseWh = beforeWh === null ? 0 : reading.last - beforeWh;
    if (riseWh > 0) {
      this.#moves++;
      this.#smallestWh = Math.min(this.#smallestWh, riseWh);
    }
    return true;
  }

  stepWh(): number {
    if (this.#isDeclared || this.#moves < MOVES) return this.#declaredWh;
    return Math.min(this.#declaredWh, this.#smallestWh);
  }
}
