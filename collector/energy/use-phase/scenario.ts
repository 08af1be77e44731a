import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { PLANNED_STATES, readDutyCycle, type DutyCycle, type PlannedState } from './duty-cycle.ts';
import { BASIS_STATES, HOUR_BASES, type HourBasis } from './hour-basis.ts';
import { groupDigits, sayHours, sayWatts, sayYearKwh } from './say-kwh.ts';
import { findPowers, type DeclaredPower, type StatePower } from './state-power.ts';
import type { StateTotals } from './state-totals.ts';
import { USE_PHASE_ALGORITHM } from './use-phase.ts';

/** One state of a scenario, with its arithmetic. */
export interface ScenarioRow extends StatePower {
  state: PlannedState;
  /** Of the declared hours, 0..1. */
  share: number;
  hoursPerYear: number;
  /** P x hours, whole mWh. */
  mwhPerYear: MilliwattHours;
  saying: string;
}

/** Energy of a year, and per hour of each basis. */
export interface YearFigures {
  mwhPerYear: MilliwattHours;
  /** Energy of the year over the hours of the basis, kWh/h; null where the duty cycle has none. */
  kwhPerHour: Record<HourBasis, number | null>;
}

/** What becomes of the figures when one state has a tenth more or less of the year, the others giving way in proportion. */
export interface DutyChange {
  state: PlannedState;
  /** 1.1 or 0.9. */
  factor: number;
  hoursPerYear: Record<PlannedState, number> | null;
  /** Null where the year has no room for it. */
  figures: YearFigures | null;
  saying: string;
}

/** Measured power of states x a declared duty cycle: a model of use, not a measurement of it. */
export interface Scenario extends YearFigures {
  algorithm: string;
  duty: DutyCycle;
  declaredHoursPerYear: number;
  rows: ScenarioRow[];
  /** Share of the year's energy that rests on measured power, 0..1; null without energy. */
  measuredShare: number | null;
  sensitivity: DutyChange[];
  remarks: string[];
}

/** A state measured for less than this is said to be thin, ms: one hour. */
export const THIN_MEASUREMENT_MS = 3_600_000;
const CHANGES = [1.1, 0.9] as const;

/**
 * A use-phase scenario (footprint method: E = sum of P_s x T_s,year with declared T_s and measured mean P_s; sensitivity one
 * at a time, duty cycle +-10 %).
 *
 * @param totals what was measured of this machine (`sumStates`)
 * @param declared powers of states, with their source; of one that was measured it is not used, and a remark says so
 * @throws MillwattError (refuse) `duty-malformed`, `state-not-measured`, `declared-malformed`
 */
export function deriveScenario(
  totals: StateTotals,
  duty: DutyCycle,
  declared: Partial<Record<PlannedState, DeclaredPower>> = {},
): Scenario {
  const hours = readDutyCycle(duty);
  const needed = PLANNED_STATES.filter((state) => hours[state] > 0);
  const powers = findPowers(totals, declared, needed);
  const yearHours = sumHours(hours);
  const rows = needed.map((state) => makeRow(state, hours[state], yearHours, powers.get(state)!));
  const figures = figuresOf(hours, powers);
  const measured = rows.reduce((sum, row) => (row.source === 'measured' ? sum + row.mwhPerYear : sum), 0);
  return {
    algorithm: USE_PHASE_ALGORITHM,
    duty,
    declaredHoursPerYear: yearHours,
    ...figures,
    rows,
    measuredShare: figures.mwhPerYear === 0 ? null : measured / figures.mwhPerYear,
    sensitivity: needed.flatMap((state) =>
      CHANGES.map((factor) => changeDuty(state, factor, hours, powers, figures)),
    ),
    remarks: rows.flatMap((row) => remarkOn(row, declared[row.state])),
  };
}

