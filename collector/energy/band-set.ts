import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Watts } from '../../protocols/telemetry/unit.ts';

/** States by supply power, as they were entered or calibrated, and from when they hold. */
export interface BandSet {
  /** 0 where the bands stand in the configuration; 1, 2, ... are adopted calibrations. */
  version: number;
  /** Wall ms from which they hold, up to the next set; -Infinity for the first. */
  fromMs: number;
  /** Lowest power first; a band without `belowW` has no upper end. */
  bands: { state: OperatingState; belowW: Watts | null }[];
  /**
   * Share of a boundary, 0 to 0.5, by which power must pass it: a band is left upward above belowW x (1 + hysteresis),
   * and downward below belowW x (1 - hysteresis). The band that power is in then is the one it lies in.
   */
  hysteresis: number;
  /** How long power must stay beyond a boundary before the state changes, ms; it then changed when power passed it. */
  dwellMs: number;
}
