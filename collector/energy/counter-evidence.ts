import type { MeterReadingMwh, MilliwattHours } from '../../protocols/telemetry/unit.ts';
import type { RiseBound } from './counter-bound.ts';

/** What a counter showed at a time. */
export interface Shown {
  atMs: number;
  mwh: MeterReadingMwh;
  /** The most that it could show more than the last believed reading; null without a rated power. */
  bound?: RiseBound | null;
}

/** What a judgement rests on. */
export interface Evidence {
  /** The last believed reading before; null at the first of all. */
  before: Shown | null;
  /** The first reading that was held, off the track or of another meter; null where none was. */
  first: Shown | null;
  now: Shown;
  /** The most that may have been counted since the last believed reading: until the first held one where that was confirmed; that may be lost where it steps back. */
  bound: RiseBound | null;
  /** How many readings agreed. */
  readings: number;
  /** The meter that is believed now, and the one before. */
  meter: string;
  meterBefore: string | null;
}

/** The same where held readings were confirmed: what they began with is there for certain. */
export interface Confirmed extends Evidence {
  before: Shown;
  first: Shown;
  /** From the last believed reading to the first held one, where both are readings of one meter; negative when it fell. */
  jumpMwh: MilliwattHours;
  /** What the meter counted before it last started again at 0: the last believed value is so much more than what it shows. */
  wrapsMwh: MilliwattHours;
}
