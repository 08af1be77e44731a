import { decimalOf, dividedBy, minus, times } from '../figures/decimal.ts';
import { Agreement, isZero } from './agreement.ts';
import { kwhPerHourWithoutGaps, shiftedKwhPerHour } from './changed-figures.ts';
import type { FootprintRecord, SensitivityCase } from './footprint-record.ts';

const HUNDRED = decimalOf('100');
/** The change of a figure is printed in %, with at least one digit behind the point. */
const DELTA_APART = '0.05';

/**
 * Whether each case of the sensitivity starts from the record's own figure, changes by the % that it says, and comes to what the
 * record alone can be asked for: another basis of hours, a shifted duty cycle, nothing bridged.
 */
export function checkSensitivity(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  for (const [at, one] of record.sensitivity.entries()) {
    const place = `sensitivity[${at}]`;
    const { from, to, deltaPercent } = one;
    const own = figureOf(record, one.figure);
    if (own !== undefined)
      agreement.holds(own === from, `${place}.from`, `is ${from}, but ${one.figure} of the record is ${own}`);
    const due = dueOf(record, one);
    if (due !== undefined)
      agreement.holds(to === due, `${place}.to`, `is ${to}, but ${one.change} gives ${due}`);
    if (isZero(from))
      agreement.holds(deltaPercent === null, `${place}.deltaPercent`, `is ${deltaPercent}, but from is 0`);
    else if (deltaPercent !== null) {
      const right = dividedBy(times(minus(decimalOf(to), decimalOf(from)), HUNDRED), decimalOf(from), 6);
      agreement.nearly(deltaPercent, right, DELTA_APART, `${place}.deltaPercent`, `from ${from} to ${to}`);
    }
  }
  return agreement.faults;
}

/** The record's own figure; undefined of a figure that this version does not know. */
function figureOf(record: FootprintRecord, figure: string): string | null | undefined {
  const { activity, emissions, uncertainty } = record;
  if (figure === 'perUnitKwh') return activity.perUnitKwh;
  if (figure === 'perUnitKgCo2e') return emissions[0]?.perUnitKgCo2e ?? null;
  return figure === 'expandedPercent' ? uncertainty.expandedPercent : undefined;
}

/** What a case must come to; undefined where the record alone cannot tell. */
function dueOf(
  { activity, coverage, functionalUnit: { basis, count }, view }: FootprintRecord,
  { choice, change, figure }: SensitivityCase,
): string | null | undefined {
  if (view !== 'use-phase' || basis === null || figure !== 'perUnitKwh') return undefined;
  if (choice === 'gap-filling') return kwhPerHourWithoutGaps(activity, coverage, count);
  if (choice === 'duty-cycle')
    return shiftedKwhPerHour(activity, basis, change.includes('10 % more') ? 'more' : 'less');
  if (choice !== 'hour-basis') return undefined;
  const [other = ''] = change.split(' ');
  return Object.entries(activity.perHour ?? {}).find(([name]) => name === other)?.[1].kwhPerHour;
}
