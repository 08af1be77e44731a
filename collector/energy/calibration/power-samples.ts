/** Power readings in order of time: what a calibration rests on. The three columns are of one length. */
export interface PowerSamples {
  /** Wall ms, ascending. */
  timesMs: ArrayLike<number>;
  /** W; negative where the machine feeds back. */
  powersW: ArrayLike<number>;
  /** Interval between readings that was asked for, ms: longer than twice this is a gap. */
  everyMs: ArrayLike<number>;
}

/** Readings, and the time that each speaks for. */
export interface WeighedSamples extends PowerSamples {
  /** Half the interval to each neighbour, ms; nothing towards a gap. */
  weightsMs: Float64Array;
  /** Sum of the weights, ms. */
  measuredMs: number;
  /** Spans longer than twice the interval asked for. */
  gaps: { count: number; lostMs: number };
}

/** True where no reading is missing between this reading and the next. */
export function isJoined(samples: PowerSamples, row: number): boolean {
  const stepMs = (samples.timesMs[row + 1] ?? Infinity) - (samples.timesMs[row] ?? 0);
  return stepMs <= 2 * (samples.everyMs[row + 1] ?? 0);
}

/**
 * Gives each reading the time that it speaks for. Readings that are no number, and those not later than the one before,
 * are left out.
 */
export function weighSamples(raw: PowerSamples): WeighedSamples {
  const samples = dropUseless(raw);
  const count = samples.timesMs.length;
  const weightsMs = new Float64Array(count);
  const gaps = { count: 0, lostMs: 0 };
  let measuredMs = 0;
  for (let row = 0; row + 1 < count; row++) {
    const stepMs = samples.timesMs[row + 1]! - samples.timesMs[row]!;
    if (!isJoined(samples, row)) {
      gaps.count++;
      gaps.lostMs += stepMs;
      continue;
    }
    weightsMs[row]! += stepMs / 2;
    weightsMs[row + 1]! += stepMs / 2;
    measuredMs += stepMs;
  }
  return { ...samples, weightsMs, measuredMs, gaps };
}

function dropUseless({ timesMs, powersW, everyMs }: PowerSamples): PowerSamples {
  const kept: { timesMs: number[]; powersW: number[]; everyMs: number[] } = {
    timesMs: [],
    powersW: [],
    everyMs: [],
  };
  let lastMs = -Infinity;
  for (let row = 0; row < timesMs.length; row++) {
    const atMs = timesMs[row]!;
    const powerW = powersW[row]!;
    if (!Number.isFinite(powerW) || !(atMs > lastMs)) continue;
    kept.timesMs.push(atMs);
    kept.powersW.push(powerW);
    kept.everyMs.push(everyMs[row]!);
    lastMs = atMs;
  }
  return kept;
}

/** The readings from one row to another (exclusive). */
export function sliceSamples(samples: PowerSamples, from: number, to: number): PowerSamples {
  const cut = (column: ArrayLike<number>) => Array.prototype.slice.call(column, from, to) as number[];
  return { timesMs: cut(samples.timesMs), powersW: cut(samples.powersW), everyMs: cut(samples.everyMs) };
}
