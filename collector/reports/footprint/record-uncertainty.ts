import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { sumUncertainties, type MeteredUncertainty } from '../../energy/uncertainty/sum-uncertainties.ts';
import {
  COVERAGE_FACTOR,
  UNCERTAINTY_MODEL,
  type Uncertainty,
} from '../../energy/uncertainty/uncertainty-statement.ts';
import type { UncertaintyStatement } from '../../footprint/record/footprint-record.ts';
import { figureText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';

/** Digits of a U in %, and of a line of the budget. */
const [PLACES, ROW_PLACES] = [2, 4];

/**
 * The uncertainty of what several machines drew: what one meter measured adds linearly, different meters in quadrature
 * (`sumUncertainties`). Meters that nothing tells apart are taken for one, which is never too little.
 */
export function recordUncertainty(all: readonly MachineFacts[]): UncertaintyStatement {
  const supplies = all.flatMap(({ machine, span }) => {
    const supply = span.uncertainty['supply'];
    return supply === undefined ? [] : [{ machine, supply }];
  });
  const [first] = supplies;
  const total =
    supplies.length === 1 && first !== undefined
      ? first.supply.total
      : sumUncertainties(
          supplies.flatMap(({ supply }) =>
            supply.meters.flatMap(({ meter, total: own }) =>
              own === null ? [] : [{ meter, uncertainty: own }],
            ),
          ),
        );
  const states = OPERATING_STATES.flatMap((state) => {
    const parts = supplies.flatMap(({ supply }): MeteredUncertainty[] => {
      const uncertainty = supply.states[state];
      const meter = supply.meters.map((one) => one.meter).join(' and ');
      return uncertainty === undefined ? [] : [{ meter, uncertainty }];
    });
    const sum = parts.length === 1 ? (parts[0]?.uncertainty ?? null) : sumUncertainties(parts);
    return sum?.kind === 'known' ? [[state, figureText(sum.expandedPercent, PLACES)] as const] : [];
  });
  return {
    model: UNCERTAINTY_MODEL,
    k: figureText(COVERAGE_FACTOR, 0),
    expandedPercent: total?.kind === 'known' ? figureText(total.expandedPercent, PLACES) : null,
    sources: total?.kind === 'known' ? sourcesOf(total) : [],
    states: Object.fromEntries(states),
    missing: total?.kind === 'known' ? [] : missingOf(supplies),
  };
}

function sourcesOf(total: Extract<Uncertainty, { kind: 'known' }>): UncertaintyStatement['sources'] {
  return total.rows.map(({ source, standardUncertaintyPercent, note }) => ({
    source,
    standardPercent: figureText(standardUncertaintyPercent, ROW_PLACES),
    note,
  }));
}

function missingOf(
  supplies: readonly { machine: string; supply: MachineFacts['span']['uncertainty'][string] }[],
): string[] {
  const told = supplies.flatMap(({ machine, supply }) =>
    supply.missing.map(({ fact, key }) => `${machine}: ${fact}${key === null ? '' : ` (${key})`}`),
  );
  return told.length > 0 ? [...new Set(told)] : ['how the supply is metered'];
}
