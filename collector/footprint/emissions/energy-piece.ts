import type { Decimal } from '../figures/decimal.ts';
import type { Instant } from '../record/footprint-record.ts';

/**
 * Electricity drawn in [from, to). Pieces of one footprint do not overlap. An hour of UTC each lets hourly factors be used;
 * longer pieces are multiplied with values of years.
 */
export interface EnergyPiece {
  from: Instant;
  to: Instant;
  /** Year on the clocks of the site: which year's factor it takes. */
  year: number;
  /** With at most six digits (mWh); >= 0, but for an hour less what was bridged in which a counter fell. */
  kwh: Decimal;
}
