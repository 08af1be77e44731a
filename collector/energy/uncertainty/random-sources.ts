import { nothing, percentOfEnergy, rectangular, type Contribution } from './contribution.ts';
import { sayFigure } from './limit.ts';
import type { PeriodFacts, StateLoad } from './metering-facts.ts';

/** Milliwatt-hours of a watt-millisecond. */
const MWH_PER_WATT_MS = 1 / 3600;

/** What reading now and then, gaps, coarse counters and the split by state add to one state. */
export function boundReadings(period: PeriodFacts, state: StateLoad): Contribution[] {
  return [
    boundSampling(period, state),
    boundGap(state),
    boundResolution(period, state.energyMwh, state.visits ?? 1),
    boundClosure(period, state),
  ];
}

/**
 * The same for the whole period: where a counter ran, gaps and the split only move energy between states, and the total
 * is the difference of two readings.
 */
export function boundTotalReadings(
  period: PeriodFacts,
  energyMwh: number,
  added: readonly Contribution[],
): Contribution[] {
  const resolution = boundResolution(period, energyMwh, 1);
  const isCounted = period.basis === 'register';
  return added.map((one) => {
    if (one.source === 'resolution') return resolution;
    if (one.source === 'closure') return nothing('closure', 'the split by state does not touch the total');
    return one.source === 'gap' && isCounted ? nothing('gap', 'the counter ran on across the gaps') : one;
  });
}

/** A change of dP watts between two samples D apart lies anywhere between them: u2 = sum (dP x D)2 / 12. */
function boundSampling({ basis }: PeriodFacts, { sampling, energyMwh }: StateLoad): Contribution {
  if (basis === 'register') return nothing('sampling', 'the counter misses nothing between two readings');
  if (sampling === undefined || sampling.stepSquaresW2 === 0) {
    return nothing('sampling', 'no change of power between two readings was told');
  }
  const standardMwh = Math.sqrt(sampling.stepSquaresW2 / 12) * sampling.everyMs * MWH_PER_WATT_MS;
  return {
    source: 'sampling',
    halfWidthPercent: null,
    distribution: 'normal',
    standardMwh,
    isQualified: true,
    note: `changes of together ${sayFigure(Math.sqrt(sampling.stepSquaresW2))} W (root of squares), a reading every ${sayFigure(sampling.everyMs / 1000)} s: ${sayFigure(percentOfEnergy(standardMwh, energyMwh))} %`,
  };
}

/** Energy of time that was not read is the mean power of the state over it, as wrong as that power is spread: u = s x t. */
function boundGap({ gap }: StateLoad): Contribution {
  if (gap === undefined || gap.ms === 0) return nothing('gap', 'no gap');
  return {
    source: 'gap',
    halfWidthPercent: null,
    distribution: 'normal',
    standardMwh: gap.spreadW * gap.ms * MWH_PER_WATT_MS,
    isQualified: true,
    note: `${sayFigure(gap.ms / 1000)} s not read, power spread by ${sayFigure(gap.spreadW)} W`,
  };
}

/** Each reading of a counter is short by up to a step q: a difference has u = q / sqrt(6), a state entered n times sqrt(n) of it. */
function boundResolution(
  { basis, counterStepMwh }: PeriodFacts,
  energyMwh: number,
  visits: number,
): Contribution {
  if (basis === 'power') return nothing('resolution', 'no counter');
  if (counterStepMwh === null)
    return nothing('resolution', 'no step of the counter was told: none is counted');
  return {
    source: 'resolution',
    halfWidthPercent: visits === 1 ? percentOfEnergy(counterStepMwh, energyMwh) : null,
    distribution: visits === 1 ? 'triangular' : 'normal',
    standardMwh: counterStepMwh * Math.sqrt(visits / 6),
    isQualified: true,
    note: `steps of ${sayFigure(counterStepMwh / 1000)} Wh, ${visits === 1 ? 'two readings' : `${2 * visits} readings`}`,
  };
}

/** Where counter and power disagree, the split by power may be wrong by as much. */
function boundClosure({ basis, closure }: PeriodFacts, { energyMwh }: StateLoad): Contribution {
  if (basis === 'power') return nothing('closure', 'no counter to compare with');
  if (closure === null) return nothing('closure', 'no power was read beside the counter: nothing to compare');
  return rectangular('closure', energyMwh, {
    percent: Math.abs(closure - 1) * 100,
    isQualified: true,
    note: `counter over integrated power ${closure.toFixed(4)}`,
  });
}
