import type { MachineModel } from '../collector/energy/machine-model.ts';
import type { MachineConfig } from '../config/collector-config.ts';
import { watts, type Watts } from '../protocols/telemetry/unit.ts';

/** What the derivation needs of a configured machine. */
export function machineModelOf(machine: MachineConfig): MachineModel {
  return {
    machine: machine.id,
    ratedPowerW: watts(machine.ratedPower),
    componentRatedPowerW: Object.fromEntries(
      Object.entries(machine.componentRatedPower).map(([component, powerW]) => [component, watts(powerW)]),
    ),
    offBelowW: wattsOrNull(machine.offBelow),
    bands: machine.bands.map(({ state, below }) => ({ state, belowW: wattsOrNull(below) })),
    stateMap: machine.stateMap,
    quietAfterMs: machine.quietAfter,
  };
}

function wattsOrNull(powerW: number | undefined): Watts | null {
  return powerW === undefined ? null : watts(powerW);
}
