import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { encodePoint, type Field } from './line-protocol.ts';

/** Where machine-hours are stored. */
export const HOUR_MEASUREMENT = 'machine_hour';

/**
 * One machine-hour as a point at the start of its hour. Energies are whole mWh divided by 1,000, so sums over hours are
 * exact to the mWh. What is not known is not written: an hour without a supply counter has times but no energy.
 */
export function lineOfHour(hour: MachineHour): string {
  const fields: [string, Field][] = [];
  const { supplyMwh, stateMwh, componentMwh, residualMwh, exportMwh } = hour.energy;
  if (supplyMwh !== null) {
    fields.push(['energy_wh', supplyMwh / 1000]);
    for (const state of OPERATING_STATES) fields.push([`energy_${state}_wh`, stateMwh[state] / 1000]);
    fields.push(['bridged_wh', hour.obtained.bridgedMwh / 1000]);
  }
  for (const [component, energyMwh] of Object.entries(componentMwh))
    fields.push([componentField(component), energyMwh / 1000]);
  if (residualMwh !== null) fields.push(['energy_residual_wh', residualMwh / 1000]);
  fields.push(['export_wh', exportMwh / 1000]);
  for (const state of OPERATING_STATES) fields.push([`seconds_${state}`, hour.timeMs[state] / 1000]);
  fields.push(['seconds_span', hour.spanMs / 1000], ['seconds_measured', hour.measuredMs / 1000]);
  fields.push(['measured_share', hour.coverage.time]);
  fields.push(['revision', BigInt(hour.revision)], ['final', hour.status === 'final']);
  return encodePoint({
    measurement: HOUR_MEASUREMENT,
    tags: [
      ['site', hour.site],
      ['machine', hour.machine],
    ],
    fields,
    timeMs: hour.hourMs,
  });
}

/** A component that is called like a state or like the residual keeps a name of its own. */
function componentField(component: string): string {
  const taken = component === 'residual' || OPERATING_STATES.some((state) => state === component);
  return taken ? `energy_component_${component}_wh` : `energy_${component}_wh`;
}
