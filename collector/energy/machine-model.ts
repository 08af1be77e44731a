import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** What the derivation must know of a machine: plain data, from the collector's configuration. */
export interface MachineModel {
  machine: string;
  /** Rated power of the whole machine, W; null where nobody said: then a counter has no upper bound. */
  ratedPowerW: number | null;
  /** Rated power of single components, W. */
  componentRatedPowerW: Record<string, number>;
  /** Supply power below which the machine is off, W; null where power does not tell. */
  offBelowW: number | null;
  /** States by supply power, lowest first; a band without `belowW` has no upper end. */
  bands: { state: OperatingState; belowW: number | null }[];
  /** Words of the control that mean something else here: `ACTIVE`, or `mtconnect/Execution=ACTIVE`. */
  stateMap: Record<string, OperatingState>;
  /** A status word is stale when its source has been silent for longer, ms. */
  quietAfterMs: number;
}

/** The model of a machine that nobody configured: energy is counted, states are only what its control says. */
export function unconfiguredMachine(machine: string): MachineModel {
  return {
    machine,
    ratedPowerW: null,
    componentRatedPowerW: {},
    offBelowW: null,
    bands: [],
    stateMap: {},
    quietAfterMs: 300_000,
  };
}

/** The power that bounds a component's counter, W: its own rating, else the machine's, else null. */
export function ratedPowerOf(model: MachineModel, component: string): number | null {
  return model.componentRatedPowerW[component] ?? model.ratedPowerW;
}
