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

/** What collector.yaml takes where the agent's file is told otherwise. */
const REMEDIES: Readonly<Record<string, string>> = {
  'ct (or direct: true)':
    'Write ct: { primary: 100A, secondary: 5A, class: 0.5 } as the nameplate of the transformers says; of a meter connected directly, direct: true.',
  'ct.primary, ct.secondary': 'Copy them from the nameplate: of "100/5 A", primary: 100A and secondary: 5A.',
};

/** What an agent must read, by the names that `read` of a source takes; the first that fits. */
const POINTS: readonly (readonly [RegExp, string])[] = [
  [/mean current of the state/, 'current.l1, current.l2, current.l3'],
  [/power factor of the state/, 'powerFactor or apparentPower'],
];

/**
 * Says where missing facts of a component are to be entered.
 *
 * @param sources ids of those that meter it, as agent.yaml names them
 */
export function cureMissing(
  missing: readonly MissingFact[],
  machine: string,
  component: string,
  sources: readonly string[] = [],
): Cure[] {
  return missing.map(({ fact, remedy }) => {
    const key = KEYS.find(([pattern]) => pattern.test(fact))?.[1];
    const points = POINTS.find(([pattern]) => pattern.test(fact))?.[1];
    const where =
      points === undefined || sources.length === 0
        ? ''
        : ` In agent.yaml that is \`read: [..., ${points}]\` of the source ${sources.join(', ')}.`;
    return {
      fact,
      remedy: `${REMEDIES[key ?? ''] ?? remedy}${where}`,
      key: key === undefined ? null : `machines.${machine}.metering.${component}.${key}`,
    };
  });
}
