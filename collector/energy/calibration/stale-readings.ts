import { isJoined, type PowerSamples } from './power-samples.ts';

const STALE_MIN_MS = 600_000;
const STALE_READINGS_MIN = 60;
/** A meter whose readings change at this share of steps does not stand still by itself. */
const LIVELY_SHARE = 0.9;

/** Readings this close to each other are of one power. */
const SAME_SHARE = 0.1;

/**
 * Readings without those of a meter that stood still: the same power to the last digit for ten minutes and more, where at
 * that very power it otherwise hardly ever repeats itself. A machine that is off may draw the same for ever.
 */
export function dropStale(
  samples: PowerSamples,
  floorW: number,
): { samples: PowerSamples; staleMs: number; atW: number } {
  const { timesMs, powersW, everyMs } = samples;
  const runs = listRuns(samples).filter(({ from }) => powersW[from]! > floorW);
  const isLong = ({ from, to }: Run) =>
    to - from >= STALE_READINGS_MIN && timesMs[to - 1]! - timesMs[from]! >= STALE_MIN_MS;
  const short = runs.filter((run) => !isLong(run));
  const stale = runs.filter((run) => {
    if (!isLong(run)) return false;
    const powerW = powersW[run.from]!;
    const alike = short.filter(({ from }) => Math.abs(powersW[from]! - powerW) <= SAME_SHARE * powerW);
    const readings = alike.reduce((sum, { from, to }) => sum + to - from, 0);
    return readings >= STALE_READINGS_MIN && alike.length >= LIVELY_SHARE * readings;
  });
  const isStale = new Uint8Array(timesMs.length);
  let staleMs = 0;
  for (const { from, to } of stale) {
    // The first of a run was a reading.
    isStale.fill(1, from + 1, to);
    staleMs += timesMs[to - 1]! - timesMs[from]!;
  }
  if (staleMs === 0) return { samples, staleMs, atW: 0 };
  const keep = (column: ArrayLike<number>) =>
    (Array.prototype.slice.call(column) as number[]).filter((_, row) => isStale[row] === 0);
  return {
    samples: { timesMs: keep(timesMs), powersW: keep(powersW), everyMs: keep(everyMs) },
    staleMs,
    atW: powersW[stale[0]?.from ?? 0] ?? 0,
  };
}

/** Rows of one power that follow each other without a gap. */
interface Run {
  from: number;
  to: number;
}

function listRuns(samples: PowerSamples): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let row = 0; row < samples.timesMs.length; row++) {
    if (isJoined(samples, row) && samples.powersW[row + 1] === samples.powersW[row]) continue;
    runs.push({ from, to: row + 1 });
    from = row + 1;
  }
  return runs;
}
