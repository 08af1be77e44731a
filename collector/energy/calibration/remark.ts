import type { BandSet } from '../band-set.ts';
import { findMiddle } from './halves.ts';
import type { LevelName } from './name-levels.ts';
import { isFedBack, quantileOf } from './power-axis.ts';
import type { WeighedSamples } from './power-samples.ts';
import { sayPower, saySpan } from './power-words.ts';
import type { Hold } from './propose-hold.ts';
import { READINGS_MIN } from './refuse.ts';

/** A level that moves by less is the same. */
const DRIFT_SHARE = 0.15;

/** What else is worth knowing of a proposal, as sentences. */
export function remarkOn(
  samples: WeighedSamples,
  about: {
    live: { staleMs: number; atW: number };
    hold: Hold;
    bands: BandSet['bands'];
    axis: { floorW: number };
    isCoarse: boolean;
    drifts: readonly string[];
  },
): string[] {
  const { live, hold, bands, axis } = about;
  const remarks: string[] = [];
  if (live.staleMs > 0)
    remarks.push(
      `The meter stood still for ${saySpan(live.staleMs)}, first at ${sayPower(live.atW)}; those readings were left out.`,
    );
  if (samples.gaps.count > 0)
    remarks.push(
      `${samples.gaps.count} ${samples.gaps.count === 1 ? 'gap' : 'gaps'} of ${saySpan(samples.gaps.lostMs)} in all; nothing is said of them.`,
    );
  if (about.isCoarse)
    remarks.push(
      'These readings are too far apart for how this machine changes: read more often, or calibrate from a day at 10 s or faster.',
    );
  if (bands[0]?.state === 'unknown')
    remarks.push(
      `The machine was never seen off. Below ${sayPower(bands[0].belowW ?? 0)} its state stays unknown; calibrate again when it has been off, or give offBelow.`,
    );
  let backMs = 0;
  for (let row = 0; row < samples.powersW.length; row++)
    if (isFedBack(samples.powersW[row]!, axis.floorW)) backMs += samples.weightsMs[row]!;
  if (backMs > 0)
    remarks.push(
      `Power is fed back for ${saySpan(backMs)} (braking); that time counts for the lowest state unless the dwell covers it.`,
    );
  if (hold.flickers > 0)
    remarks.push(
      hold.dwellMs === 0
        ? `Power crosses a boundary ${hold.flickers} ${hold.flickers === 1 ? 'time' : 'times'} without arriving; no dwell takes away more of that than of real changes.`
        : `A dwell of ${saySpan(hold.dwellMs)} takes away ${hold.removedFlickers} of ${hold.flickers} crossings that arrive nowhere, and ${hold.removedStays} short stays that do.`,
    );
  return [...remarks, ...about.drifts];
}

/** Idle levels whose middle is elsewhere in the second half, as sentences. */
export function driftOf(samples: WeighedSamples, levelOf: Uint8Array, names: readonly LevelName[]): string[] {
  const middle = findMiddle(samples);
  return names.flatMap(({ state }, level) => {
    if (state === 'processing') return [];
    const [first, second] = [0, 1].map((half) => {
      const powers: number[] = [];
      const weights: number[] = [];
      for (let row = half === 0 ? 0 : middle; row < (half === 0 ? middle : levelOf.length); row++) {
        if (levelOf[row] !== level) continue;
        powers.push(samples.powersW[row]!);
        weights.push(samples.weightsMs[row]!);
      }
      return { readings: powers.length, powerW: quantileOf(powers, weights, 0.5) };
    }) as [Half, Half];
    if (Math.min(first.readings, second.readings) < READINGS_MIN) return [];
    if (!(first.powerW > 0 && second.powerW > 0)) return [];
    if (Math.abs(Math.log(second.powerW / first.powerW)) < DRIFT_SHARE) return [];
    return [
      `The ${state} level drifts: ${sayPower(first.powerW)} in the first half of the readings, ${sayPower(second.powerW)} in the second.`,
    ];
  });
}

interface Half {
  readings: number;
  powerW: number;
}
