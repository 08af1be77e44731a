import { gatherMissing, isLacking, lacking, sayFigure, type Limit } from './limit.ts';
import { readMeterClass } from './meter-class.ts';
import { currentOf, loadOfMeter, type MeterLoad } from './meter-load.ts';
import type { LimitStep, MeterTable } from './meter-tables.ts';
import type { MeteringFacts, StateLoad } from './metering-facts.ts';
import { tangentOf, TAN_AT_HALF } from './phase-angle.ts';

/**
 * The largest error of the meter in one state, half width in % of the reading. Limits by load are steps, as the
 * standards have them. Between power factors 1 and 0.5, which they name, the limit is drawn straight over tan(phi),
 * because what grows from one to the other is the meter's own phase error; below 0.5 all of the limit is taken for such
 * an error. Below the least current it grows as 1/I, as an offset does; above the largest as I. These are unqualified.
 */
export function limitMeter(metering: MeteringFacts, state: StateLoad): Limit {
  const meaning = readMeterClass(metering);
  if (!isLacking(meaning) && meaning.kind === 'reading') {
    return {
      percent: meaning.percent,
      isQualified: true,
      note: `${sayFigure(meaning.percent)} % of the reading`,
    };
  }
  if (!isLacking(meaning) && meaning.kind === 'full-scale') {
    return limitByFullScale(meaning.percent, metering, state);
  }
  const currentA = currentOf(state.currentA);
  const load = loadOfMeter(metering, isLacking(currentA) ? 1 : currentA);
  const tangent = tangentOf(state.powerFactor);
  if (isLacking(meaning) || isLacking(currentA) || isLacking(load) || isLacking(tangent)) {
    return lacking(...gatherMissing([meaning, currentA, load, tangent]));
  }
  return limitByTable(`class ${meaning.word}, ${meaning.table.standard}`, meaning.table, load, tangent);
}

function limitByFullScale(percent: number, { meter }: MeteringFacts, { meanPowerW }: StateLoad): Limit {
  const fullScaleW = meter.fullScaleW ?? 0;
  if (!(fullScaleW > 0)) {
    return lacking({
      fact: 'full scale of the meter',
      remedy:
        'Its class is a percentage of full scale: enter the power at full scale in W, on the side of the machine (data sheet; times the ratio of the transformers).',
    });
  }
  if (meanPowerW === null || !(meanPowerW > 0)) {
    return lacking({
      fact: 'mean power of the state',
      remedy: 'It follows from energy and time of the state once readings are there.',
    });
  }
  return {
    percent: (percent * fullScaleW) / meanPowerW,
    isQualified: meanPowerW <= fullScaleW,
    note: `${sayFigure(percent)} % of ${sayFigure(fullScaleW)} W at ${sayFigure(meanPowerW)} W${meanPowerW <= fullScaleW ? '' : ', above full scale: unqualified'}`,
  };
}

function limitByTable(name: string, table: MeterTable, load: MeterLoad, tangent: number): Limit {
  const unity = limitAt(table.atUnity, table, load);
  const half = limitAt(table.atHalf, table, load);
  const weight = tangent / TAN_AT_HALF;
  const percent =
    weight <= 1 ? unity.percent + weight * (half.percent - unity.percent) : half.percent * weight;
  const outside = [
    ...(unity.outside === '' ? [] : [unity.outside]),
    ...(tangent > 0 && half.outside !== '' && unity.outside === ''
      ? [`${half.outside} for a power factor other than 1`]
      : []),
    // A power factor of 0.5 itself is inside, whatever its tangent rounds to.
    ...(weight > 1 + 1e-9 ? ['power factor below 0.5'] : []),
  ];
  return {
    percent,
    isQualified: outside.length === 0,
    note: `${name}: ${load.note}${outside.length === 0 ? '' : `; widened, unqualified: ${outside.join(', ')}`}`,
  };
}

/** The limit at a load, widened outside the range. */
function limitAt(
  steps: readonly LimitStep[],
  { directFromItr }: MeterTable,
  { itr, maxItr, isDirect }: MeterLoad,
): { percent: number; outside: string } {
  const [first, ...others] = steps;
  if (first === undefined) return { percent: Number.NaN, outside: 'no limits' };
  const fromItr = isDirect ? Math.max(first[0], directFromItr ?? 0) : first[0];
  // Shares of a current that are equal on paper may differ in the last bit.
  if (itr < fromItr * (1 - 1e-9))
    return { percent: (first[1] * fromItr) / itr, outside: 'below the least current' };
  let percent = first[1];
  for (const [stepItr, stepPercent] of others) if (itr >= stepItr * (1 - 1e-9)) percent = stepPercent;
  return itr <= maxItr * (1 + 1e-9)
    ? { percent, outside: '' }
    : { percent: (percent * itr) / maxItr, outside: 'above the largest current' };
}
