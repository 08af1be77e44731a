import { WATT_MS_PER_MWH, watts, type Watts } from '../../protocols/telemetry/unit.ts';

/** Mean power of an energy, mWh, over a time, ms; to the milliwatt. */
export function roundMeanPower(mwh: number, ms: number): Watts {
  return watts(roundTo((mwh * WATT_MS_PER_MWH) / ms, 1e3));
}

/** part / whole, to the millionth. */
export function roundRatio(part: number, whole: number): number {
  return roundTo(part / whole, 1e6);
}

function roundTo(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
