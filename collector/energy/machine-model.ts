import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Watts } from '../../protocols/telemetry/unit.ts';
import type { Amendment } from './amendment.ts';
import type { BandSet } from './band-set.ts';

/** What the derivation must know of a machine: plain data, from the collector's configuration. */
export interface MachineModel {
  machine: string;
  /** Rated power of the whole machine; null where nobody said: then a counter has no upper bound. */
  ratedPowerW: Watts | null;
  /** Rated power of single components. */
  componentRatedPowerW: Record<string, Watts>;
  /** Supply power below which the machine is off; null where power does not tell. */
  offBelowW: Watts | null;
  /**
   * States by supply power, in order of `fromMs`; of one moment, the later holds. `offBelowW` takes hysteresis and dwell of
   * the set in force; without sets it has neither.
   */
  bandSets: BandSet[];
  /** Components that are part of another one than the supply, and of which. */
  tree: Readonly<Record<string, string>>;
  /** Words of the control that mean something else here: `ACTIVE`, or `mtconnect/Execution=ACTIVE`. */
  stateMap: Record<string, OperatingState>;
  /** A status word is stale when its source has been silent for longer, ms. */
  quietAfterMs: number;
  /** A silence of the control of at most so long, between two words that say the same state, is given it, ms; 0 for none. */
  bridgeMs: number;
  /** What people decided about its readings, in the order in which they were entered; revoked ones are not among them. */
  amendments: readonly Amendment[];
}

/** The model of a machine that nobody configured: energy is counted, states are only what its control says. */
export function unconfiguredMachine(machine: string): MachineModel {
  return {
    machine,
    ratedPowerW: null,
    componentRatedPowerW: {},
    offBelowW: null,
    bandSets: [],
    tree: {},
    stateMap: {},
    quietAfterMs: 300_000,
    bridgeMs: 120_000,
    amendments: [],
  };
}

/** A component draws no more than this multiple of its rated power (rule E5). */
const BOUND_FACTOR = 1.2;

/** The most that a component can draw, W; null where nobody said, and for media and what is fed back. */
export function boundPowerOf(
  model: MachineModel,
  component: string,
  direction: 'import' | 'export' | 'medium',
): number | null {
  const ratedW = direction === 'import' ? ratedPowerOf(model, component) : null;
  return ratedW === null ? null : ratedW * BOUND_FACTOR;
}

/** The power that bounds a component's counter: its own rating, else the machine's, else null. */
export function ratedPowerOf(model: MachineModel, component: string): Watts | null {
  return model.componentRatedPowerW[component] ?? model.ratedPowerW;
}
