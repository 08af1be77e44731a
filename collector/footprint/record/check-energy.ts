import { BASIS_STATES, HOUR_BASES } from '../../energy/use-phase/hour-basis.ts';
import { compareDecimals, decimalOf, dividedBy, plus, textOf, times } from '../figures/decimal.ts';
import { Agreement, isZero, sumOf } from './agreement.ts';
import type { FootprintRecord } from './footprint-record.ts';

/** Each of up to seven states is rounded to six digits, and so is their sum. */
const HOURS_APART = '0.000004';
/** Shares are printed with at least one digit behind the point. */
const PERCENT_APART = '0.05';
const HUNDRED = decimalOf('100');

/** Whether the energies of a record add up: states, ways of measuring, allocation, hours and the figure per unit. */
export function checkEnergy(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  checkActivity(record, agreement);
  checkHours(record, agreement);
  checkCoverage(record, agreement);
  return agreement.faults;
}

function checkActivity({ activity, functionalUnit }: FootprintRecord, agreement: Agreement): void {
  const { energyKwh, states, allocated } = activity;
  const ofStates = sumOf(Object.values(states).map((state) => state.energyKwh));
  agreement.equals(energyKwh, ofStates, 'activity.energyKwh', 'the sum of the states');
  if (allocated !== null)
    agreement.equals(
      energyKwh,
      sumOf([allocated.directKwh, allocated.dividedKwh]),
      'activity.energyKwh',
      'the sum of allocated.directKwh and allocated.dividedKwh',
    );
  agreement.perUnit(activity.perUnitKwh, energyKwh, functionalUnit.count, 'activity.perUnitKwh');
  for (const [state, { hours, energyKwh: inState, meanW }] of Object.entries(states)) {
    const place = `activity.states.${state}.meanW`;
    if (isZero(hours)) agreement.holds(meanW === null, place, `is ${meanW}, but the state had no time`);
    // Below a minute the six digits of the hours are too few to divide by.
    else if (meanW !== null && compareDecimals(decimalOf(hours), decimalOf('0.016667')) >= 0)
      agreement.nearly(
        meanW,
        dividedBy(times(decimalOf(inState), decimalOf('1000')), decimalOf(hours), 3),
        textOf(plus(decimalOf('0.5'), times(decimalOf(meanW), decimalOf('0.0001')))),
        place,
        `${inState} kWh in ${hours} h`,
      );
  }
}

function checkHours({ activity, functionalUnit }: FootprintRecord, agreement: Agreement): void {
  const { perHour, states } = activity;
  if (perHour === null) return;
  for (const basis of HOUR_BASES) {
    const { hours, kwhPerHour } = perHour[basis];
    const ofStates = sumOf(BASIS_STATES[basis].map((state) => states[state].hours));
    agreement.nearly(
      hours,
      ofStates,
      HOURS_APART,
      `activity.perHour.${basis}.hours`,
      'the sum of its states',
    );
    agreement.perUnit(kwhPerHour, activity.energyKwh, hours, `activity.perHour.${basis}.kwhPerHour`);
  }
  const { basis, count } = functionalUnit;
  if (basis !== null)
    agreement.holds(
      count === perHour[basis].hours,
      'functionalUnit.count',
      `is ${count}, but activity.perHour.${basis}.hours is ${perHour[basis].hours}`,
    );
}

function checkCoverage({ activity, coverage, view }: FootprintRecord, agreement: Agreement): void {
  const { obtained, measuredEnergyPercent, watchedPercent, isComplete, lacks } = coverage;
  const { counterKwh, integratedKwh, bridgedKwh, bridgedByKwh } = obtained;
  const measured = sumOf([counterKwh, integratedKwh]);
  const all = plus(measured, decimalOf(bridgedKwh));
  agreement.equals(
    bridgedKwh,
    sumOf(Object.values(bridgedByKwh)),
    'coverage.obtained.bridgedKwh',
    'the sum of bridgedByKwh',
  );
  if (view === 'use-phase')
    agreement.equals(activity.energyKwh, all, 'activity.energyKwh', 'the sum of coverage.obtained');
  else
    agreement.holds(
      compareDecimals(decimalOf(activity.energyKwh), all) <= 0,
      'activity.energyKwh',
      `is ${activity.energyKwh}, more than the machines drew (coverage.obtained sums to ${textOf(all)})`,
    );

  if (measuredEnergyPercent === null)
    agreement.holds(all.digits === 0n, 'coverage.measuredEnergyPercent', 'is null, but there was energy');
  else if (all.digits === 0n)
    agreement.holds(
      false,
      'coverage.measuredEnergyPercent',
      `is ${measuredEnergyPercent}, but there was no energy`,
    );
  else
    agreement.nearly(
      measuredEnergyPercent,
      dividedBy(times(measured, HUNDRED), all, 6),
      PERCENT_APART,
      'coverage.measuredEnergyPercent',
      'the share of what was counted or integrated',
    );
  const shares = [watchedPercent, ...(measuredEnergyPercent === null ? [] : [measuredEnergyPercent])];
  const isEnough = shares.every((share) => compareDecimals(decimalOf(share), decimalOf('95')) >= 0);
  agreement.holds(
    !isComplete || isEnough,
    'coverage.isComplete',
    `is true, but ${shares.join(' % and ')} % is less than 95 %`,
  );
  agreement.holds(
    isComplete === (lacks.length === 0),
    'coverage.lacks',
    isComplete
      ? `tells ${JSON.stringify(lacks)}, but isComplete is true`
      : 'does not tell why isComplete is false',
  );
}
