import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { MilliwattHours, Watts } from '../../../protocols/telemetry/unit.ts';

/** A rate in % or in millionths: 1 % = 10,000 ppm. */
export interface Rate {
  value: number;
  unit: '%' | 'ppm';
}

/** A current transformer as its nameplate tells it. */
export interface CurrentTransformer {
  /** `0.5`, `0.5S`, `0.2`, `0.2S`, `0.1`, `1`, `3` or `5`; null where nobody said. */
  class: string | null;
  /** Rated primary and secondary current, A; null where nobody said. */
  primaryA: number | null;
  secondaryA: number | null;
  /** Highest current at which the class holds, % of the rated one; 120 unless the nameplate says `ext. 150 %` or more. */
  extendedPercent?: number;
  /** Largest phase displacement of a certificate, minutes of arc: for classes 3 and 5, which promise none. */
  phaseArcmin?: number;
}

/** What is known of one meter and of what stands between it and the machine: plain data from wiring and configuration. */
export interface MeteringFacts {
  meter: {
    /** As the house writes it (`1`, `0.5S`, `B`) or as the device says it (`0.5%`); null where nobody said. */
    class: string | null;
    /** The accuracy domain an OPC UA server names: `IEC`, `EN`, `PERCENT_FULL_SCALE`, `PERCENT_ACTUAL_READING`. */
    domain?: string;
    /** Nominal current at the meter's own terminals, A: 5 of a `5 (6) A` meter behind transformers, 10 of a direct `10 (100) A`. */
    ratedA: number | null;
    /** Its largest current, A: 6 and 100 of these. */
    maxA?: number;
    /** Where its class is a percentage of full scale: the power at full scale, W, primary side. */
    fullScaleW?: Watts;
  };
  /** How the current reaches it; null where nobody said. A ratio of 1/1 in the wiring means `direct`. */
  connection: { kind: 'direct' } | { kind: 'transformer'; ct: CurrentTransformer } | null;
  /** The voltage transformer, where there is one; its class `0.1` to `3`, null where nobody said. */
  vt?: { class: string | null };
  /** What the maker says of drift, a year, and how long ago the meter was calibrated, years. */
  drift?: { perYear: Rate; years: number };
  /** Temperatures where the meter stands, degC, and what the maker says of their influence (reference: 23 degC unless told). */
  environment?: { ambientDegC: { min: number; max: number }; perKelvin?: Rate; referenceDegC?: number };
}

/**
 * One operating state of a period, or one band of load within it: a state may be given in several bands, which says more
 * where its load varies much.
 */
export interface StateLoad {
  state: OperatingState;
  /** >= 0 */
  energyMwh: MilliwattHours;
  /** Energy over time. */
  meanPowerW: Watts | null;
  /** Active over apparent energy of the state, 0..1; the sign does not matter. */
  powerFactor: number | null;
  /** Mean current of a phase on the side of the machine, A. */
  currentA: number | null;
  /** True where current and power factor were not read but taken from another state. */
  isAssumed?: true;
  /** Sum of the squared heights of the changes of power that were only sampled, W2, and the time between two samples, ms. */
  sampling?: { stepSquaresW2: number; everyMs: number };
  /** Time in which its power was not read, ms, and the standard deviation of its power, W. */
  gap?: { ms: number; spreadW: number };
  /** How often the state was entered: 1 unless told. Each has a counter reading at either end. */
  visits?: number;
}

/** One period of one meter. */
export interface PeriodFacts {
  metering: MeteringFacts;
  /** `register`: differences of the counter, split by power; `power`: integrated power, because there is no counter. */
  basis: 'register' | 'power';
  /** The smallest step of the counter, mWh (a display of 0.1 kWh: 100,000); null where there is no counter. */
  counterStepMwh: number | null;
  /** Counter over integrated power, as the machine-hour has it; null where either is missing. */
  closure: number | null;
  states: readonly StateLoad[];
}

/** A rate in %. */
export function percentOf(rate: Rate): number {
  return rate.unit === '%' ? rate.value : rate.value / 10_000;
}
