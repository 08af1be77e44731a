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

interface Span {
  fromMs: number;
  toMs: number;
}

/** A job's share of a window, and when it was drawn: mWh by begin of the hour. */
type ByHour = Map<number, number>;

/**
 * What jobs got, by the UTC hours in which it was drawn, whole mWh that sum to what the windows gave them. What a job drew itself lies in the
 * hours of its own segments, by what the machine drew processing there; its share of what was divided lies in all hours of the
 * window, by what the machine drew in that state. So a factor of each hour meets the energy of that hour. Of a window without any
 * hour, or a job without any, what the job drew itself stays one piece a segment and its share one of the window: what is longer than an hour takes the value of the year.
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
    for (const row of rows) {
      const spans = spansOf(row, window, jobs);
      if (spread(row, spans, own, byHour)) continue;
      for (const [index, mwh] of apportion(milliwattHours(row.mwh), spans.map(lengthOf)).entries())
        if (mwh > 0) whole.push(pieceOf(spans[index]!.fromMs, spans[index]!.toMs, mwh, yearOf));
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

/** When it was drawn, within the window: what a job drew itself in its segments, its share of what was divided at any time. */
function spansOf(
  { how, job }: AllocationRow,
  { fromMs, toMs }: JobWindow,
  jobs: readonly ReportedJob[],
): Span[] {
  const isOwn = how === 'direct' || how === 'at-once';
  const segments = isOwn ? (jobs.find(({ id }) => id === job)?.segments ?? []) : [];
  const within = segments
    .map((segment) => ({ fromMs: Math.max(fromMs, segment.fromMs), toMs: Math.min(toMs, segment.toMs) }))
    .filter((span) => lengthOf(span) > 0);
  return within.length > 0 ? within : [{ fromMs, toMs }];
}

/** @returns false where no hour of these spans is here: hours of others say nothing of it */
function spread(
  row: AllocationRow,
  spans: readonly Span[],
  hours: readonly HourOfStates[],
  byHour: ByHour,
): boolean {
  const shares = hours.map(({ hourMs }) => timeWithin(hourMs, spans) / HOUR_MS);
  if (shares.every((share) => share === 0)) return false;
  const energies = hours.map(({ stateMwh }, index) => (shares[index] ?? 0) * stateMwh[row.state]);
  // Closure and counters may book energy to hours in which the state was not seen: it then follows the time.
  const weights = energies.some((weight) => weight > 0) ? energies : shares;
  for (const [index, mwh] of apportion(milliwattHours(row.mwh), weights).entries()) {
    const { hourMs } = hours[index]!;
    byHour.set(hourMs, (byHour.get(hourMs) ?? 0) + mwh);
  }
  return true;
}

/** Time of an hour that lies in one of the spans, ms; spans of one job do not overlap. */
function timeWithin(hourMs: number, spans: readonly Span[]): number {
  return spans.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(hourMs + HOUR_MS, toMs) - Math.max(hourMs, fromMs)),
    0,
  );
}

const lengthOf = ({ fromMs, toMs }: Span): number => toMs - fromMs;

function pieceOf(fromMs: number, toMs: number, mwh: number, yearOf: (atMs: number) => number): EnergyPiece {
  const at = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return { ...at, year: yearOf(fromMs), kwh: wholeDecimal(mwh, 6) };
}
