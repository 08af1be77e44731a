import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Decider } from './state-span.ts';
import type { MilliwattHours, Watts } from '../../protocols/telemetry/unit.ts';

/** Why a bucket is not fully measured. */
export const REASONS = [
  'gap',
  'source-down',
  'no-counter',
  'counter-reset',
  'counter-rollover',
  'counter-glitch',
  'counter-step',
  'counter-step-back',
  'counter-saturated',
  'counter-stuck',
  'identity-change',
  'state-unknown',
  'integral-over-counter',
  'children-over-supply',
  'clock-unsynced',
  'thinned',
  'clock-stepped',
  'conflict',
  'amended',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * How energy is spread over a gap: `stateMean` by what the component has drawn so far in the state that the control tells,
 * `linear` evenly, `profile` by what it last drew in those hours of the week (UTC).
 */
export const BRIDGE_METHODS = ['stateMean', 'linear', 'profile'] as const;
export type BridgeMethod = (typeof BRIDGE_METHODS)[number];

/**
 * The record of one machine and one UTC hour. Energies are whole mWh, times whole ms; both are exact sums, so hours add
 * to shifts, days and months without a remainder. Null means "not known", never 0.
 */
export interface MachineHour {
  v: 1;
  site: string;
  machine: string;
  /** Start of the hour, ms since the Unix epoch (UTC); it ends 3,600,000 ms later. */
  hourMs: number;
  /** Time in each state, ms. Sums to `spanMs`. */
  timeMs: Record<OperatingState, number>;
  /** Time of the hour that lies between the machine's first and latest reading, ms; 3,600,000 for a full hour. */
  spanMs: number;
  /** The time in each state by what decided it, ms; what decided none of it is left out. Sums to `timeMs`, state by state. */
  decidedMs: Record<OperatingState, Partial<Record<Decider, number>>>;
  /** Time with readings no further apart than twice their cadence, ms. */
  measuredMs: number;
  energy: {
    /** Import of `supply` in the hour; null without a supply channel. */
    supplyMwh: MilliwattHours | null;
    exportMwh: MilliwattHours;
    /** Of `supply`, by state. Sums to supplyMwh. */
    stateMwh: Record<OperatingState, MilliwattHours>;
    /** Import of each component, `supply` included. */
    componentMwh: Record<string, MilliwattHours>;
    /** Supply minus its children; null without either. Negative when the children exceed the supply. */
    residualMwh: MilliwattHours | null;
    /** The same of every other component that has measured parts in the metering tree; null where it is not measured. */
    residuals: Record<string, MilliwattHours | null>;
  };
  /** What else the machine took in, by component: compressed air and other gases, whole norm litres (1/1000 Nm3). Apart from energy. */
  media: Record<string, number>;
  /** How the supply's energy was obtained. Sums to supplyMwh. */
  obtained: {
    counterMwh: MilliwattHours;
    integratedMwh: MilliwattHours;
    bridgedMwh: MilliwattHours;
    /** By what a bridged difference was spread over its gap (rule E10), mWh. Sums to bridgedMwh. */
    bridgedBy: Record<BridgeMethod, MilliwattHours>;
  };
  /** Mean power by state: energy over time; null where no time was spent. */
  meanPowerW: Record<OperatingState, Watts | null>;
  /** Counter difference over integrated power of the supply; null where either is missing. */
  closure: number | null;
  /** Shares of time and of energy that were measured rather than bridged, 0..1. */
  coverage: { time: number; energy: number | null };
  quality: 'measured' | 'estimated' | 'partial' | 'null';
  reasons: Reason[];
  status: 'provisional' | 'final';
  /** Why it is final: `watermark` or `seven-days`; null while provisional. */
  finalBy: 'watermark' | 'seven-days' | null;
  /** 0 until final; then 1, 2, ... with each change after that. */
  revision: number;
  basis: {
    algorithm: string;
    /** Records used, as ranges of sequence numbers. */
    records: { agent: string; epoch: string; from: number; to: number }[];
    /** Hashes of the config snapshots used. */
    configs: string[];
    /** Amendments in force in some of the hour, by their ids, in order. */
    amendments: string[];
  };
}
