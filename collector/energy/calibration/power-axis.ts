import type { WeighedSamples } from './power-samples.ts';

/** One bin of the histogram: 0.01 decades, 2.3 % of power. */
export const BIN_DECADES = 0.01;
/** Power differences below this share of what the machine draws at work say nothing of its state. */
const FLOOR_SHARE = 0.001;
/** What is so many floors below zero is fed back: braking, no noise. */
const FED_BACK_FLOORS = 10;
/** Noise about zero is above it not much longer than below. */
const NOISE_ABOVE_TIMES = 4;
/** Bins below the floor, so that the lowest level has a left side. */
const MARGIN_BINS = 15;

/**
 * Time by power on a logarithmic axis. Everything up to the floor - noise, zero, feeding back - is one power: the logarithm
 * would otherwise spread the noise of a meter at zero over decades.
 */
export interface PowerHistogram {
  floorW: number;
  /** The power that is passed for 1 % of the time, W. */
  workW: number;
  /** log10 W of the lower edge of the first bin. */
  fromDecade: number;
  /** Time in each bin, ms. */
  timeMs: Float64Array;
}

/** True where power is fed back, as by a spindle that brakes: that is no level of power. */
export function isFedBack(powerW: number, floorW: number): boolean {
  return powerW < fedBackBelowW(floorW);
}

/** What lies below this is fed back, W. */
export function fedBackBelowW(floorW: number): number {
  return -FED_BACK_FLOORS * floorW;
}

/** Sorts time by power, but for what is fed back. */
export function sortByPower(samples: WeighedSamples, floorW: number, workW: number): PowerHistogram {
  let mostW = Math.max(workW, floorW);
  for (let row = 0; row < samples.powersW.length; row++) mostW = Math.max(mostW, samples.powersW[row]!);
  const fromDecade = Math.log10(floorW) - MARGIN_BINS * BIN_DECADES;
  const bins = Math.ceil((Math.log10(mostW) - fromDecade) / BIN_DECADES) + MARGIN_BINS;
  const timeMs = new Float64Array(bins);
  for (let row = 0; row < samples.powersW.length; row++) {
    if (isFedBack(samples.powersW[row]!, floorW)) continue;
    const bin = Math.floor(
      (Math.log10(Math.max(samples.powersW[row]!, floorW)) - fromDecade) / BIN_DECADES + 1e-9,
    );
    timeMs[bin]! += samples.weightsMs[row]!;
  }
  return { floorW, workW, fromDecade, timeMs };
}

/** Power in the middle of a bin, W. */
export function powerOfBin(histogram: Pick<PowerHistogram, 'fromDecade'>, bin: number): number {
  return 10 ** (histogram.fromDecade + (bin + 0.5) * BIN_DECADES);
}

/** What the axis rests on: the power at work, and the floor below which power is nothing. */
export function findFloor(samples: WeighedSamples): { floorW: number; workW: number; noiseW: number } {
  const { powersW, weightsMs } = samples;
  const workW = quantileOf(powersW, weightsMs, 0.99);
  // A meter that reads zero with noise is below zero for half of that time; braking is so only for moments.
  const negatives: number[] = [];
  const negativeWeights: number[] = [];
  let negativeMs = 0;
  for (let row = 0; row < powersW.length; row++) {
    if (powersW[row]! >= 0) continue;
    negatives.push(-powersW[row]!);
    negativeWeights.push(weightsMs[row]!);
    negativeMs += weightsMs[row]!;
  }
  const reachW = 3 * quantileOf(negatives, negativeWeights, 0.5);
  let aboveMs = 0;
  for (let row = 0; row < powersW.length; row++)
    if (powersW[row]! >= 0 && powersW[row]! <= reachW) aboveMs += weightsMs[row]!;
  const isNoise = negativeMs >= 0.05 * samples.measuredMs && aboveMs <= NOISE_ABOVE_TIMES * negativeMs;
  const noiseW = isNoise ? reachW : 0;
  return { workW, noiseW, floorW: Math.max(workW * FLOOR_SHARE, noiseW) };
}

/** The value below which a share of the weight lies; 0 without values. */
export function quantileOf(values: ArrayLike<number>, weights: ArrayLike<number>, share: number): number {
  return rankValues(values, weights)(share);
}

/** Sorts once and answers many times: the value below which a share of the weight lies; 0 without values. */
export function rankValues(values: ArrayLike<number>, weights: ArrayLike<number>): (share: number) => number {
  const sorted = Float64Array.from(values).sort();
  // Readings weigh almost the same: only where they do not must each value keep its own weight.
  const order = isUniform(weights) ? undefined : orderOf(values);
  const before = new Float64Array(sorted.length);
  let total = 0;
  for (let rank = 0; rank < sorted.length; rank++) {
    total += order === undefined ? (weights[0] ?? 0) : weights[order[rank]!]!;
    before[rank] = total;
  }
  return (share) => {
    const wanted = share * total;
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before[middle]! > 0 && before[middle]! >= wanted) high = middle;
      else low = middle + 1;
    }
    return sorted[low] ?? 0;
  };
}

function isUniform(weights: ArrayLike<number>): boolean {
  for (let index = 1; index < weights.length; index++) if (weights[index] !== weights[0]) return false;
  return true;
}

function orderOf(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, index) => index).sort(
    (a, b) => values[a]! - values[b]!,
  );
}

/** The density after a Gaussian of this width (in bins): what is closer together than that is one thing. */
export function smooth(values: Float64Array, sigmaBins: number): Float64Array {
  const reach = Math.ceil(4 * sigmaBins);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, index) =>
    Math.exp(-0.5 * ((index - reach) / sigmaBins) ** 2),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const smoothed = new Float64Array(values.length);
  values.forEach((value, bin) => {
    if (value === 0) return;
    for (let offset = -reach; offset <= reach; offset++) {
      const target = bin + offset;
      if (target >= 0 && target < smoothed.length)
        smoothed[target]! += (value * kernel[offset + reach]!) / total;
    }
  });
  return smoothed;
}
