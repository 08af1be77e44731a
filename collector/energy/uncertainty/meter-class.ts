import { isUntold, normalizeClass } from './class-word.ts';
import { lacking, type Lacking } from './limit.ts';
import type { MeteringFacts } from './metering-facts.ts';
import {
  IEC_61557_CLASSES,
  IEC_62053,
  tableOfLetter,
  tableOfPerformance,
  type MeterTable,
} from './meter-tables.ts';

/** What a class word means: a table of limits, or one percentage of the reading or of full scale. */
export type MeterClass =
  | { kind: 'table'; word: string; table: MeterTable }
  | { kind: 'reading'; word: string; percent: number }
  | { kind: 'full-scale'; word: string; percent: number };

const PERCENT_MAX = 20;

/**
 * The meaning of a class word. Without a domain: `0.1S` to `2` are IEC 62053, `0.2` and `0.5` without an S, and `1.5`,
 * are IEC 61557-12, `A`, `B`, `C` the measuring instruments directive, `0.5%` a percentage of the reading. With one, the
 * domain decides.
 */
export function readMeterClass(metering: MeteringFacts): MeterClass | Lacking {
  const { class: told, domain = '' } = metering.meter;
  const word = normalizeClass(told);
  const percent = /^\d+(\.\d+)?%?$/.test(word) ? Number(word.replace('%', '')) : Number.NaN;
  const isPercent = percent > 0 && percent <= PERCENT_MAX;
  if (/FULL/i.test(domain))
    return isPercent ? { kind: 'full-scale', word, percent } : unreadable(told, domain);
  if (/READING/i.test(domain))
    return isPercent ? { kind: 'reading', word, percent } : unreadable(told, domain);
  if (word === 'A' || word === 'B' || word === 'C') {
    const table = tableOfLetter(word, metering.environment?.ambientDegC);
    return table === undefined
      ? lacking({
          fact: 'temperature where the meter stands',
          remedy:
            'Classes A, B and C say nothing beyond -40 to 70 degC: check the ambient temperatures entered.',
        })
      : { kind: 'table', word, table };
  }
  // EN 50470-3 has letters; the numbers an OPC UA server may give in their place are percentages of the reading.
  if (/^EN\b|50470/i.test(domain))
    return isPercent ? { kind: 'reading', word, percent } : unreadable(told, domain);
  const isMeterStandard = domain === '' || /62053/.test(domain);
  const isPerformance = !isMeterStandard && /IEC|61557/i.test(domain);
  const table = isMeterStandard || isPerformance ? IEC_62053.get(word) : undefined;
  if (table !== undefined && (isMeterStandard || word.endsWith('S'))) return { kind: 'table', word, table };
  if (IEC_61557_CLASSES.includes(percent) && (isPerformance || (domain === '' && !word.endsWith('%')))) {
    return { kind: 'table', word, table: tableOfPerformance(percent) };
  }
  if (domain === '' && isPercent && word.endsWith('%')) return { kind: 'reading', word, percent };
  return unreadable(told, domain);
}

function unreadable(told: string | null, domain: string): Lacking {
  const shown = `"${told}"${domain === '' ? '' : ` of ${domain}`}`;
  return lacking({
    fact: isUntold(told) ? 'accuracy class of the meter' : `a meaning of the meter class ${shown}`,
    remedy:
      'Copy the active energy class from the nameplate or data sheet, such as meter: { class: "0.5S" }; known are 0.1S, 0.2S, 0.5S, 1, 2, A, B, C, the classes of IEC 61557-12 and percentages.',
  });
}
