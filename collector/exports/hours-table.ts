import type { Readable } from 'node:stream';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { BRIDGE_METHODS, type MachineHour } from '../energy/machine-hour.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import { parquetOf, type ParquetColumn } from './parquet-file.ts';

/** What the columns mean, as the file says it itself. */
const MEANING =
  'millwatt-hours/1: one row a machine and UTC hour. _mWh: milliwatt hours, _ms: milliseconds, both whole and exact; null: not known. _json: objects and lists as JSON text.';

/**
 * Machine-hours as columns: energies in whole mWh and times in whole ms, so that sums over any rows are exact. What is
 * kept by component or source, of which there are as many as a machine has, is JSON text.
 */
export const HOUR_COLUMNS: readonly ParquetColumn<MachineHour>[] = [
  { name: 'hour_start_utc', kind: 'instant', isSought: true, valueOf: (hour) => hour.hourMs },
  { name: 'site', kind: 'text', valueOf: (hour) => hour.site },
  { name: 'machine', kind: 'text', isSought: true, valueOf: (hour) => hour.machine },
  supply('energy_mWh', (hour) => hour.energy.supplyMwh ?? 0),
  whole('export_mWh', (hour) => hour.energy.exportMwh),
  ...OPERATING_STATES.map((state) => supply(`energy_${state}_mWh`, (hour) => hour.energy.stateMwh[state])),
  ...OPERATING_STATES.map((state) => whole(`time_${state}_ms`, (hour) => hour.timeMs[state])),
  whole('span_ms', (hour) => hour.spanMs),
  whole('measured_ms', (hour) => hour.measuredMs),
  supply('from_counter_mWh', (hour) => hour.obtained.counterMwh),
  supply('integrated_mWh', (hour) => hour.obtained.integratedMwh),
  supply('bridged_mWh', (hour) => hour.obtained.bridgedMwh),
  ...BRIDGE_METHODS.map((method) =>
    supply(`bridged_${method}_mWh`, (hour) => hour.obtained.bridgedBy[method]),
  ),
  {
    name: 'residual_mWh',
    kind: 'whole',
    isNullable: true,
    valueOf: (hour) => hour.energy.residualMwh,
  },
  json('component_mWh_json', (hour) => hour.energy.componentMwh),
  json('residuals_mWh_json', (hour) => hour.energy.residuals),
  json('media_norm_litres_json', (hour) => hour.media),
  json('decided_ms_json', (hour) => hour.decidedMs),
  { name: 'closure', kind: 'decimal', isNullable: true, valueOf: (hour) => hour.closure },
  { name: 'coverage_time', kind: 'decimal', valueOf: (hour) => hour.coverage.time },
  { name: 'coverage_energy', kind: 'decimal', isNullable: true, valueOf: (hour) => hour.coverage.energy },
  { name: 'quality', kind: 'text', valueOf: (hour) => hour.quality },
  { name: 'reasons', kind: 'text', valueOf: (hour) => hour.reasons.join('|') },
  { name: 'status', kind: 'text', valueOf: (hour) => hour.status },
  { name: 'final_by', kind: 'text', isNullable: true, valueOf: (hour) => hour.finalBy },
  whole('revision', (hour) => hour.revision),
  { name: 'algorithm', kind: 'text', valueOf: (hour) => hour.basis.algorithm },
  { name: 'configs', kind: 'text', valueOf: (hour) => hour.basis.configs.join('|') },
  { name: 'amendments', kind: 'text', valueOf: (hour) => hour.basis.amendments.join('|') },
  json('records_json', (hour) => hour.basis.records),
];

/** Machine-hours as a Parquet file, in the order in which they come; see `parquetOf`. */
export function hoursToParquet(hours: Iterable<MachineHour> | AsyncIterable<MachineHour>): Readable {
  return parquetOf(hours, HOUR_COLUMNS, MEANING);
}

function whole(name: string, valueOf: (hour: MachineHour) => number): ParquetColumn<MachineHour> {
  return { name, kind: 'whole', valueOf };
}

/** Energy of the supply: null in an hour without a supply channel, where the record has zeros for want of anything else. */
function supply(name: string, valueOf: (hour: MachineHour) => number): ParquetColumn<MachineHour> {
  return {
    name,
    kind: 'whole',
    isNullable: true,
    valueOf: (hour) => (hour.energy.supplyMwh === null ? null : valueOf(hour)),
  };
}

function json(name: string, valueOf: (hour: MachineHour) => unknown): ParquetColumn<MachineHour> {
  return { name, kind: 'text', valueOf: (hour) => canonicalText(valueOf(hour)) };
}
