import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import type { AllocationRow } from '../../energy/allocation/allocation-row.ts';
import { apportion } from '../../energy/apportion.ts';
import { HOUR_MS } from '../../energy/hour-account.ts';
import type { MachineHour } from '../../energy/machine-hour.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import { wholeDecimal } from '../../footprint/figures/decimal.ts';
import type { JobReport, JobWindow, ReportedJob } from '../job-report.ts';

/** What a machine drew in an hour, by state. */
export interface HourOfStates {
  hourMs: number;
  stateMwh: Readonly<Record<OperatingState, number>>;
}

/** What of an hour is needed to say when a window's energy was drawn. */
export const hourOfStates = ({ hourMs, energy }: MachineHour): HourOfStates => ({
  hourMs,
  stateMwh: energy.stateMwh,
});

/** A job's share of a window, and when it was drawn: mWh by begin of the hour. */
type ByHour = Map<number, number>;

/**
 * What jobs got, by the UTC hours in which it was drawn, whole mWh that sum to what the windows gave them. What a job drew itself lies in the
 * hours of its own segments, by what the machine drew processing there; its share of what was divided lies in all hours of the
 * window, by what the machine drew in that state. So a factor of each hour meets the energy of that hour. Of a window without any
 * hour, or a job without any, the energy stays one piece, and takes values of the year.
 */
export function jobPieces(
  { windows, fromMs: firstMs, toMs: endMs }: JobReport,
  jobs: readonly ReportedJob[],
  hours: readonly HourOfStates[],
  yearOf: (atMs: number) => number,
): EnergyPiece[] {
  const byHour: ByHour = new Map();
  const whole: EnergyPiece[] = [];
  for (const window of windows) {
    const rows = window.rows.filter(({ job, mwh }) => mwh > 0 && jobs.some(({ id }) => id === job));
    const own = hours.filter(({ hourMs }) => hourMs < window.toMs && hourMs + HOUR_MS > window.fromMs);
    if (own.length === 0) {
      const mwh = rows.reduce((sum, row) => sum + row.mwh, 0);
      if (mwh > 0) whole.push(pieceOf(window.fromMs, window.toMs, mwh, yearOf));
      continue;
    }
    for (const row of rows) {
      const left = spread(row, window, jobs, own, byHour);
      if (left > 0) whole.push(pieceOf(window.fromMs, window.toMs, left, yearOf));
    }
  }
  const pieces = [...byHour]
    .filter(([, mwh]) => mwh > 0)
    .map(([hourMs, mwh]) =>
      pieceOf(Math.max(hourMs, firstMs), Math.min(hourMs + HOUR_MS, endMs), mwh, yearOf),
    );
  const all = [...whole, ...pieces].sort((a, b) => (a.from < b.from ? -1 : 1));
  // A job that got nothing has a factor all the same.
  return all.length > 0 ? all : [pieceOf(firstMs, endMs, 0, yearOf)];
}

/** @returns mWh of a job of which no hour is here: hours of others say nothing of it */
function spread(
  row: AllocationRow,
  window: JobWindow,
  jobs: readonly ReportedJob[],
  hours: readonly HourOfStates[],
  byHour: ByHour,
): number {
  const isOwn = row.how === 'direct' || row.how === 'at-once';
  const spans = isOwn ? (jobs.find(({ id }) => id === row.job)?.segments ?? []) : [window];
  const shares = hours.map(({ hourMs }) => timeWithin(hourMs, window, spans) / HOUR_MS);
  if (shares.every((share) => share === 0)) return row.mwh;
  const energies = hours.map(({ stateMwh }, index) => (shares[index] ?? 0) * stateMwh[row.state]);
  // Closure and counters may book energy to hours in which the state was not seen: it then follows the time.
  const weights = energies.some((weight) => weight > 0) ? energies : shares;
  for (const [index, mwh] of apportion(milliwattHours(row.mwh), weights).entries()) {
    const { hourMs } = hours[index]!;
    byHour.set(hourMs, (byHour.get(hourMs) ?? 0) + mwh);
  }
  return 0;
}

/** Time of an hour that lies in a window and in one of the spans, ms; spans of one job do not overlap. */
function timeWithin(
  hourMs: number,
  window: Pick<JobWindow, 'fromMs' | 'toMs'>,
  spans: readonly { fromMs: number; toMs: number }[],
): number {
  return spans.reduce((sum, { fromMs, toMs }) => {
    const begin = Math.max(hourMs, window.fromMs, fromMs);
    return sum + Math.max(0, Math.min(hourMs + HOUR_MS, window.toMs, toMs) - begin);
  }, 0);
}

function pieceOf(fromMs: number, toMs: number, mwh: number, yearOf: (atMs: number) => number): EnergyPiece {
  const at = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return { ...at, year: yearOf(fromMs), kwh: wholeDecimal(mwh, 6) };
}
