import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { addParts, type Contribution } from './contribution.ts';
import { gatherMissing, isLacking, type Lacking } from './limit.ts';
import type { PeriodFacts, StateLoad } from './metering-facts.ts';
import { boundReadings, boundTotalReadings } from './random-sources.ts';
import { boundInstruments } from './systematic-sources.ts';
import { stateUncertainty, type Uncertainty } from './uncertainty-statement.ts';

/** The uncertainty of a period of one meter: of each state that used energy, and of their sum. */
export interface PeriodUncertainty {
  states: Partial<Record<OperatingState, Uncertainty>>;
  /** Null where no energy was used: a share of nothing says nothing. */
  total: Uncertainty | null;
}

/**
 * Assesses a period by the law of propagation of JCGM 100 (GUM). In one state sources are independent and add in
 * quadrature. Between states of one meter each instrument errs alike: source by source they add linearly, and only then
 * in quadrature, so the total is at most the sum of the states' uncertainties. One state that lacks a fact makes the
 * total unknown.
 */
export function assessPeriod(period: PeriodFacts): PeriodUncertainty {
  const loads = period.states.filter(({ energyMwh }) => energyMwh > 0);
  const assessed = loads.map((load) => ({ load, parts: boundLoad(period, load) }));
  const states: Partial<Record<OperatingState, Uncertainty>> = {};
  for (const state of OPERATING_STATES) {
    const own = assessed.filter(({ load }) => load.state === state);
    if (own.length > 0) states[state] = conclude(own, (_, added) => added);
  }
  return {
    states,
    total:
      assessed.length === 0
        ? null
        : conclude(assessed, (energyMwh, added) => boundTotalReadings(period, energyMwh, added)),
  };
}

function boundLoad(period: PeriodFacts, load: StateLoad): Contribution[] | Lacking {
  const instruments = boundInstruments(period.metering, load);
  return isLacking(instruments) ? instruments : [...instruments, ...boundReadings(period, load)];
}

function conclude(
  assessed: readonly { load: StateLoad; parts: Contribution[] | Lacking }[],
  finish: (energyMwh: number, added: Contribution[]) => Contribution[],
): Uncertainty {
  const energyMwh = assessed.reduce((sum, { load }) => sum + load.energyMwh, 0);
  const missing = gatherMissing(assessed.map(({ parts }) => parts));
  if (missing.length > 0) return { kind: 'unknown', energyMwh, missing };
  const known = assessed.flatMap(({ parts }) => (isLacking(parts) ? [] : [parts]));
  return stateUncertainty(energyMwh, finish(energyMwh, addParts(known, energyMwh)));
}
