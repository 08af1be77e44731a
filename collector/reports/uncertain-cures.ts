import type { MissingFact } from '../energy/uncertainty/limit.ts';

/** A fact that is missing, and the key of collector.yaml that would tell it. */
export interface Cure extends MissingFact {
  /** `machines.mill-1.metering.supply.class`; null where no file of the collector can tell it: the agent has to read it. */
  key: string | null;
}

/** The keys of `metering` by what is missing; the first that fits. */
const KEYS: readonly (readonly [RegExp, string])[] = [
  [/class of the meter|meter class/, 'class'],
  [/full scale/, 'fullScale'],
  [/nominal current of the meter/, 'ratedCurrent'],
  [/whether current transformers/, 'ct (or direct: true)'],
  [/rated currents of the current transformer/, 'ct.primary, ct.secondary'],
  [/phase displacement/, 'ct.phaseError'],
  [/voltage transformer/, 'vtClass'],
  [/current transformer/, 'ct.class'],
  [/temperature/, 'ambient'],
];

/** Says where missing facts of a component are to be entered. */
export function cureMissing(missing: readonly MissingFact[], machine: string, component: string): Cure[] {
  return missing.map(({ fact, remedy }) => {
    const key = KEYS.find(([pattern]) => pattern.test(fact))?.[1];
    return {
      fact,
      remedy,
      key: key === undefined ? null : `machines.${machine}.metering.${component}.${key}`,
    };
  });
}
