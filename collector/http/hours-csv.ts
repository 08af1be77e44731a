import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MachineHour } from '../energy/machine-hour.ts';

/** Machine-hours as CSV (RFC 4180): one row an hour, energies in Wh to the mWh, times in s; what is not known is empty. */
export function hoursToCsv(hours: readonly MachineHour[]): string {
  const columns = [
    'hour_start_utc',
    'machine',
    'energy_wh',
    'export_wh',
    'mean_power_w',
    ...OPERATING_STATES.map((state) => `energy_${state}_wh`),
    ...OPERATING_STATES.map((state) => `seconds_${state}`),
    'seconds_span',
    'seconds_measured',
    'bridged_wh',
    'coverage_time',
    'quality',
    'reasons',
    'status',
    'revision',
  ];
  const rows = hours.map((hour) => {
    const { supplyMwh, stateMwh, exportMwh } = hour.energy;
    return [
      new Date(hour.hourMs).toISOString(),
      hour.machine,
      wh(supplyMwh),
      wh(exportMwh),
      meanPowerW(hour)?.toFixed(1) ?? '',
      ...OPERATING_STATES.map((state) => (supplyMwh === null ? '' : wh(stateMwh[state]))),
      ...OPERATING_STATES.map((state) => String(hour.timeMs[state] / 1000)),
      String(hour.spanMs / 1000),
      String(hour.measuredMs / 1000),
      supplyMwh === null ? '' : wh(hour.obtained.bridgedMwh),
      String(hour.coverage.time),
      hour.quality,
      hour.reasons.join('|'),
      hour.status,
      String(hour.revision),
    ];
  });
  // Ids are letters, digits, "_", "." and "-", and begin with a letter or digit: no cell needs quotes or starts a formula.
  return [columns, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** Energy over the time it was used in, W; null where either is missing. */
export function meanPowerW(hour: MachineHour): number | null {
  const { supplyMwh } = hour.energy;
  return supplyMwh === null || hour.spanMs === 0 ? null : (supplyMwh * 3600) / hour.spanMs;
}

function wh(energyMwh: number | null): string {
  return energyMwh === null ? '' : String(energyMwh / 1000);
}
