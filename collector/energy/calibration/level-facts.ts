import { isFedBack, rankValues } from './power-axis.ts';
import { isJoined, type WeighedSamples } from './power-samples.ts';

/** What the readings of one level are like. Powers are W. */
export interface LevelFacts {
  timeMs: number;
  powerW: number;
  /** Between these lies 90 % of its time: whoever got here has arrived. */
  lowW: number;
  highW: number;
  /** Between these lies 98 % of its time. */
  edgeFromW: number;
  edgeToW: number;
  /** Half the width that holds 68 % of its time, decades. */
  spreadDecades: number;
  /** Difference between neighbouring readings in the middle, and at three quarters, as a share of power. */
  stepShare: number;
  wildStepShare: number;
}

/** The level of each reading, by boundaries alone. */
export function sortIntoLevels(powersW: ArrayLike<number>, boundariesW: readonly number[]): Uint8Array {
  return Uint8Array.from(powersW, (powerW) => boundariesW.filter((boundaryW) => powerW >= boundaryW).length);
}

/** What each level is like; powers below the floor count as the floor, and what is fed back is of no level. */
export function describeLevels(
  samples: WeighedSamples,
  levelOf: Uint8Array,
  levels: number,
  floorW: number,
): LevelFacts[] {
  return Array.from({ length: levels }, (_, level) => {
    const powers: number[] = [];
    const weights: number[] = [];
    const steps: number[] = [];
    let timeMs = 0;
    for (let row = 0; row < levelOf.length; row++) {
      if (levelOf[row] !== level || isFedBack(samples.powersW[row]!, floorW)) continue;
      const powerW = Math.max(samples.powersW[row]!, floorW);
      powers.push(powerW);
      weights.push(samples.weightsMs[row]!);
      timeMs += samples.weightsMs[row]!;
      if (levelOf[row + 1] !== level || !isJoined(samples, row)) continue;
      steps.push(Math.abs(Math.max(samples.powersW[row + 1]!, floorW) - powerW) / powerW);
    }
    const ones = new Uint8Array(steps.length).fill(1);
    const at = rankValues(powers, weights);
    const stepAt = rankValues(steps, ones);
    return {
      timeMs,
      powerW: at(0.5),
      lowW: at(0.05),
      highW: at(0.95),
      edgeFromW: at(0.01),
      edgeToW: at(0.99),
      spreadDecades: Math.log10(at(0.84) / at(0.16)) / 2,
      stepShare: stepAt(0.5),
      wildStepShare: stepAt(0.75),
    };
  });
}
