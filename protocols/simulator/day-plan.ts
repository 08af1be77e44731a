import type { MachineKind } from './load-shares.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What is to happen in a stretch of the day; `production` is filled with part cycles, `pause` sinks into extended standby. */
export type Occupation = 'off' | 'boot' | 'warmUp' | 'production' | 'wait' | 'setup' | 'pause';

/** A stretch of a day with one occupation. */
export interface PlannedBlock {
  what: Occupation;
  /** End of the block, ms of the local day; it begins where the one before ends. */
  untilMs: number;
}

const MINUTE_MS = 60_000;
/** A local day; plants of the simulation know no summer time. */
export const DAY_MS = 86_400_000;

/** Minutes of the day at which the shifts of a kind begin and end. Somewhere in the plant a machine runs at any hour. */
interface Shifts {
  onMin: number;
  lunchMin: number;
  changeMin: number;
  supperMin: number;
  offMin: number;
}

const WEEKDAY: Readonly<Record<Exclude<MachineKind, 'machiningCentre'>, Shifts>> = {
  mill: { onMin: 340, lunchMin: 705, changeMin: 840, supperMin: 1080, offMin: 1290 },
  lathe: { onMin: 380, lunchMin: 740, changeMin: 880, supperMin: 1120, offMin: 1360 },
};
const WEEKEND: Readonly<Record<Exclude<MachineKind, 'machiningCentre'>, Shifts>> = {
  mill: { onMin: 420, lunchMin: 670, changeMin: 760, supperMin: 840, offMin: 950 },
  lathe: { onMin: 540, lunchMin: 760, changeMin: 850, supperMin: 930, offMin: 1080 },
};

/**
 * The plan of one local day. Each holds every state, and the warm-up comes twice at least, so that any 24 hours show all
 * of them. The machining centre works through the night and is cleaned in daylight.
 */
export function planDay(kind: MachineKind, weekend: boolean, random: SeededRandom): PlannedBlock[] {
  return kind === 'machiningCentre'
    ? planUnmannedDay(weekend, random)
    : planShifts((weekend ? WEEKEND : WEEKDAY)[kind], random);
}

function planShifts(shifts: Shifts, random: SeededRandom): PlannedBlock[] {
  const plan = new Plan(random);
  plan.until('off', shifts.onMin, 10);
  plan.switchOn();
  plan.until('production', shifts.lunchMin, 8);
  plan.lunch();
  plan.until('production', shifts.changeMin, 5);
  plan.during('wait', 6, 14);
  plan.until('production', shifts.supperMin, 10);
  plan.lunch();
  plan.until('production', shifts.offMin, 15);
  plan.during('setup', 6, 12);
  plan.during('pause', 3, 8);
  return plan.finish('off');
}

function planUnmannedDay(weekend: boolean, random: SeededRandom): PlannedBlock[] {
  const plan = new Plan(random);
  plan.until('production', weekend ? 560 : 700, 10);
  plan.during('pause', 20, 28);
  plan.until('off', weekend ? 650 : 765, 5);
  plan.switchOn();
  plan.until('production', 1050, 10);
  plan.lunch();
  return plan.finish('production');
}

/** Collects blocks; every time is jittered by the day's own random numbers and never runs backwards. */
class Plan {
  readonly #random: SeededRandom;
  readonly #blocks: PlannedBlock[] = [];
  #nowMs = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  until(what: Occupation, minuteOfDay: number, jitterMin: number): void {
    this.#add(what, (minuteOfDay + this.#random.between(-jitterMin, jitterMin)) * MINUTE_MS);
  }

  during(what: Occupation, lowMin: number, highMin: number): void {
    this.#add(what, this.#nowMs + this.#random.between(lowMin, highMin) * MINUTE_MS);
  }

  switchOn(): void {
    this.during('boot', 3, 6);
    this.during('setup', 4, 10);
    this.during('warmUp', 14, 20);
    this.during('wait', 2, 5);
  }

  lunch(): void {
    this.during('pause', 28, 38);
    this.during('warmUp', 4, 6);
  }

  finish(what: Occupation): PlannedBlock[] {
    this.#add(what, DAY_MS);
    return this.#blocks;
  }

  #add(what: Occupation, untilMs: number): void {
    const rounded = Math.min(DAY_MS, Math.round(untilMs / 100) * 100);
    if (rounded <= this.#nowMs) return;
    this.#blocks.push({ what, untilMs: rounded });
    this.#nowMs = rounded;
  }
}
