import { lacking, type Lacking } from './limit.ts';

/** One minute of arc in %, of the sine: 100 x pi / (180 x 60). */
export const PERCENT_PER_ARCMIN = (100 * Math.PI) / 10_800;
/** The fact that is missing where no power factor was read. */
export const UNTOLD_FACTOR = 'power factor of the state';
/** tan(phi) at power factor 0.5, down to which meter classes promise anything. */
export const TAN_AT_HALF = Math.sqrt(3);
/** The mean of many readings may exceed 1 by rounding; more is impossible. */
const POWER_FACTOR_MAX = 1.02;
/** Less than a meter can tell from 0. */
const POWER_FACTOR_MIN = 0.001;

/**
 * tan(phi) of a power factor, >= 0; its sign does not matter. Distortion lowers the true power factor below cos(phi), so
 * for a machine with rectifiers this is rather too large than too small.
 */
export function tangentOf(powerFactor: number | null): number | Lacking {
  const size = powerFactor === null ? Number.NaN : Math.abs(powerFactor);
  if (!(size >= POWER_FACTOR_MIN && size <= POWER_FACTOR_MAX)) {
    return lacking({
      fact: UNTOLD_FACTOR,
      remedy:
        'Let the agent read powerFactor, or apparent power or energy, of this meter; it has to lie between 0.001 and 1.',
    });
  }
  const cosine = Math.min(1, size);
  return Math.sqrt(1 - cosine * cosine) / cosine;
}

/** The error of active power by a phase displacement, in % of the reading: 0.02909 x minutes x tan(phi). */
export function phasePercent(arcmin: number, tangent: number): number {
  return PERCENT_PER_ARCMIN * arcmin * tangent;
}
