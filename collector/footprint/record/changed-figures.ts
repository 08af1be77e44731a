import type { HourBasis } from '../../energy/use-phase/hour-basis.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  plus,
  textOf,
  times,
  type DecimalText,
} from '../figures/decimal.ts';
import type { Activity, Coverage } from './footprint-record.ts';

/*
 * kWh per unit had one choice been another, from what the record prints: so its check, and anybody, computes them again.
 */

const [ZERO, TENTH] = [decimalOf('0'), decimalOf('0.1')];
/** Digits of kWh, and of kWh per unit. */
const PLACES = 6;

/**
 * kWh per hour with a tenth of the processing time more or less, ready giving or taking it, at the mean powers that were
 * measured: E' = E +- 0.1 (E_processing - h_processing E_ready / h_ready). The hours of the basis stay, but for processing hours,
 * which become 1.1 or 0.9 of them. Null where one of the two states had no time, or ready has less than is to be given.
 */
export function shiftedKwhPerHour(
  { energyKwh, states, perHour }: Pick<Activity, 'energyKwh' | 'states' | 'perHour'>,
  basis: HourBasis,
  direction: 'more' | 'less',
): DecimalText | null {
  const [processing, ready] = [decimalOf(states.processing.hours), decimalOf(states.ready.hours)];
  const hours = perHour === null ? ZERO : decimalOf(perHour[basis].hours);
  const moved = times(processing, TENTH);
  const isNone = [processing, ready, hours].some((time) => compareDecimals(time, ZERO) === 0);
  if (isNone || (direction === 'more' && compareDecimals(moved, ready) > 0)) return null;
  const instead = dividedBy(times(moved, decimalOf(states.ready.energyKwh)), ready, PLACES);
  const change = minus(times(TENTH, decimalOf(states.processing.energyKwh)), instead);
  const add = direction === 'more' ? plus : minus;
  const counted = basis === 'processing' ? add(hours, moved) : hours;
  return textOf(dividedBy(add(decimalOf(energyKwh), change), counted, PLACES));
}

/** kWh per hour without what was bridged over gaps, over the same hours; null where nothing was, where that is more than all, or nobody knows how many hours there were. */
export function kwhPerHourWithoutGaps(
  { energyKwh }: Pick<Activity, 'energyKwh'>,
  { obtained: { bridgedKwh } }: Pick<Coverage, 'obtained'>,
  count: DecimalText | null,
): DecimalText | null {
  if (count === null || count === '0' || bridgedKwh === '0') return null;
  const kwh = minus(decimalOf(energyKwh), decimalOf(bridgedKwh));
  return compareDecimals(kwh, ZERO) < 0 ? null : textOf(dividedBy(kwh, decimalOf(count), PLACES));
}
