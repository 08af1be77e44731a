import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { doubtAll, NEGLIGIBLE_SHARE } from '../uncertainty/doubt-all.ts';
import { sumUncertainties } from '../uncertainty/sum-uncertainties.ts';
import type { Uncertainty } from '../uncertainty/uncertainty-statement.ts';
import type { HourBasis } from './hour-basis.ts';
import type { Scenario, ScenarioRow } from './scenario.ts';

/** What is known of the uncertainty of a scenario's year. */
export interface ScenarioUncertainty {
  /** Of the energy that rests on measured power; null where there is none. */
  measured: Uncertainty | null;
  /** U (k = 2) of the figures per hour, as far as it is known, kWh/h; null where there is none. */
  expandedKwhPerHour: Record<HourBasis, number | null>;
  /** What is not in it, in sentences. */
  remarks: string[];
}

/**
 * Carries the uncertainty of each state's mean power over to a year of declared hours. Mean power is energy over time, and
 * time is taken as exact: so a state's power is as uncertain, in %, as its energy was. One meter errs alike in all states,
 * so its systematic parts add linearly over the year's states, weighted by their energy in the year.
 *
 * @param states uncertainty of the energy of each state in the time that was measured
 * @param meter what tells the meter apart
 */
export function assessScenario(
  { rows, mwhPerYear, kwhPerHour }: Pick<Scenario, 'rows' | 'mwhPerYear' | 'kwhPerHour'>,
  states: Readonly<Partial<Record<OperatingState, Uncertainty>>>,
  meter: string,
): ScenarioUncertainty {
  const measured = rows.filter(({ source, mwhPerYear }) => source === 'measured' && mwhPerYear > 0);
  const yearMwh = sumMwh(measured);
  const untold = measured.filter(({ state }) => states[state]?.kind !== 'known');
  const isNegligible = sumMwh(untold) <= NEGLIGIBLE_SHARE * yearMwh;
  const parts = measured.flatMap((row) => {
    const uncertainty = carryOver(row, states[row.state], isNegligible);
    return uncertainty === null ? [] : [{ meter, uncertainty }];
  });
  const total = sumUncertainties(parts);
  const expandedOf = (basis: HourBasis): number | null => {
    const perHour = kwhPerHour[basis];
    return total?.kind !== 'known' || perHour === null ? null : (perHour * total.expandedMwh) / mwhPerYear;
  };
  return {
    measured: total,
    expandedKwhPerHour: {
      calendar: expandedOf('calendar'),
      powered: expandedOf('powered'),
      operating: expandedOf('operating'),
      processing: expandedOf('processing'),
    },
    remarks: [
      ...rows
        .filter(({ source }) => source === 'declared')
        .map(
          ({ state }) =>
            `Nobody told how uncertain the declared power of ${state} is: it is in no figure of uncertainty.`,
        ),
      ...(measured.length === 0
        ? []
        : [
            'Uncertainty is that of measuring; whether the machine will be used as declared is what sensitivity shows.',
          ]),
    ],
  };
}

function carryOver(
  { state, mwhPerYear }: ScenarioRow,
  known: Uncertainty | undefined,
  isNegligible: boolean,
): Uncertainty | null {
  if (known?.kind === 'known') {
    const scale = mwhPerYear / known.energyMwh;
    return {
      ...known,
      energyMwh: mwhPerYear,
      standardMwh: known.standardMwh * scale,
      expandedMwh: known.expandedMwh * scale,
    };
  }
  if (!isNegligible) return known === undefined ? null : { ...known, energyMwh: mwhPerYear };
  const missing = known?.missing ?? [{ fact: 'energy measured in it', remedy: '' }];
  return doubtAll(`${state} in a year`, { energyMwh: mwhPerYear, missing });
}

function sumMwh(rows: readonly ScenarioRow[]): number {
  return rows.reduce((sum, { mwhPerYear }) => sum + mwhPerYear, 0);
}
