import { BIN_DECADES, smooth, type PowerHistogram } from './power-axis.ts';

/** Levels closer than this are one: 0.03 decades are 7 %, and two humps show as two from about 15 % on. */
const SMOOTHING_BINS = 3;
/** Modes closer than this are one level: 25 % of power. */
const APART_BINS = 10;
/** A valley must be at most this high, as a share of the lower of its two peaks. */
const VALLEY_MAX = 0.5;
/** A level holds at least this share of the time, and this many readings. */
const SHARE_MIN = 0.01;
const READINGS_MIN = 30;
/** Work that never stays at one power has no mode; it is a level all the same where it holds this much of the time. */
const RESTLESS_SHARE_MIN = 0.03;
/** There are no names for more: off, standby, extended standby, ready, processing. */
export const LEVELS_MAX = 5;

/** A power at which the machine stays. Bins are those of the histogram. */
export interface Level {
  /** First bin, and the one after the last. */
  fromBin: number;
  toBin: number;
  /** Where its density is highest, and that density. */
  peakBin: number;
  peak: number;
  timeMs: number;
}

/** What lies between two levels. */
export interface Valley {
  /** Where the boundary is. */
  bin: number;
  /** Density at its bottom over that of the lower peak, 0..1: 0 is empty, 1 is no valley at all. */
  height: number;
}

/** Levels from the lowest power to the highest, and the valleys between them. */
export interface Levels {
  levels: Level[];
  valleys: Valley[];
}

/**
 * The levels of a histogram: the modes of the smoothed density, less those that are no hills of their own. Neighbours are
 * joined, the weakest valley first, while a valley is too shallow, two modes are too close, a level holds too little, or
 * there are more levels than names.
 * @param readingMs what one reading speaks for in the mean
 */
export function findLevels(histogram: PowerHistogram, readingMs: number): Levels {
  const density = smooth(histogram.timeMs, SMOOTHING_BINS);
  const measuredMs = histogram.timeMs.reduce((sum, value) => sum + value, 0);
  const leastMs = Math.max(SHARE_MIN * measuredMs, READINGS_MIN * readingMs);
  let levels = listModes(histogram, density);
  for (;;) {
    const weakest = findWeakest(levels, density, leastMs);
    if (weakest === undefined) break;
    levels = joinAt(levels, weakest);
  }
  const valleys = levels
    .slice(1)
    .map((upper, index) => layBoundary(histogram, density, levels[index]!, upper));
  const top = levels.at(-1);
  if (top !== undefined && levels.length < LEVELS_MAX) {
    const restless = splitRestless(
      histogram,
      density,
      { ...top, fromBin: valleys.at(-1)?.bin ?? 0 },
      leastMs,
    );
    if (restless !== undefined) {
      levels.push(restless.level);
      valleys.push({ bin: restless.level.fromBin, height: restless.height });
    }
  }
  return {
    levels: levels.map((level, index) => ({
      ...level,
      fromBin: valleys[index - 1]?.bin ?? 0,
      toBin: valleys[index]?.bin ?? density.length,
      timeMs: sumOf(histogram.timeMs, valleys[index - 1]?.bin ?? 0, valleys[index]?.bin ?? density.length),
    })),
    valleys,
  };
}

function listModes({ timeMs }: PowerHistogram, density: Float64Array): Level[] {
  const levels: Level[] = [];
  let fromBin = 0;
  let peakBin = 0;
  let lowBin = 0;
  let isRising = true;
  const close = (toBin: number) =>
    levels.push({ fromBin, toBin, peakBin, peak: density[peakBin]!, timeMs: sumOf(timeMs, fromBin, toBin) });
  for (let bin = 1; bin < density.length; bin++) {
    if (isRising) {
      if (density[bin]! >= density[peakBin]!) peakBin = bin;
      else if (density[bin]! < density[bin - 1]!) {
        isRising = false;
        lowBin = bin;
      }
    } else if (density[bin]! <= density[lowBin]!) lowBin = bin;
    else {
      close(lowBin);
      fromBin = lowBin;
      peakBin = bin;
      isRising = true;
    }
  }
  close(density.length);
  return levels.filter((level) => level.peak > 0);
}

