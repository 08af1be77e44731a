import { HOUR_MS, MINUTE_MS } from '../energy/hour-account.ts';
import { rectangular, nothing, UNCERTAINTY_SOURCES } from '../energy/uncertainty/contribution.ts';
import { stateUncertainty, type Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import { sayKwh, sayWatts } from '../energy/use-phase/say-kwh.ts';
import type { MeteredPart } from './reconcile.ts';

/** What a person read from the display of a main meter, or from a bill. */
export interface MainReading {
  /** Wall ms of the reading, and by how much that may be wrong, ms. */
  atMs: number;
  withinMs: number;
  /** What it showed, and the smallest step of what was written down, whole mWh. */
  shownMwh: number;
  stepMwh: number;
  /** Largest error of the meter by its class, %; null where nobody said. */
  errorPercent: number | null;
}

/** The time between two readings, and the energy in it. */
export interface ReadEnergy extends MeteredPart {
  fromMs: number;
  toMs: number;
  saying: string;
}

/**
 * The energy between the readings nearest to both ends of a time. It is over the time of the readings, not over the time
 * asked for. Undefined with fewer than two readings, or where the display fell.
 */
export function energyOfReadings(
  id: string,
  readings: readonly MainReading[],
  fromMs: number,
  toMs: number,
): ReadEnergy | undefined {
  const sorted = readings.toSorted((a, b) => a.atMs - b.atMs);
  const first = nearest(sorted, fromMs);
  const last = nearest(sorted, toMs);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined;
  const energyMwh = last.shownMwh - first.shownMwh;
  if (energyMwh < 0) return undefined;
  return {
    id,
    // Machines are known by the minute.
    fromMs: Math.round(first.atMs / MINUTE_MS) * MINUTE_MS,
    toMs: Math.round(last.atMs / MINUTE_MS) * MINUTE_MS,
    energyMwh,
    bridgedMwh: 0,
    uncoveredMs: 0,
    meter: `display of ${id}`,
    uncertainty: energyMwh === 0 ? null : uncertaintyOf(first, last, energyMwh),
    saying: `${sayKwh(last.shownMwh)} - ${sayKwh(first.shownMwh)} = ${sayKwh(energyMwh)}`,
  };
}

function nearest(sorted: readonly MainReading[], atMs: number): MainReading | undefined {
  return sorted.reduce<MainReading | undefined>(
    (best, one) =>
      best === undefined || Math.abs(one.atMs - atMs) < Math.abs(best.atMs - atMs) ? one : best,
    undefined,
  );
}

/**
 * Of three things: the meter's own error; the display, which leaves off anything below its step at either end, so that the
 * difference is triangular with a half width of one step; and the moments: at mean power, so many minutes are so much
 * energy, at either end.
 */
function uncertaintyOf(first: MainReading, last: MainReading, energyMwh: number): Uncertainty {
  const errorPercent = last.errorPercent ?? first.errorPercent;
  if (errorPercent === null)
    return {
      kind: 'unknown',
      energyMwh,
      missing: [
        {
          fact: 'largest error of the main meter',
          remedy:
            'Enter it with the reading: --error 2% for a class 2 or A meter, 1% for class 1 or B, 0.5% for class 0.5 or C.',
        },
      ],
    };
  const meanW = energyMwh / 1000 / ((last.atMs - first.atMs) / HOUR_MS);
  const momentMwh = Math.hypot(first.withinMs, last.withinMs) * (meanW / 3600);
  const stepMwh = Math.max(first.stepMwh, last.stepMwh);
  return stateUncertainty(
    energyMwh,
    UNCERTAINTY_SOURCES.map((source) => {
      if (source === 'meter')
        return rectangular(source, energyMwh, {
          percent: errorPercent,
          isQualified: true,
          note: `at most ${errorPercent} %, as entered`,
        });
      if (source === 'resolution')
        return {
          source,
          halfWidthPercent: (100 * stepMwh) / energyMwh,
          distribution: 'triangular',
          standardMwh: stepMwh / Math.sqrt(6),
          isQualified: true,
          note: `${sayKwh(stepMwh)}, one step of what was written down, at either end`,
        };
      if (source === 'sampling')
        return rectangular(source, energyMwh, {
          percent: (100 * momentMwh) / energyMwh,
          isQualified: true,
          note: `the moments of reading, at a mean of ${sayWatts(meanW)}`,
        });
      return nothing(source, 'none, or in the error of the meter');
    }),
  );
}
