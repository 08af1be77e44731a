import type { MachineModel } from '../collector/energy/machine-model.ts';
import type { MachineConfig } from '../config/collector-config.ts';

/** What the derivation needs of a configured machine. */
export function machineModelOf(machine: MachineConfig): MachineModel {
  return {
    machine: machine.id,
    ratedPowerW: machine.ratedPower,
    componentRatedPowerW: machine.componentRatedPower,
    offBelowW: machine.offBelow ?? null,
    bands: machine.bands.map(({ state, below }) => ({ state, belowW: below ?? null })),
    stateMap: machine.stateMap,
    quietAfterMs: machine.quietAfter,
  };
}
