import { checkEmissions } from './check-emissions.ts';
import { checkEnergy } from './check-energy.ts';
import { checkFacts } from './check-facts.ts';
import { checkScatter } from './check-scatter.ts';
import { checkSensitivity } from './check-sensitivity.ts';
import { checkUncertainty } from './check-uncertainty.ts';
import type { FootprintRecord } from './footprint-record.ts';
import { RECORD_SHAPE } from './record-shape.ts';
import { shapeFaults } from './shape.ts';

/**
 * Everything that is wrong with a record, each as place, what must be and what is; empty for a sound one. First its form, as
 * the published schema has it; where that holds, its arithmetic (states, ways of measuring, factors, units and uncertainties add up
 * to the last digit printed), that it is of one view, and that what it refers to is in it. It takes anything, such as a file that was
 * read; a JSON-LD `@context` beside the keys is no fault.
 */
export function checkRecord(value: unknown): string[] {
  const { '@context': _, ...record } = Object(value) as Record<string, unknown>;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const faults = shapeFaults(RECORD_SHAPE, isObject ? record : value);
  if (faults.length > 0) return faults;
  const sound = record as unknown as FootprintRecord;
  return [
    ...checkFacts(sound),
    ...checkEnergy(sound),
    ...checkEmissions(sound),
    ...checkScatter(sound),
    ...checkUncertainty(sound),
    ...checkSensitivity(sound),
  ];
}