/** The valley (after the level of this index) that should not be one; undefined where all are sound. */
function findWeakest(levels: readonly Level[], density: Float64Array, leastMs: number): number | undefined {
  let weakest: number | undefined;
  let highest = -1;
  const consider = (index: number, height: number) => {
    if (height <= highest) return;
    highest = height;
    weakest = index;
  };
  for (let index = 0; index + 1 < levels.length; index++) {
    const [lower, upper] = [levels[index]!, levels[index + 1]!];
    const height = heightBetween(density, lower, upper);
    if (height > VALLEY_MAX || upper.peakBin - lower.peakBin < APART_BINS) consider(index, 1 + height);
  }
  if (weakest !== undefined) return weakest;
  const least = levels.reduce((a, b) => (b.timeMs < a.timeMs ? b : a));
  if (levels.length > 1 && least.timeMs < leastMs) {
    const at = levels.indexOf(least);
    const below = at === 0 ? -1 : strengthBetween(density, levels[at - 1]!, least);
    const above = at === levels.length - 1 ? -1 : strengthBetween(density, least, levels[at + 1]!);
    return above === -1 || (below !== -1 && below <= above) ? at - 1 : at;
  }
  if (levels.length <= LEVELS_MAX) return undefined;
  for (let index = 0; index + 1 < levels.length; index++)
    consider(index, 1e3 - strengthBetween(density, levels[index]!, levels[index + 1]!));
  return weakest;
}

/** How much two levels are two: deep and wide valleys are strong. Decades of density (3 at most) times decades of power. */
function strengthBetween(density: Float64Array, lower: Level, upper: Level): number {
  const depth = Math.min(3, -Math.log10(Math.max(1e-9, heightBetween(density, lower, upper))));
  return depth * (upper.peakBin - lower.peakBin) * BIN_DECADES;
}

function heightBetween(density: Float64Array, lower: Level, upper: Level): number {
  let least = Infinity;
  for (let bin = lower.peakBin; bin <= upper.peakBin; bin++) least = Math.min(least, density[bin]!);
  return least / Math.min(lower.peak, upper.peak);
}

function joinAt(levels: readonly Level[], index: number): Level[] {
  const [lower, upper] = [levels[index]!, levels[index + 1]!];
  const higher = upper.peak > lower.peak ? upper : lower;
  return [
    ...levels.slice(0, index),
    { ...higher, fromBin: lower.fromBin, toBin: upper.toBin, timeMs: lower.timeMs + upper.timeMs },
    ...levels.slice(index + 2),
  ];
}

/**
 * The boundary stands where the density between two peaks is least when looked at from as far away as the peaks are apart:
 * smoothed by a tenth of their distance, so that in a wide and nearly empty valley a few passing readings do not decide.
 * Where the bottom is flat, in the middle of it.
 */
function layBoundary(histogram: PowerHistogram, density: Float64Array, lower: Level, upper: Level): Valley {
  const distance = upper.peakBin - lower.peakBin;
  const far = smooth(histogram.timeMs, Math.max(SMOOTHING_BINS, distance / 10));
  let least = Infinity;
  for (let bin = lower.peakBin; bin <= upper.peakBin; bin++) least = Math.min(least, far[bin]!);
  let fromBin = upper.peakBin;
  let toBin = lower.peakBin;
  for (let bin = lower.peakBin; bin <= upper.peakBin; bin++) {
    if (far[bin]! > 1.2 * least) continue;
    fromBin = Math.min(fromBin, bin);
    toBin = Math.max(toBin, bin);
  }
  return { bin: Math.round((fromBin + toBin) / 2), height: heightBetween(density, lower, upper) };
}

/**
 * What lies far above the highest mode without being one: more than four times the mode's own spread (taken from its lower
 * side), and 25 % at least.
 */
function splitRestless(
  { timeMs }: PowerHistogram,
  density: Float64Array,
  top: Level,
  leastMs: number,
): { level: Level; height: number } | undefined {
  const belowMs = sumOf(timeMs, top.fromBin, top.peakBin + 1);
  let spreadBins = 0;
  while (sumOf(timeMs, top.peakBin - spreadBins, top.peakBin + 1) < 0.68 * belowMs) spreadBins++;
  const farBin = top.peakBin + Math.max(APART_BINS, 4 * spreadBins);
  if (farBin >= timeMs.length) return undefined;
  const farMs = sumOf(timeMs, farBin, timeMs.length);
  const measuredMs = sumOf(timeMs, 0, timeMs.length);
  if (farMs < Math.max(leastMs, RESTLESS_SHARE_MIN * measuredMs)) return undefined;
  // Where there is a hill right there after all, the valley before it, and not its side.
  let footBin = farBin;
  for (let bin = farBin; bin > top.peakBin; bin--) if (density[bin]! < density[footBin]!) footBin = bin;
  let peakBin = footBin;
  for (let bin = footBin; bin < density.length; bin++) if (density[bin]! > density[peakBin]!) peakBin = bin;
  const level = {
    fromBin: footBin,
    toBin: timeMs.length,
    peakBin,
    peak: density[peakBin]!,
    timeMs: sumOf(timeMs, footBin, timeMs.length),
  };
  return { level, height: Math.min(1, density[footBin]! / level.peak) };
}

function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index++) sum += values[index]!;
  return sum;
}
