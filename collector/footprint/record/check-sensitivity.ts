import { compareWithFirst } from '../emissions/record-emissions.ts';
import { WHOLE_FIGURE } from '../emissions/sensitivity-cases.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  plus,
  roundTo,
  textOf,
  times,
  type Decimal,
} from '../figures/decimal.ts';
import { Agreement, isZero } from './agreement.ts';
import { kwhPerHourWithoutGaps, shiftedKwhPerHour } from './changed-figures.ts';
import type { FootprintRecord, SensitivityCase } from './footprint-record.ts';

const HUNDRED = decimalOf('100');
/** The change of a figure is printed in %, with at least one digit behind the point. */
const DELTA_APART = '0.05';
/** Digits of kg, and of kg per unit. */
const PLACES = 6;

/**
 * Whether each case of the sensitivity starts from the record's own figure, changes by the % that it says, and comes to what the
 * record alone can be asked for: another set of factors, no losses, another basis of hours, a shifted duty cycle, nothing bridged. A
 * worse class of meters never makes an energy more certain; how much less certain, the record alone cannot tell.
 */
export function checkSensitivity(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  for (const [at, one] of record.sensitivity.entries()) {
    const place = `sensitivity[${at}]`;
    const { from, to, deltaPercent } = one;
    const own = figureOf(record, one.figure);
    if (own !== undefined)
      agreement.holds(own === from, `${place}.from`, `is ${from}, but ${one.figure} of the record is ${own}`);
    if (one.choice === 'factor-set' && (one.figure === 'perUnitKgCo2e' || one.figure === WHOLE_FIGURE))
      agreement.holds(
        compareWithFirst(record.emissions).some(({ change }) => change === one.change),
        `${place}.change`,
        `is ${one.change}, but emissions have no such statement`,
      );
    if (one.choice === 'meter-class' && one.figure === 'expandedPercent')
      agreement.holds(
        compareDecimals(decimalOf(to), decimalOf(from)) >= 0,
        `${place}.to`,
        `is ${to}: with a worse class the energy is not more certain than ${from} %`,
      );
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
  if (figure === WHOLE_FIGURE) return withParts(record, emissions[0]?.perUnitKgCo2e ?? null);
  return figure === 'expandedPercent' ? uncertainty.expandedPercent : undefined;
}

/** What a case must come to; undefined where the record alone cannot tell. */
function dueOf(record: FootprintRecord, one: SensitivityCase): string | null | undefined {
  if (one.figure === 'perUnitKgCo2e') return emittedOf(record, one);
  if (one.figure === WHOLE_FIGURE) return withParts(record, emittedOf(record, one));
  return one.figure === 'perUnitKwh' ? drawnOf(record, one) : undefined;
}

/** With all declared parts. */
function withParts<T extends null | undefined>({ upstream }: FootprintRecord, kg: string | T): string | T {
  if (typeof kg !== 'string') return kg;
  return textOf(upstream.map(({ kgCo2ePerUnit }) => decimalOf(kgCo2ePerUnit)).reduce(plus, decimalOf(kg)));
}

function emittedOf(
  { activity, coverage, emissions, evidence, functionalUnit: { count }, view }: FootprintRecord,
  { choice, change }: SensitivityCase,
): string | undefined {
  const [first] = emissions;
  if (choice === 'factor-set')
    return compareWithFirst(emissions).find((other) => other.change === change)?.to;
  if (first === undefined || count === null || isZero(count)) return undefined;
  const perUnit = (kg: Decimal) => textOf(dividedBy(kg, decimalOf(count), PLACES));
  const [kg, losses] = [decimalOf(first.kgCo2e), decimalOf(first.lossesKgCo2e)];
  if (choice === 'losses') return perUnit(minus(kg, losses));
  if (choice !== 'gap-filling' || view !== 'use-phase') return undefined;
  // Which row what was bridged had, and at what hour, is told where there is one row of one value.
  const [used, another] = first.factors;
  const row = evidence.factors.find(({ id }) => id === used?.id);
  const isPlain = used?.upstream === undefined && used?.hourly === undefined && another === undefined;
  if (row === undefined || !isPlain) return undefined;
  const kwh = minus(decimalOf(activity.energyKwh), decimalOf(coverage.obtained.bridgedKwh));
  const own = roundTo(times(times(kwh, decimalOf(row.gCo2ePerKwh)), decimalOf('0.001')), PLACES);
  const lambda = decimalOf(first.lossPercent ?? '0');
  return perUnit(plus(own, dividedBy(times(own, lambda), minus(HUNDRED, lambda), PLACES)));
}

function drawnOf(
  { activity, coverage, functionalUnit: { basis, count }, view }: FootprintRecord,
  { choice, change }: SensitivityCase,
): string | null | undefined {
  if (view !== 'use-phase' || basis === null) return undefined;
  if (choice === 'gap-filling') return kwhPerHourWithoutGaps(activity, coverage, count);
  if (choice === 'duty-cycle')
    return shiftedKwhPerHour(activity, basis, change.includes('10 % more') ? 'more' : 'less');
  if (choice !== 'hour-basis') return undefined;
  const [other = ''] = change.split(' ');
  return Object.entries(activity.perHour ?? {}).find(([name]) => name === other)?.[1].kwhPerHour;
}
