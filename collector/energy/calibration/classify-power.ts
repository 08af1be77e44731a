import type { BandSet } from '../band-set.ts';
import { laddersOf, rungAt } from '../power-ladder.ts';
import { feedPower, startPowerTrack } from '../power-track.ts';
import { isJoined, type PowerSamples } from './power-samples.ts';

/**
 * The band of each reading, as its place in `bandSet.bands`; the number of bands where power is above the last of them. It
 * is the band that the derivation of machine-hours would give the moment of the reading, by the same code: hysteresis and
 * dwell included, each reading speaking for half the interval to its neighbours, nothing known across a gap.
 */
export function classifyPower(bandSet: BandSet, samples: PowerSamples): Uint8Array {
  const { timesMs, powersW } = samples;
  const count = timesMs.length;
  const bands = new Uint8Array(count);
  if (count === 0) return bands;
  const ladders = laddersOf({ offBelowW: null, bandSets: [{ ...bandSet, fromMs: -Infinity }] });
  const track = startPowerTrack(timesMs[0]!);
  for (let row = 1; row < count; row++) {
    const atMs = timesMs[row]!;
    if (isJoined(samples, row - 1)) {
      feedPower(track, ladders, Math.floor((timesMs[row - 1]! + atMs) / 2), powersW[row - 1]!);
      feedPower(track, ladders, atMs, powersW[row]!);
    } else feedPower(track, ladders, atMs, null);
  }
  const { changes } = track;
  let next = 0;
  for (let row = 0; row < count; row++) {
    const atMs = timesMs[row]!;
    // Up to the moment of a reading where another led to it, from then on where it follows a gap.
    const isLed = row > 0 && isJoined(samples, row - 1);
    while (next < changes.length && (isLed ? changes[next]!.fromMs < atMs : changes[next]!.fromMs <= atMs))
      next++;
    // A reading between two gaps speaks for no time; it lies where it lies.
    bands[row] =
      isLed || isJoined(samples, row)
        ? (changes[next - 1]?.rung ?? rungAt(ladders[0]!, powersW[row]!))
        : rungAt(ladders[0]!, powersW[row]!);
  }
  return bands;
}
