import { decimalOf } from '../figures/decimal.ts';
import { Agreement, sumOf } from './agreement.ts';
import type { FootprintRecord } from './footprint-record.ts';
import { modelExpandedPercent, scatterOf } from './unit-scatter.ts';

/**
 * Whether the scatter of a model is that of its units, which are those of the record: their hours and energies, and every
 * figure computed again from them. Of any other subject there must be none.
 */
export function checkScatter({
  scatter,
  subject,
  activity,
  functionalUnit,
  uncertainty,
}: FootprintRecord): string[] {
  const agreement = new Agreement();
  agreement.holds(
    (scatter !== undefined) === (subject.kind === 'model'),
    'scatter',
    scatter === undefined
      ? 'is missing: the subject is a model'
      : `is of a ${subject.kind}: only a model has it`,
  );
  if (scatter === undefined) return agreement.faults;
  const { units } = scatter;
  const names = units.map(({ machine }) => machine).join(' ');
  agreement.holds(
    names === subject.machines.join(' '),
    'scatter.units',
    `are ${names}, but subject.machines are ${subject.machines.join(' ')}`,
  );
  agreement.equals(
    activity.energyKwh,
    sumOf(units.map(({ energyKwh }) => energyKwh)),
    'activity.energyKwh',
    'the sum of scatter.units',
  );
  // Each of them is rounded to six digits, and so is their sum.
  agreement.nearly(
    functionalUnit.count ?? '0',
    sumOf(units.map(({ hours }) => hours)),
    HOURS_APART,
    'functionalUnit.count',
    'the sum of the hours of scatter.units',
  );
  const idle = units.findIndex(({ hours }) => decimalOf(hours).digits === 0n);
  if (idle >= 0) {
    agreement.holds(false, `scatter.units[${idle}].hours`, 'is 0: such a unit has no figure per hour');
    return agreement.faults;
  }
  const right = scatterOf(units, scatter.measuredExpandedPercent);
  for (const [at, { kwhPerHour }] of units.entries()) {
    const due = right.units[at]?.kwhPerHour;
    const place = `scatter.units[${at}].kwhPerHour`;
    agreement.holds(kwhPerHour === due, place, `is ${kwhPerHour}, but energyKwh / hours is ${due}`);
  }
  for (const key of FIGURES)
    agreement.holds(
      scatter[key] === right[key],
      `scatter.${key}`,
      `is ${scatter[key]}, but that of the units is ${right[key]}`,
    );
  const expanded = modelExpandedPercent(scatter);
  agreement.holds(
    uncertainty.expandedPercent === expanded,
    'uncertainty.expandedPercent',
    `is ${uncertainty.expandedPercent}, but meters and scatter together are ${expanded}`,
  );
  return agreement.faults;
}

/** Half a unit of the sixth digit for each of up to a hundred units. */
const HOURS_APART = '0.00006';
const FIGURES = [
  'count',
  'meanKwhPerHour',
  'leastKwhPerHour',
  'mostKwhPerHour',
  'standardDeviationKwhPerHour',
  'smallSampleFactor',
  'standardPercent',
  'singleExpandedPercent',
] as const;
