import { HOUR_MS } from '../energy/hour-account.ts';
import { HOUR_BASES } from '../energy/use-phase/hour-basis.ts';
import type { UsePhaseReport } from './use-phase-report.ts';

const COLUMNS = [
  'machine',
  'from_utc',
  'to_utc',
  'figure',
  'of',
  'hours',
  'energy_mwh',
  'value',
  'unit',
  'expanded_uncertainty',
  'plan',
] as const;

/**
 * The use phase as CSV (RFC 4180), a row a figure: `mean_power` of a state, W; `energy_per_hour` on a basis, kWh/h; and of a declared
 * year `year_power` of a state, W, and `year_energy_per_hour` on a basis, kWh/h. Energies in whole mWh, uncertainty (k = 2) in the
 * unit of the value; what is not known is empty.
 */
export function usePhaseToCsv(report: UsePhaseReport): string {
  const { machine, fromMs, toMs, usePhase, perHour, powers, scenario: found, basis } = report;
  type Cell = string | number | null;
  const figures: Cell[][] = [
    ...powers.map(({ state, timeMs, energyMwh, powerW, expandedW }) => [
      'mean_power',
      state,
      timeMs / HOUR_MS,
      energyMwh,
      powerW,
      'W',
      expandedW,
    ]),
    ...HOUR_BASES.map((name) => [
      'energy_per_hour',
      name,
      perHour[name].referenceMs / HOUR_MS,
      usePhase.knownMwh + usePhase.unknownMwh,
      perHour[name].kwhPerHour,
      'kWh/h',
      perHour[name].expandedKwhPerHour,
    ]),
    ...(found.kind === 'none'
      ? []
      : [
          ...found.scenario.rows.map(({ state, hoursPerYear, mwhPerYear, powerW }) => [
            'year_power',
            state,
            hoursPerYear,
            mwhPerYear,
            powerW,
            'W',
            null,
          ]),
          ...HOUR_BASES.map((name) => [
            'year_energy_per_hour',
            name,
            null,
            found.scenario.mwhPerYear,
            found.scenario.kwhPerHour[name],
            'kWh/h',
            found.uncertainty.expandedKwhPerHour[name],
          ]),
        ]),
  ];
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  const rows = figures.map((cells) => [machine, from, to, ...cells.map((cell) => cell ?? ''), basis.plan]);
  return [COLUMNS, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}
