import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { stepOfScale } from '../energy/uncertainty/counter-step.ts';
import type { LoadTally } from '../energy/uncertainty/load-tally.ts';
import { gatherMissing } from '../energy/uncertainty/limit.ts';
import type { PeriodFacts, StateLoad } from '../energy/uncertainty/metering-facts.ts';
import { meteringOfSource, type ToldMetering } from '../energy/uncertainty/metering-of-source.ts';
import { assessPeriod, type PeriodUncertainty } from '../energy/uncertainty/period-uncertainty.ts';
import { sumUncertainties } from '../energy/uncertainty/sum-uncertainties.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import { byState } from '../energy/by-state.ts';
import type { MachinePlan } from './site-plan.ts';
import { cureMissing, type Cure } from './uncertain-cures.ts';
import type { ComponentWiring } from './uncertain-wiring.ts';

const YEAR_MS = 365.25 * 86_400_000;
/** Integrated power that makes up more of the energy than this makes it an energy of power, with what sampling adds. */
const INTEGRATED_SHARE_MAX = 0.05;

/** One meter of a component in a period, with the facts that its statements rest on. */
export interface MeterUncertainty {
  /** What tells meters apart. */
  meter: string;
  /** The channel that gives the energy. */
  channel: string | null;
  facts: PeriodFacts;
  /** Of the energy that it measured. */
  total: Uncertainty | null;
  /** How facts were found, in sentences. */
  notes: string[];
}

/** The uncertainty of a component's energy in a period. */
export interface ComponentUncertainty {
  total: Uncertainty | null;
  states: Partial<Record<OperatingState, Uncertainty>>;
  /** One, unless the meter or its wiring was changed in the period. */
  meters: MeterUncertainty[];
  /** What has to be entered before anything can be stated; empty where all is. */
  missing: Cure[];
}

/** What was gathered of one meter of a component. */
export interface MeterTally {
  /** Empty where nothing says how it is wired; several where that was changed within these hours. */
  wirings: readonly ComponentWiring[];
  load: LoadTally;
  /** Energy by integrated power, mWh. */
  integratedMwh: number;
  /** The greatest step in whose multiples the counter was seen to move, mWh; 0 where it was not seen to move. */
  seenStepMwh: number;
}

/**
 * Assesses one component in a period.
 *
 * @param closure of the supply, as its hours have it; null for other components: theirs is taken by the minute
 * @param endMs end of the period, or of what was watched of it: drift counts to then
 */
export function assessComponent(
  tallies: readonly MeterTally[],
  about: {
    machine: string;
    component: string;
    plan: MachinePlan | undefined;
    closure: number | null;
    visits: Readonly<Partial<Record<OperatingState, number>>>;
    endMs: number;
  },
): ComponentUncertainty {
  const told = about.plan?.metering[about.component];
  const assessed = tallies
    .filter(({ load }) => load.energyMwh() > 0)
    .map((tally) => assessMeter(tally, told, about));
  const meters = assessed.map(({ meter, channel, facts, total, notes }) => ({
    meter,
    channel,
    facts,
    total,
    notes,
  }));
  const statesOf = (state: OperatingState) =>
    sumUncertainties(
      assessed.flatMap(({ meter, states }) => {
        const uncertainty = states[state];
        return uncertainty === undefined ? [] : [{ meter, uncertainty }];
      }),
    );
  const total = sumUncertainties(
    assessed.flatMap(({ meter, total: uncertainty }) =>
      uncertainty === null ? [] : [{ meter, uncertainty }],
    ),
  );
  const [only] = assessed;
  const isOne = assessed.length === 1 && only !== undefined;
  const states = isOne
    ? only.states
    : Object.fromEntries(Object.entries(byState(statesOf)).filter(([, one]) => one !== null));
  const all = [total, ...Object.values(states)].flatMap((one) =>
    one?.kind === 'unknown' ? [{ missing: one.missing }] : [],
  );
  const sources = [...new Set(tallies.flatMap(({ wirings }) => wirings.map(({ source }) => source.id)))];
  return {
    total: isOne ? only.total : total,
    states,
    meters,
    missing: cureMissing(gatherMissing(all), about.machine, about.component, sources),
  };
}

