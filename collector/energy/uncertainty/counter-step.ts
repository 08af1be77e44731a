import type { MeasuredChannel } from '../../../protocols/telemetry/channel.ts';

const MWH_PER_WH = 1000;

/** The smallest step of a counter as its wiring declares it, mWh; null where it does not. */
export function stepOfScale({ counter, scale: [num, den] }: MeasuredChannel): number | null {
  const raw = Number(counter?.resolution ?? Number.NaN);
  const stepMwh = (raw * Number(num) * MWH_PER_WH) / Number(den);
  return Number.isFinite(stepMwh) && stepMwh > 0 ? stepMwh : null;
}

/**
 * The greatest step of which all readings are whole multiples apart, mWh: never smaller than the true one. Where nobody
 * declared it, a counter is taken to be as coarse as it was seen to be.
 *
 * @param soFar 0 to begin with
 * @param shownWh what the counter showed, reading by reading
 */
export function narrowStep(soFar: number, shownWh: readonly number[]): number {
  let step = soFar;
  for (let index = 1; index < shownWh.length; index++) {
    const rise = Math.abs(Math.round(((shownWh[index] ?? 0) - (shownWh[index - 1] ?? 0)) * MWH_PER_WH));
    step = greatestDivisor(step, rise);
  }
  return step;
}

function greatestDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
