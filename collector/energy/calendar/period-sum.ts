import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { MilliwattHours, Watts } from '../../../protocols/telemetry/unit.ts';
import type { MachineHour, Reason } from '../machine-hour.ts';

/** When a machine was watched: before and after it no hours are waited for. */
export interface Watch {
  /** Wall ms of its first reading. */
  fromMs: number;
  /** Wall ms of its last; null while it goes on. */
  toMs: number | null;
}

/** Energy by state, whole mWh. */
export type StateEnergy = Record<OperatingState, MilliwattHours>;

/**
 * What one machine did in one period, [fromMs, toMs). Times and energies are exact sums of the base, so the sums of any
 * division of a time add up to the sum of the whole. Null means "not known", never 0.
 */
export interface PeriodSum {
  fromMs: number;
  toMs: number;
  /** Time in each state, ms. Sums to `spanMs`. */
  timeMs: Record<OperatingState, number>;
  /** Time of the period in which the machine was watched, ms. */
  spanMs: number;
  /** Time with readings no further apart than twice their cadence, ms. */
  measuredMs: number;
  energy: {
    /** Import of `supply`; null where no hour knows any. */
    supplyMwh: MilliwattHours | null;
    exportMwh: MilliwattHours;
    /** Of `supply`, by state. Sums to supplyMwh. */
    stateMwh: StateEnergy;
    /** Import of each component, `supply` included ... */
    componentMwh: Record<string, MilliwattHours>;
    /** ... and by state. */
    componentStateMwh: Record<string, StateEnergy>;
    /** Supply minus its children; null without either. Negative when the children exceed the supply. */
    residualMwh: MilliwattHours | null;
    /** The same of every other component that has measured parts in the metering tree; null where it is not measured. */
    residuals: Record<string, MilliwattHours | null>;
  };
  /**
   * How the supply's energy was obtained. Sums to supplyMwh. `bridgedBy` sums to bridgedMwh; of an hour that reaches beyond
   * the period, bridged energy is divided as it is in that hour.
   */
  obtained: MachineHour['obtained'];
  /** What else it took in, by component, whole norm litres. Never part of energy. */
  media: Record<string, number>;
  /**
   * Counter difference over integrated power of the supply: of its hours together, each by its energy from the counter;
   * null where no hour has one.
   */
  closure: number | null;
  /** Mean power of the supply by state; null where no time was spent. */
  meanPowerW: Record<OperatingState, Watts | null>;
  /**
   * Shares, 0..1. `watched`: of the period, in which the machine was watched at all; `time`: of the time watched, that was
   * measured, as in a machine-hour; `energy`: of the supply's energy, that was measured rather than bridged, null without any.
   */
  coverage: { watched: number; time: number; energy: number | null };
  /** The worst of its hours; `partial` too where the machine was not watched all the time, or some hours have no supply and some do. */
  quality: MachineHour['quality'];
  /** How much of the watched period lies in hours of each quality, ms. An hour is the finest that quality is known of. */
  qualityMs: Record<MachineHour['quality'], number>;
  /** All that its minutes give. */
  reasons: Reason[];
  /** Final once every hour it touches is, and the machine was watched to its end. */
  status: MachineHour['status'];
  /** `seven-days` where one of its hours is final by that; null while provisional. */
  finalBy: MachineHour['finalBy'];
  /** 0 until final; then 1 and one more for each revision of each of its hours, so that no change keeps the number. */
  revision: number;
}
