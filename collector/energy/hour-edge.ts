/**
 * An interval of a counter, from one reading to the next by which it had moved, in which the hour begins or ends: the
 * hour gets its part of it.
 */
export interface HourEdge {
  /** Wall ms of the two readings. */
  fromMs: number;
  toMs: number;
  /** What it showed at both, counted on over wraps and as people amended it, whole mWh; null where they do not compare. */
  fromMwh: number | null;
  toMwh: number | null;
  /** Booked over the interval, and of that in this hour, whole mWh. */
  allMwh: number;
  hereMwh: number;
  /**
   * In which ratio that was: as integrated power of this hour's part to that of all (mWh), or as their times (ms) where no
   * power was drawn; null where some of it was not measured, and was shared by what was expected.
   */
  ratio: { by: 'power' | 'time'; here: number; all: number } | null;
}