/** Where nobody knows which of several wirings held when, all of the energy counts as measured by the worst of them. */
function assessMeter(
  tally: MeterTally,
  told: MachinePlan['metering'][string] | undefined,
  about: Parameters<typeof assessComponent>[1],
): MeterUncertainty & PeriodUncertainty {
  const [first = null, ...others] = tally.wirings;
  const one = assessWiring(first, tally, told, about);
  if (others.length === 0) return one;
  const all = [one, ...others.map((wiring) => assessWiring(wiring, tally, told, about))];
  const worst = all.reduce((a, b) => (doubtOf(b.total) > doubtOf(a.total) ? b : a));
  const names = [...new Set(all.map(({ meter }) => meter))].sort().join(' and ');
  const states = byState((state) =>
    all
      .map(({ states: own }) => own[state])
      .reduce((a, b) => (doubtOf(b ?? null) > doubtOf(a ?? null) ? b : a)),
  );
  return {
    ...worst,
    states: Object.fromEntries(Object.entries(states).filter(([, known]) => known !== undefined)),
    notes: [
      ...worst.notes,
      `the wiring was changed within these hours (${names}): all of their energy counts by the one that is the more uncertain`,
    ],
  };
}

/** What is unknown is in doubt without bounds. */
function doubtOf(uncertainty: Uncertainty | null): number {
  if (uncertainty === null) return -1;
  return uncertainty.kind === 'unknown' ? Infinity : uncertainty.standardMwh;
}

function assessWiring(
  wiring: ComponentWiring | null,
  { load, integratedMwh, seenStepMwh }: MeterTally,
  told: MachinePlan['metering'][string] | undefined,
  { closure, visits, endMs }: Parameters<typeof assessComponent>[1],
): MeterUncertainty & PeriodUncertainty {
  const gathered = load.close(visits);
  // What a counter is the derivation knows by its quantity, too: a profile need not say more of it.
  const hasCounter = wiring !== null && wiring.channel.quantity !== 'activePower';
  const isPower = !hasCounter || integratedMwh > INTEGRATED_SHARE_MAX * load.energyMwh();
  const notes = gathered.flatMap(({ load: { state }, notes: own }) => own.map((note) => `${state}: ${note}`));
  if (isPower && hasCounter)
    notes.push('more than 5 % of the energy is integrated power: all of it is assessed as such');
  const declared = isPower || wiring === null ? null : stepOfScale(wiring.channel);
  const counterStepMwh = isPower ? null : (declared ?? (seenStepMwh > 0 ? seenStepMwh : null));
  if (!isPower && declared === null && counterStepMwh !== null)
    notes.push(
      `the step of the counter, ${counterStepMwh} mWh, is what its readings were seen to be multiples of`,
    );
  const facts: PeriodFacts = {
    metering: meteringOfSource(wiring?.source ?? {}, wiring?.channel.accuracy, toldOf(told, endMs)),
    basis: isPower ? 'power' : 'register',
    counterStepMwh,
    closure: isPower ? null : (closure ?? load.closure()),
    states: gathered.map(({ load: one }): StateLoad => one),
  };
  return {
    meter: wiring?.meter ?? 'unknown',
    channel: wiring?.channel.id ?? null,
    facts,
    notes,
    ...assessPeriod(facts),
  };
}

/** What was entered, with drift counted from the day of calibration. */
function toldOf(told: MachinePlan['metering'][string] | undefined, endMs: number): ToldMetering {
  if (told === undefined) return {};
  const { driftPerYear, calibration, ...rest } = told;
  return driftPerYear === null || calibration.calibratedMs === null
    ? rest
    : {
        ...rest,
        drift: { perYear: driftPerYear, years: Math.max(0, endMs - calibration.calibratedMs) / YEAR_MS },
      };
}
