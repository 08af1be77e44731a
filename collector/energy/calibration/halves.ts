import { sliceSamples, weighSamples, type WeighedSamples } from './power-samples.ts';

/** Two halves of equal measured time, each by itself. */
export function splitInHalves(samples: WeighedSamples): WeighedSamples[] {
  const row = findMiddle(samples);
  return [sliceSamples(samples, 0, row), sliceSamples(samples, row, samples.timesMs.length)].map(
    weighSamples,
  );
}

/** The row at which half of the time has been measured. */
export function findMiddle(samples: WeighedSamples): number {
  let row = 0;
  let beforeMs = 0;
  while (row < samples.timesMs.length && beforeMs < samples.measuredMs / 2)
    beforeMs += samples.weightsMs[row++]!;
  return row;
}
