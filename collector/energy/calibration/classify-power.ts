import type { BandSet } from '../band-set.ts';
import { isJoined, type PowerSamples } from './power-samples.ts';

/**
 * The band of each reading, as its place in `bandSet.bands`; the number of bands where power is above the last of them.
 *
 * Each boundary is a switch of its own: it goes up when power has been above it by the hysteresis for the dwell, and down
 * when it has been below it so, and it went when power passed it. After a gap every switch stands as power is.
 */
export function classifyPower(bandSet: BandSet, samples: PowerSamples): Uint8Array {
  const count = samples.timesMs.length;
  const bands = new Uint8Array(count);
  for (const { belowW } of bandSet.bands) {
    if (belowW === null) continue;
    const isAbove = switchAt(belowW, bandSet, samples);
    for (let row = 0; row < count; row++) bands[row]! += isAbove[row]!;
  }
  return bands;
}

/** Where one boundary's switch stands at each reading: 1 above, 0 below. */
function switchAt(
  boundaryW: number,
  { hysteresis, dwellMs }: Pick<BandSet, 'hysteresis' | 'dwellMs'>,
  samples: PowerSamples,
): Uint8Array {
  const { timesMs, powersW } = samples;
  const stands = new Uint8Array(timesMs.length);
  let state = 0;
  /** The first reading beyond the boundary of those that wait for the dwell. */
  let first = -1;
  let sinceMs = 0;
  for (let row = 0; row < timesMs.length; row++) {
    const powerW = powersW[row]!;
    const isAfterGap = row === 0 || !isJoined(samples, row - 1);
    if (isAfterGap) {
      state = powerW >= boundaryW ? 1 : 0;
      first = -1;
    } else if (state === 0 ? powerW >= boundaryW * (1 + hysteresis) : powerW < boundaryW * (1 - hysteresis)) {
      if (first < 0) {
        first = row;
        sinceMs = Math.floor((timesMs[row - 1]! + timesMs[row]!) / 2);
      }
      // The reading speaks until half-way to the next.
      const untilMs = isJoined(samples, row)
        ? Math.floor((timesMs[row]! + timesMs[row + 1]!) / 2)
        : timesMs[row]!;
      if (untilMs - sinceMs >= dwellMs) {
        state = 1 - state;
        stands.fill(state, first, row);
        first = -1;
      }
    } else first = -1;
    stands[row] = state;
  }
  return stands;
}
