import type { AllocationRule } from '../energy/allocation/allocation-rule.ts';
import type { ShareRule } from '../energy/allocation/share-load.ts';
import type { CalendarModel } from '../energy/calendar/calendar-model.ts';
import type { ToldMetering } from '../energy/uncertainty/metering-of-source.ts';
import type { DutyCycle, PlannedState } from '../energy/use-phase/duty-cycle.ts';
import type { DeclaredPower } from '../energy/use-phase/state-power.ts';

/** When a meter was calibrated, and for how long that holds. */
export interface CalibrationDates {
  /** Wall ms of the day; null where nobody said. */
  calibratedMs: number | null;
  /** Years; null where nobody said. */
  everyYears: number | null;
  certificate: string | null;
}

/** What a person declared of one machine for reports: plain data, from the collector's configuration. */
export interface MachinePlan {
  machine: string;
  /** W; null where nobody said. */
  ratedPowerW: number | null;
  /** The component that each one is part of, where that is not the supply. */
  tree: Readonly<Record<string, string>>;
  /** What is told of the metering of each component; drift counts from the day of calibration. */
  metering: Readonly<
    Record<string, ToldMetering & { calibration: CalibrationDates; driftPerYear: DriftRate | null }>
  >;
  /** kWh a norm cubic metre, and where that comes from, by component. */
  media: Readonly<Record<string, { kwhPerNm3: number; source: string }>>;
  jobs: { rule: AllocationRule; window: 'shift' | 'day' | 'month' };
  /** Null where nobody declared one. */
  duty: { cycle: DutyCycle; powers: Partial<Record<PlannedState, DeclaredPower>> } | null;
}

/** A rate in % or millionths, a year. */
export interface DriftRate {
  value: number;
  unit: '%' | 'ppm';
}

/** What a person declared of the site for reports. */
export interface SitePlan {
  site: string;
  calendar: CalendarModel;
  machines: readonly MachinePlan[];
  mainMeters: readonly {
    id: string;
    covers: readonly string[];
    unmetered: readonly { name: string; powerW: number }[];
  }[];
  sharedLoads: readonly {
    id: string;
    rule: ShareRule;
    serves: readonly string[];
    shares: Readonly<Record<string, number>>;
  }[];
  /** SHA-256 of all that is declared here and of the zone data's version: what a report names as its basis. */
  hash: string;
}
