import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import { stepOf } from './diagnosed-machine.ts';
import type { MinuteReading } from './machine-minute.ts';

/** A step is seen when the counter has moved so often. */
const MOVES = 3;

/**
 * The step a counter moves in, Wh. What the wiring declares holds. A counter that declares none moves in units of its register,
 * or in several of them (one of single precision that has grown large, one that counts inside in larger steps): in what
 * all its rises are multiples of. Where it was seen to rise by less than a unit (a floating-point register), by that.
 */
export class CounterStep {
  readonly #declaredWh: number;
  readonly #isDeclared: boolean;
  #smallestWh = Infinity;
  /** What all rises are multiples of, in units of the register; 0 before the first. */
  #commonUnits = 0;
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
      this.#commonUnits = greatestCommonDivisor(this.#commonUnits, riseWh / this.#declaredWh);
    }
    return true;
  }

  stepWh(): number {
    if (this.#isDeclared || this.#moves < MOVES) return this.#declaredWh;
    return this.#smallestWh < this.#declaredWh
      ? this.#smallestWh
      : this.#declaredWh * Math.max(1, this.#commonUnits);
  }
}

/** Of whole numbers; 1 where one of them is none. */
function greatestCommonDivisor(a: number, b: number): number {
  let [one, other] = [Math.round(a), Math.round(b)];
  if (Math.abs(b - other) > 1e-6 * b) return 1;
  while (other > 0) [one, other] = [other, one % other];
  return one;
}
