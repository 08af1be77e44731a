import { gatherMissing, isLacking, lacking, sayFigure, type Limit } from './limit.ts';
import { readMeterClass } from './meter-class.ts';
import { currentOf, loadOfMeter, type MeterLoad } from './meter-load.ts';
import type { LimitStep, MeterTable } from './meter-tables.ts';
import type { MeteringFacts, StateLoad } from './metering-facts.ts';
import { NO_LIMIT } from './note-terms.ts';
import { tangentOf, TAN_AT_HALF } from './phase-angle.ts';

/** A meter that counts nothing errs by all of the reading. */
const ALL_PERCENT = 100;

/**
 * The largest error of the meter in one state, half width in % of the reading. Limits by load are steps, as the
 * standards have them. Between power factors 1 and 0.5, which they name, the limit is drawn straight over tan(phi),
 * because what grows from one to the other is the meter's own phase error; below 0.5 all of the limit is taken for such
 * an error. Below the least current no standard gives a limit: the one at power factor 1 grows as 1/I, as an offset does,
 * what another power factor adds stays as it is at the least current that has a limit for it, and below the starting
 * current, at which the meter need not count, all of the reading may be wrong. Above the largest current it grows as I.
 * All of these are unqualified.
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
  const { itr, isDirect, percentPerItr } = load;
  const say = (share: number) => `${sayFigure(share * percentPerItr)} %`;
  const [leastAtUnity, leastAtHalf] = [
    leastOf(table.atUnity, table, load),
    leastOf(table.atHalf, table, load),
  ];
  const lowItr = Math.max(itr, leastAtHalf);
  const unity = unityAt(table, load, itr);
  // What an offset adds where the class has no limit for a power factor other than 1 any more.
  const offset = unity - unityAt(table, load, lowItr);
  const half = limitAt(table.atHalf, lowItr);
  const weight = tangent / TAN_AT_HALF;
  const widened = weight <= 1 ? unity + weight * (half + offset - unity) : half * weight + offset;
  const startItr = isDirect ? table.directStartItr : table.startItr;
  const above = isAtLeast(load.maxItr, itr) ? 1 : itr / load.maxItr;
  const outside: string[] = [];
  // The same of any load, for a note of several.
  const rules: string[] = [];
  if (!isAtLeast(itr, startItr)) {
    outside.push(`below its starting current of ${say(startItr)}${NO_LIMIT}: all of it`);
    rules.push(`below its starting current of ${say(startItr)}${NO_LIMIT}: all of it`);
  } else if (!isAtLeast(itr, leastAtUnity)) {
    const least = limitAt(table.atUnity, leastAtUnity);
    outside.push(
      `below ${say(leastAtUnity)}${NO_LIMIT}: ${sayFigure(least)} % x ${sayFigure(leastAtUnity / itr)}`,
    );
    rules.push(`below ${say(leastAtUnity)}${NO_LIMIT}: ${sayFigure(least)} % x ${say(leastAtUnity)} / load`);
  } else if (tangent > 0 && !isAtLeast(itr, leastAtHalf)) {
    const rule = `below ${say(leastAtHalf)} for a power factor other than 1${NO_LIMIT}: what that adds at ${say(leastAtHalf)}`;
    outside.push(rule);
    rules.push(rule);
  }
  if (above > 1) {
    outside.push(`above the largest current${NO_LIMIT}: x ${sayFigure(above)}`);
    rules.push(`above the largest current${NO_LIMIT}: x load / ${say(load.maxItr)}`);
  }
  // A power factor of 0.5 itself is inside, whatever its tangent rounds to.
  if (weight > 1 + 1e-9) {
    outside.push(`power factor below 0.5${NO_LIMIT}: x ${sayFigure(weight)}`);
    rules.push(`power factor below 0.5${NO_LIMIT}: x tan(phi) / ${sayFigure(TAN_AT_HALF)}`);
  }
  return {
    percent: isAtLeast(itr, startItr) ? widened * above : Math.max(ALL_PERCENT, widened),
    isQualified: outside.length === 0,
    note: `${name}: ${load.note}${outside.length === 0 ? '' : `, ${outside.join('; ')}`}`,
    terms: { head: name, figures: [load.figure], outside: rules.join('; ') },
  };
}

/** Where a table of limits begins, in Itr. */
function leastOf(
  [first]: readonly LimitStep[],
  { directFromItr }: MeterTable,
  { isDirect }: MeterLoad,
): number {
  return isDirect ? Math.max(first?.[0] ?? 0, directFromItr ?? 0) : (first?.[0] ?? 0);
}

/** The limit at power factor 1; below the least current as an offset. */
function unityAt(table: MeterTable, load: MeterLoad, itr: number): number {
  const least = leastOf(table.atUnity, table, load);
  return isAtLeast(itr, least) ? limitAt(table.atUnity, itr) : (limitAt(table.atUnity, least) * least) / itr;
}

/** The step of a table that holds at a load from where it begins. */
function limitAt([first, ...others]: readonly LimitStep[], itr: number): number {
  let percent = first?.[1] ?? Number.NaN;
  for (const [stepItr, stepPercent] of others) if (isAtLeast(itr, stepItr)) percent = stepPercent;
  return percent;
}

/** Shares of a current that are equal on paper may differ in the last bit. */
function isAtLeast(value: number, floor: number): boolean {
  return value >= floor * (1 - 1e-9);
}
