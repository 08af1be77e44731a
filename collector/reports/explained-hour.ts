import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { CounterDecision } from '../energy/counter-decision.ts';
import type { MachineHour, Reason } from '../energy/machine-hour.ts';
import type { StateSpan } from '../energy/state-span.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import type { Cure } from './uncertain-cures.ts';

/** A figure, and how a person finds it with a pocket calculator: `41.25 kWh - 38.05 kWh = 3.2 kWh`. */
export interface Figure {
  label: string;
  /** In `unit`; null where it is not known. */
  value: number | null;
  unit: 'mWh' | 'ms' | 'W' | 'share' | 'litre';
  saying: string;
  /** Wall ms of the reading that it is; absent where it is none. */
  atMs?: number;
}

/** Where the readings of one quantity of one component come from, as the signed wiring says. */
export interface ExplainedMeter {
  component: string;
  quantity: string;
  channel: string;
  /** The device's own name of the point: register, node id. */
  point: string;
  source: string;
  protocol: string;
  address: string;
  /** The serial number that a person wrote down: by it the meter is known. */
  serial: string | null;
  class: string | null;
  /** What the device said of itself. */
  device: string | null;
  profile: string | null;
  /** Current and voltage transformers as the operator entered them, `200 A / 5 A`; null where none was entered. */
  ct: string | null;
  vt: string | null;
  /** Raw reading x num / den is the value. */
  scale: readonly [num: string, den: string];
  /** The raw value at which a counter starts again at 0; null where it never does, or is none. */
  modulus: string | null;
  /** Hashes of the config snapshots that say so. */
  snapshots: readonly string[];
}

/** One reading of a counter, as it was read: before any amendment. */
export interface CounterSight {
  /** Wall ms. */
  atMs: number;
  /** Raw reading x scale, mWh. */
  mwh: number;
}

/** What the counter of a component showed about the hour's edges. */
export interface ExplainedCounter {
  component: string;
  channel: string;
  /** The last reading before the hour; null where none was found in the day before it. */
  before: CounterSight | null;
  /** The last reading in the hour. */
  last: CounterSight | null;
  /** A reading in the first minute after the hour that has any; null where the hour's own last one is close to its end. */
  after: CounterSight | null;
  figures: readonly Figure[];
}

/** One state of the hour: `value` of the figures is mWh, ms and W of the record. */
export interface ExplainedState {
  state: OperatingState;
  energyMwh: number;
  timeMs: number;
  meanPowerW: number | null;
  saying: string;
  /** What decided it and for how long, most time first. */
  decided: readonly { decider: string; ms: number; bases: readonly string[] }[];
}

/** Minutes of which some time was not measured. */
export interface ExplainedGap {
  /** Whole minutes, wall ms. */
  fromMs: number;
  toMs: number;
  /** Time in them between readings that were too far apart, ms. */
  missingMs: number;
  bridgedMwh: number;
  reasons: readonly Reason[];
  saying: string;
}

/** One minute of the hour, for a picture. */
export interface CurveMinute {
  minuteMs: number;
  /** Extremes and mean of the power readings; null without any. */
  minW: number | null;
  meanW: number | null;
  maxW: number | null;
  timeMs: Partial<Record<OperatingState, number>>;
  measuredMs: number;
  /** What the counter showed at the minute's end more than before the hour, mWh; null without a reading. */
  countedMwh: number | null;
  /** Power x measured time since the hour began, mWh. */
  integralMwh: number;
  /** Energy of the supply booked in this minute, whole mWh. */
  bookedMwh: number;
}

/** An amendment in force in the hour. `by` and `atMs` are null where the journal is not at hand. */
export interface ExplainedAmendment {
  id: string;
  by: string | null;
  atMs: number | null;
  saying: string;
}

/** The uncertainty of the hour, or why there is none. */
export type ExplainedUncertainty =
  | { kind: 'not-assessed'; because: string }
  | {
      kind: 'assessed';
      total: Uncertainty | null;
      states: readonly { state: OperatingState; statement: Uncertainty }[];
      figures: readonly Figure[];
      /** What has to be entered before more can be stated. */
      missing: readonly Cure[];
      /** How the facts of the meter were found. */
      notes: readonly string[];
    };

/** Everything that one machine-hour rests on, in a form that a person can check. */
export interface ExplainedHour {
  v: 1;
  machine: string;
  hourMs: number;
  /** The record itself. */
  hour: MachineHour;
  time: readonly Figure[];
  energy: readonly Figure[];
  states: readonly ExplainedState[];
  sums: readonly Figure[];
  meters: readonly ExplainedMeter[];
  counters: readonly ExplainedCounter[];
  closure: readonly Figure[];
  components: readonly Figure[];
  gaps: readonly ExplainedGap[];
  decisions: readonly CounterDecision[];
  amendments: readonly ExplainedAmendment[];
  uncertainty: ExplainedUncertainty;
  basis: { algorithm: string; status: string; records: readonly string[]; snapshots: readonly string[] };
  curve: readonly CurveMinute[];
  spans: readonly StateSpan[];
}
