import { normalizeClass } from './class-word.ts';
import { isLacking } from './limit.ts';
import { readMeterClass } from './meter-class.ts';
import type { MeteringFacts } from './metering-facts.ts';

/** Classes that are made and sold, each beside the next worse one. */
const LADDERS: readonly (readonly string[])[] = [
  ['0.1S', '0.2S', '0.5S', '1', '2'],
  ['C', 'B', 'A'],
];
/** Classes of IEC 61557-12 and the percentages in use, %. */
const PERCENTS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 5] as const;

/** The class one step worse than that of a meter; undefined where nobody told its class, or none is worse. */
export function worseClass(metering: MeteringFacts): string | undefined {
  const word = normalizeClass(metering.meter.class);
  const meaning = readMeterClass(metering);
  if (isLacking(meaning)) return undefined;
  // `1` is a class of IEC 62053 or of IEC 61557-12, or a percentage: the steps are those of what it means.
  const isNamed = meaning.kind === 'table' && !meaning.table.standard.startsWith('IEC 61557');
  const ladder = isNamed ? LADDERS.find((words) => words.includes(word)) : undefined;
  const next = ladder === undefined ? nextPercent(word) : ladder[ladder.indexOf(word) + 1];
  if (next === undefined) return undefined;
  const worse = { ...metering, meter: { ...metering.meter, class: next } };
  return isLacking(readMeterClass(worse)) ? undefined : next;
}

/** `1%` of `0.5%`, `0.5` of `0.2`. */
function nextPercent(word: string): string | undefined {
  const percent = Number(word.replace('%', ''));
  const next = PERCENTS.find((one) => one > percent);
  return next === undefined ? undefined : `${next}${word.endsWith('%') ? '%' : ''}`;
}
