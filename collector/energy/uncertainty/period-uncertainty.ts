import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { addParts } from './add-parts.ts';
import { INSTRUMENT_SOURCES, nothing, rectangular, type Contribution } from './contribution.ts';
import { NEGLIGIBLE_SHARE } from './doubt-all.ts';
import { gatherMissing, isLacking, sayFigure, type Lacking } from './limit.ts';
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
 * in quadrature, so the total is at most the sum of the states' uncertainties. A state that lacks a fact makes the
 * total unknown, unless it is next to nothing (see NEGLIGIBLE_SHARE).
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
        : conclude(replaceNegligible(period, assessed), (energyMwh, added) =>
            boundTotalReadings(period, energyMwh, added),
          ),
  };
}

function boundLoad(period: PeriodFacts, load: StateLoad): Contribution[] | Lacking {
  const instruments = boundInstruments(period.metering, load);
  return isLacking(instruments) ? instruments : [...instruments, ...boundReadings(period, load)];
}

interface AssessedLoad {
  load: StateLoad;
  parts: Contribution[] | Lacking;
}

/**
 * States that lack current or power factor (a machine that is off, below what the meter can tell) count with a half width of
 * 100 %. Facts of the metering are common to all states: where one state is known, the others lack only facts of their own.
 */
function replaceNegligible(period: PeriodFacts, assessed: readonly AssessedLoad[]): readonly AssessedLoad[] {
  const sumOf = (loads: readonly AssessedLoad[]) => loads.reduce((sum, { load }) => sum + load.energyMwh, 0);
  const lacking = assessed.filter(({ parts }) => isLacking(parts));
  const share = sumOf(lacking) / sumOf(assessed);
  if (share > NEGLIGIBLE_SHARE) return assessed;
  return assessed.map(({ load, parts }) => {
    if (!isLacking(parts)) return { load, parts };
    const facts = parts.missing.map(({ fact }) => fact).join(', ');
    const note = `${load.state}, ${sayFigure(100 * share)} % of the energy or less, counted as wrong by all of it, unqualified: no ${facts}`;
    return {
      load,
      parts: [
        rectangular('meter', load.energyMwh, { percent: 100, isQualified: false, note }),
        ...INSTRUMENT_SOURCES.slice(1).map((source) => nothing(source, 'in the line of the meter')),
        ...boundReadings(period, load),
      ],
    };
  });
}

function conclude(
  assessed: readonly AssessedLoad[],
  finish: (energyMwh: number, added: Contribution[]) => Contribution[],
): Uncertainty {
  const energyMwh = assessed.reduce((sum, { load }) => sum + load.energyMwh, 0);
  const missing = gatherMissing(assessed.map(({ parts }) => parts));
  if (missing.length > 0) return { kind: 'unknown', energyMwh, missing };
  const known = assessed.flatMap(({ load, parts }) =>
    isLacking(parts) ? [] : [{ name: load.state, energyMwh: load.energyMwh, contributions: parts }],
  );
  return stateUncertainty(energyMwh, finish(energyMwh, addParts(known, energyMwh)));
}
