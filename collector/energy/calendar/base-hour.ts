import type { MachineHour, Reason } from '../machine-hour.ts';

/** Why part of an hour is not fully measured, and of which minutes that is known; [0, 60) where only the hour is. */
export interface ReasonMark {
  reason: Reason;
  /** Whole minutes of the hour, [from, to), 0..60. */
  fromMinute: number;
  toMinute: number;
}

/** The energy of one component in one hour, one grid a way of obtaining it; null while nothing was obtained so. */
export interface BaseEnergy {
  /** Whole mWh; cell of minute m and state s: m x STATE_COUNT + s. */
  counter: ArrayLike<number> | null;
  integrated: ArrayLike<number> | null;
  bridged: ArrayLike<number> | null;
}

/**
 * The additive base of one machine and one UTC hour: minute x state x component. Whole numbers, after closure, so that
 * the cells of an hour sum to its machine-hour and those of any minutes to the record of a shift, a day or a month.
 */
export interface BaseHour {
  /** Start, ms since the Unix epoch (UTC). */
  hourMs: number;
  /** Time in each state, ms; cell of minute m and state s: m x STATE_COUNT + s. What was not watched is in none. */
  timeMs: ArrayLike<number>;
  /** Measured time of each minute, ms. */
  measuredMs: ArrayLike<number>;
  /** By component; `supply` is the whole machine. */
  components: Readonly<Record<string, BaseEnergy>>;
  /** Exported energy of each minute, whole mWh; null for none. */
  exportMwh: ArrayLike<number> | null;
  /** What else was taken in, by component: whole norm litres of each minute. Never part of energy. */
  media: Readonly<Record<string, ArrayLike<number>>>;
  /** By what the hour's bridged energy of the supply was spread over its gaps, mWh. */
  bridgedBy: MachineHour['obtained']['bridgedBy'];
  /** Counter difference over integrated power of the supply; null where either is missing. */
  closure: number | null;
  reasons: readonly ReasonMark[];
  quality: MachineHour['quality'];
  status: MachineHour['status'];
  finalBy: MachineHour['finalBy'];
  revision: number;
}
