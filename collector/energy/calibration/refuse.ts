import { quantileOf } from './power-axis.ts';
import type { WeighedSamples } from './power-samples.ts';
import { sayPower, sayShare } from './power-words.ts';
import type { CalibrationRefusal } from './proposal.ts';

/** Fewer readings than these say nothing. */
export const READINGS_MIN = 120;
/** What feeds back so many times more than it draws is measured the wrong way round. */
const FED_BACK_TIMES = 3;

/**
 * Why these readings cannot be calibrated from at all; undefined where they may be.
 * @param workW the power that is passed for 1 % of the time, W
 */
export function refuseEarly(
  samples: WeighedSamples,
  ratedPowerW: number | null,
  workW: number,
): CalibrationRefusal | undefined {
  const { powersW, weightsMs, measuredMs } = samples;
  if (powersW.length < READINGS_MIN || measuredMs === 0)
    return {
      code: 'too-little',
      message: `${powersW.length} readings of power that follow each other are too few to calibrate from.`,
      cure: `Give at least ${READINGS_MIN}, better a day and a night.`,
    };
  let negativeMs = 0;
  let negativeWms = 0;
  let positiveWms = 0;
  for (let row = 0; row < powersW.length; row++) {
    if (powersW[row]! < 0) {
      negativeMs += weightsMs[row]!;
      negativeWms -= powersW[row]! * weightsMs[row]!;
    } else positiveWms += powersW[row]! * weightsMs[row]!;
  }
  if (negativeWms > FED_BACK_TIMES * positiveWms)
    return {
      code: 'fed-back',
      message: `Power is negative for ${sayShare(negativeMs / measuredMs)} of the time: the machine would feed back more than it draws.`,
      cure: 'Turn the current transformers round, or correct the sign of the channel.',
    };
  if (workW <= 0)
    return {
      code: 'no-power',
      message: 'The machine drew no power at all.',
      cure: 'Look whether the meter measures it, and calibrate over a time in which it worked.',
    };
  if (ratedPowerW !== null && workW < 0.01 * ratedPowerW)
    return {
      code: 'always-off',
      message: `The machine was off all the time: it hardly drew more than ${sayPower(workW)} of ${sayPower(ratedPowerW)}.`,
      cure: 'Calibrate over a time in which it worked as well.',
    };
  return undefined;
}

/** Why readings without a boundary have none. */
export function refuseOneLevel(samples: WeighedSamples, noiseW: number, workW: number): CalibrationRefusal {
  const middleW = quantileOf(samples.powersW, samples.weightsMs, 0.5);
  const cure = 'Calibrate over a time in which the machine was off, waited and worked, such as a whole week.';
  if (noiseW >= workW / 2)
    return {
      code: 'no-power',
      message: `Power never rises above the noise of the meter (${sayPower(workW)}).`,
      cure,
    };
  return {
    code: 'one-level',
    message: `Power stays at one level, near ${sayPower(middleW)}: there is no boundary to be found.`,
    cure,
  };
}