function makeRow(
  state: PlannedState,
  hoursPerYear: number,
  yearHours: number,
  power: StatePower,
): ScenarioRow {
  const mwhPerYear = energyOf(power, hoursPerYear);
  const from =
    power.source === 'measured'
      ? `measured for ${sayHours(power.measuredMs)}`
      : `declared: ${power.reference}`;
  return {
    state,
    share: hoursPerYear / yearHours,
    hoursPerYear,
    mwhPerYear,
    ...power,
    saying: `${state}: ${groupDigits(hoursPerYear, 6)} h x ${groupDigits(power.powerW, power.powerW < 1 ? 6 : 4)} W (${from}) = ${sayYearKwh(mwhPerYear)} a year`,
  };
}

function figuresOf(
  hours: Readonly<Record<PlannedState, number>>,
  powers: ReadonlyMap<PlannedState, StatePower>,
): YearFigures {
  let mwh = 0;
  for (const [state, power] of powers) mwh += energyOf(power, hours[state]);
  const on = (basis: HourBasis) => {
    let reference = 0;
    for (const state of BASIS_STATES[basis]) if (state !== 'unknown') reference += hours[state];
    return reference === 0 ? null : mwh / 1e6 / reference;
  };
  return {
    mwhPerYear: milliwattHours(mwh),
    kwhPerHour: {
      calendar: on('calendar'),
      powered: on('powered'),
      operating: on('operating'),
      processing: on('processing'),
    },
  };
}

function changeDuty(
  state: PlannedState,
  factor: number,
  hours: Readonly<Record<PlannedState, number>>,
  powers: ReadonlyMap<PlannedState, StatePower>,
  before: YearFigures,
): DutyChange {
  const yearHours = sumHours(hours);
  const restHours = yearHours - hours[state];
  const changedHours = hours[state] * factor;
  const name = `${state} ${factor > 1 ? '+' : '-'}10 %`;
  // A duty cycle of one state has no other that could give or take.
  const hasOthers = PLANNED_STATES.some((other) => other !== state && hours[other] > 0);
  if (!hasOthers || changedHours > yearHours) {
    const why = hasOthers ? 'the year has no room for it' : 'no other state has hours to give or take';
    return { state, factor, hoursPerYear: null, figures: null, saying: `${name}: none, ${why}` };
  }
  const changed = { ...hours, [state]: changedHours };
  for (const other of PLANNED_STATES)
    if (other !== state) changed[other] = (hours[other] * (yearHours - changedHours)) / restHours;
  const figures = figuresOf(changed, powers);
  const change = figures.mwhPerYear / before.mwhPerYear - 1;
  const bases = HOUR_BASES.flatMap((basis) => {
    const value = figures.kwhPerHour[basis];
    return value === null ? [] : [`${groupDigits(value, 4)} kWh per ${basis} hour`];
  });
  return {
    state,
    factor,
    hoursPerYear: changed,
    figures,
    saying:
      `${name}: ${groupDigits(hours[state], 2)} h become ${groupDigits(changedHours, 2)} h, the others x ` +
      `${groupDigits((yearHours - changedHours) / restHours, 6)} -> ${sayYearKwh(figures.mwhPerYear)} a year` +
      `${Number.isFinite(change) ? ` (${change < 0 ? '' : '+'}${(change * 100).toFixed(2)} %)` : ''}, ${bases.join(', ')}`,
  };
}

function remarkOn(
  { state, source, powerW, measuredMs, reference }: ScenarioRow,
  entered: DeclaredPower | undefined,
): string[] {
  if (source === 'declared') return [`The power of ${state} was not measured but entered: ${reference}.`];
  return [
    ...(measuredMs < THIN_MEASUREMENT_MS
      ? [`${state} was measured for ${sayHours(measuredMs)} only: its mean power rests on little.`]
      : []),
    ...(entered === undefined
      ? []
      : [
          `The power entered for ${state}, ${sayWatts(entered.powerW)} (${entered.reference}), is not used: it was measured, ${sayWatts(powerW)}.`,
        ]),
  ];
}

function energyOf({ powerW }: StatePower, hours: number): MilliwattHours {
  return milliwattHours(Math.round(powerW * hours * 1000));
}

function sumHours(hours: Readonly<Record<PlannedState, number>>): number {
  let sum = 0;
  for (const state of PLANNED_STATES) sum += hours[state];
  return sum;
}
