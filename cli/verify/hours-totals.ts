import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** What some hours of one machine come to: exact sums. */
export interface HoursTotals {
  hours: number;
  /** Of them, those that were final. */
  final: number;
  /** mWh; null where no hour has a supply that was metered. */
  supplyMwh: number | null;
  exportMwh: number;
  states: Record<OperatingState, { timeMs: number; energyMwh: number }>;
  componentMwh: Record<string, number>;
  /** How the supply's energy was obtained, mWh. */
  obtained: { counterMwh: number; integratedMwh: number; bridgedMwh: number };
  /** Time watched, and of it with readings, ms. */
  spanMs: number;
  measuredMs: number;
}

/** One day (UTC) of them. */
export interface DayTotals {
  /** `2026-10-01` */
  day: string;
  totals: HoursTotals;
}

/** Sums hours. */
export function totalsOf(hours: readonly MachineHour[]): HoursTotals {
  const states = Object.fromEntries(
    OPERATING_STATES.map((state) => [state, { timeMs: 0, energyMwh: 0 }]),
  ) as HoursTotals['states'];
  const totals: HoursTotals = {
    hours: hours.length,
    final: 0,
    supplyMwh: null,
    exportMwh: 0,
    states,
    componentMwh: {},
    obtained: { counterMwh: 0, integratedMwh: 0, bridgedMwh: 0 },
    spanMs: 0,
    measuredMs: 0,
  };
  for (const { energy, timeMs, status, obtained, spanMs, measuredMs } of hours) {
    if (status === 'final') totals.final++;
    if (energy.supplyMwh !== null) totals.supplyMwh = (totals.supplyMwh ?? 0) + energy.supplyMwh;
    totals.exportMwh += energy.exportMwh;
    for (const state of OPERATING_STATES) {
      states[state].timeMs += timeMs[state];
      states[state].energyMwh += energy.stateMwh[state];
    }
    for (const [component, mwh] of Object.entries(energy.componentMwh))
      totals.componentMwh[component] = (totals.componentMwh[component] ?? 0) + mwh;
    for (const how of ['counterMwh', 'integratedMwh', 'bridgedMwh'] as const)
      totals.obtained[how] += obtained[how];
    totals.spanMs += spanMs;
    totals.measuredMs += measuredMs;
  }
  return totals;
}

/** The same day by day, in order. */
export function dayTotalsOf(hours: readonly MachineHour[]): DayTotals[] {
  const days = Map.groupBy(hours, ({ hourMs }) => new Date(hourMs).toISOString().slice(0, 10));
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, of]) => ({ day, totals: totalsOf(of) }));
}

/** mWh as kWh with all six digits: nothing is rounded. */
export function kwhText(mwh: number): string {
  const digits = String(Math.abs(mwh)).padStart(7, '0');
  return `${mwh < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** ms as hours with two digits, for people. */
export function hoursText(ms: number): string {
  return (ms / 3_600_000).toFixed(2);
}
