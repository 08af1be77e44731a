import { assessPeriod } from '../../energy/uncertainty/period-uncertainty.ts';
import { sumUncertainties } from '../../energy/uncertainty/sum-uncertainties.ts';
import { worseClass } from '../../energy/uncertainty/worse-class.ts';
import { byState } from '../../energy/by-state.ts';
import type { ComponentUncertainty } from '../uncertain-period.ts';

/** A component as if its meters were each one class worse, and which those are: `0.5S to 1`. */
export interface WorseMeters {
  uncertainty: ComponentUncertainty;
  changes: string[];
}

/**
 * Assesses a component anew with each meter's class one step worse, all else as it was: load, transformers, readings. Undefined
 * where no meter has a worse class. The component has one statement a meter, as `assessComponent` makes them.
 */
export function withWorseMeters(component: ComponentUncertainty): WorseMeters | undefined {
  const changes: string[] = [];
  const assessed = component.meters.map((meter) => {
    const { metering } = meter.facts;
    const next = worseClass(metering);
    if (next === undefined) return { meter, states: assessPeriod(meter.facts).states };
    changes.push(`${metering.meter.class} to ${next}`);
    const facts = {
      ...meter.facts,
      metering: { ...metering, meter: { ...metering.meter, class: next } },
    };
    const { total, states } = assessPeriod(facts);
    return { meter: { ...meter, facts, total }, states };
  });
  if (changes.length === 0) return undefined;
  const [only] = assessed;
  const isOne = assessed.length === 1 && only !== undefined;
  const states = byState(
    (state) =>
      sumUncertainties(
        assessed.flatMap(({ meter: { meter }, states: own }) => {
          const uncertainty = own[state];
          return uncertainty === undefined ? [] : [{ meter, uncertainty }];
        }),
      ) ?? undefined,
  );
  return {
    uncertainty: {
      ...component,
      meters: assessed.map(({ meter }) => meter),
      total: isOne
        ? only.meter.total
        : sumUncertainties(
            assessed.flatMap(({ meter: { meter, total } }) =>
              total === null ? [] : [{ meter, uncertainty: total }],
            ),
          ),
      states: isOne
        ? only.states
        : Object.fromEntries(Object.entries(states).filter(([, known]) => known !== undefined)),
    },
    changes: [...new Set(changes)],
  };
}

/** `each meter one class worse (0.5S to 1)`. */
export const sayWorse = (changes: readonly string[]): string =>
  `${changes.length === 1 ? 'meter' : 'each meter'} one class worse (${[...changes].sort().join(', ')})`;
