import { MINUTE_MS } from '../energy/hour-account.ts';
import type { ComponentMinute } from './machine-minute.ts';
import { floorOf } from './power-rules.ts';
import { say } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

/** Power that does not move for so long while a machine cuts is not the machine's. */
const STILL_MINUTES = 10;
/** A register that shows fewer of its units than this moves by more than 0.2 % or not at all. */
const COARSE_UNITS = 500;
/** A machine that is off may feed a heater, a cabinet and its control: so much of its rating is not remarked on. */
const OFF_SHARE = 0.05;

/** Power while the control says that the machine is off. */
export function judgeOff(minute: ComponentMinute, ratedW: number | null): Verdict {
  const powerW = minute.mean('activePower');
  if (powerW === undefined || minute.controlState !== 'off' || ratedW === null) return 'unknown';
  if (powerW <= OFF_SHARE * ratedW) return 'fine';
  return {
    weight: powerW,
    say: () =>
      `${say(powerW, 'W')} while the control said off; ${say(OFF_SHARE * ratedW, 'W')} (5 % of the rating) pass unremarked.`,
  };
}

/** Power that stands at nothing, or stands still, while the control says that the machine works. */
export class StillWorkRule {
  readonly #ratedW: number | null;
  readonly #unitW: number | null;
  #valueW: number | null = null;
  #sinceMs: number | null = null;

  /** @param unitW what one of the register is; null where nobody knows */
  constructor(ratedW: number | null, unitW: number | null) {
    this.#ratedW = ratedW;
    this.#unitW = unitW;
  }

  judge(minute: ComponentMinute): Verdict {
    const power = minute.read('activePower');
    if (power === undefined || minute.controlState === null) return 'unknown';
    const isNothing = power.max < floorOf(this.#ratedW) / 2;
    const stands =
      power.min === power.max &&
      !this.#isCoarse(power.max) &&
      (this.#valueW === null || this.#valueW === power.min);
    if (minute.controlState !== 'processing' || !(isNothing || stands)) {
      this.#sinceMs = null;
      this.#valueW = null;
      return 'fine';
    }
    this.#valueW = power.last;
    const sinceMs = (this.#sinceMs ??= minute.minuteMs);
    const minutes = (minute.minuteMs - sinceMs) / MINUTE_MS + 1;
    if (minutes < STILL_MINUTES) return 'unknown';
    return {
      weight: minutes,
      sinceMs,
      say: () =>
        `Power stood at ${say(power.last, 'W')} for ${minutes} minutes while the control said processing.`,
    };
  }

  /** In whole units of the register, and few of them, a furnace may well stand still. */
  #isCoarse(powerW: number): boolean {
    if (this.#unitW === null) return false;
    const units = powerW / this.#unitW;
    return Number.isInteger(units) && Math.abs(units) < COARSE_UNITS;
  }
}
