import { resolve } from 'node:path';
import type { BandSet } from '../collector/energy/band-set.ts';
import type { MachineModel } from '../collector/energy/machine-model.ts';
import { readCalibration } from '../config/calibration-file.ts';
import type { CollectorConfig, MachineConfig } from '../config/collector-config.ts';
import { watts, type Watts } from '../protocols/telemetry/unit.ts';

/** What the derivation needs of all machines of a configuration in a folder, their calibrations included. Throws as `readCalibration`. */
export function machineModelsOf(config: Pick<CollectorConfig, 'machines'>, folder: string): MachineModel[] {
  return config.machines.map((machine) => {
    const { calibration, id } = machine;
    const adopted = calibration === undefined ? [] : readCalibration(resolve(folder, calibration), id);
    return machineModelOf(machine, adopted);
  });
}

/** What the derivation needs of a configured machine; `adopted` are its calibrated bands, in order of time. */
export function machineModelOf(machine: MachineConfig, adopted: readonly BandSet[] = []): MachineModel {
  return {
    machine: machine.id,
    ratedPowerW: watts(machine.ratedPower),
    componentRatedPowerW: Object.fromEntries(
      Object.entries(machine.componentRatedPower).map(([component, powerW]) => [component, watts(powerW)]),
    ),
    offBelowW: wattsOrNull(machine.offBelow),
    bandSets: [
      {
        version: 0,
        fromMs: -Infinity,
        bands: machine.bands.map(({ state, below }) => ({ state, belowW: wattsOrNull(below) })),
        hysteresis: machine.hysteresis,
        dwellMs: machine.dwell,
      },
      ...adopted,
    ],
    tree: machine.tree,
    stateMap: machine.stateMap,
    quietAfterMs: machine.quietAfter,
    bridgeMs: machine.bridge,
    amendments: [],
  };
}

function wattsOrNull(powerW: number | undefined): Watts | null {
  return powerW === undefined ? null : watts(powerW);
}
