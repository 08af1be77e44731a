import { HOUR_MS } from '../energy/hour-account.ts';
import { groupDigits, sayKwh } from '../energy/use-phase/say-kwh.ts';

/** Below this, hours would need more digits than a person wants to type. */
const IN_HOURS_MS = 360_000;

/** `41.25 kWh - 38.05 kWh = 3.2 kWh` */
export function sayDifference(fromMwh: number, lessMwh: number): string {
  return `${sayKwh(fromMwh)} - ${sayKwh(lessMwh)} = ${sayKwh(fromMwh - lessMwh)}`;
}

/** `1.2 kWh + 2 kWh = 3.2 kWh`; one term stands alone, none is `0 kWh`. */
export function sayTotal(termsMwh: readonly number[]): string {
  const terms = termsMwh.filter((mwh) => mwh !== 0);
  const total = terms.reduce((sum, mwh) => sum + mwh, 0);
  return terms.length < 2 ? sayKwh(total) : `${terms.map(sayKwh).join(' + ')} = ${sayKwh(total)}`;
}

/** `0.42 kWh / 0.35 h = 1.2 kW`; under six minutes `12.5 Wh x 3600 / 30 s = 1,500 W`, which no rounded hours blur. */
export function sayMeanPower(mwh: number, ms: number): string {
  const powerW = (mwh * 3600) / ms;
  if (ms < IN_HOURS_MS)
    return `${groupDigits(mwh / 1000, 3)} Wh x 3600 / ${groupDigits(ms / 1000, 3)} s = ${sayRounded(powerW)} W`;
  // Of the hours as they are printed, so that the last digit is the one that they lead to.
  const hours = Math.round((ms / HOUR_MS) * 1e6) / 1e6;
  return `${sayKwh(mwh)} / ${groupDigits(hours, 6)} h = ${sayRounded(mwh / 1e6 / hours)} kW`;
}

/** `2,400 s + 600 s = 3,000 s`; a single term stands alone. */
export function saySeconds(termsMs: readonly number[]): string {
  const terms = termsMs.filter((ms) => ms !== 0);
  const say = (ms: number) => `${groupDigits(ms / 1000, 3)} s`;
  const total = terms.reduce((sum, ms) => sum + ms, 0);
  return terms.length < 2 ? say(total) : `${terms.map(say).join(' + ')} = ${say(total)}`;
}

/** `1,276 s / 3,600 s = 35.44 %` */
export function sayTimeShare(partMs: number, allMs: number): string {
  return `${saySeconds([partMs])} / ${saySeconds([allMs])} = ${sayRounded((100 * partMs) / allMs)} %`;
}

/** At most four significant digits: what a pocket calculator confirms from figures that were rounded themselves. */
export function sayRounded(value: number): string {
  return groupDigits(Number(value.toPrecision(4)), 6);
}
