import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { DECIDERS, type StateSpan } from '../energy/state-span.ts';
import { sayKwh } from '../energy/use-phase/say-kwh.ts';
import { sayMeanPower, saySeconds, sayTotal } from './explain-sums.ts';
import type { ExplainedState, Figure } from './explained-hour.ts';

/** How many of the words that decided a state are named. */
const BASES_MAX = 4;

/** Each state that has time or energy: energy over time is its mean power, and what decided it. */
export function explainStates(hour: MachineHour, spans: readonly StateSpan[]): ExplainedState[] {
  return OPERATING_STATES.filter((state) => hour.timeMs[state] > 0 || hour.energy.stateMwh[state] !== 0).map(
    (state) => {
      const timeMs = hour.timeMs[state];
      const energyMwh = hour.energy.stateMwh[state];
      return {
        state,
        energyMwh,
        timeMs,
        meanPowerW: hour.meanPowerW[state],
        saying: `${state}: ${sayOne(hour, energyMwh, timeMs)}`,
        decided: DECIDERS.flatMap((decider) => {
          const ms = hour.decidedMs[state][decider] ?? 0;
          if (ms === 0) return [];
          const own = spans.filter((span) => span.state === state && span.decider === decider);
          return [{ decider, ms, bases: basesOf(own) }];
        }).sort((a, b) => b.ms - a.ms),
      };
    },
  );
}

/** That the states' times and energies add up to those of the hour. */
export function sumStates(hour: MachineHour): Figure[] {
  const times = OPERATING_STATES.map((state) => hour.timeMs[state]);
  const energies = OPERATING_STATES.map((state) => hour.energy.stateMwh[state]);
  const { supplyMwh } = hour.energy;
  const time: Figure = {
    label: 'time of all states',
    value: hour.spanMs,
    unit: 'ms',
    saying: saySeconds(times),
  };
  if (supplyMwh === null) return [time];
  return [
    time,
    { label: 'energy of all states', value: supplyMwh, unit: 'mWh', saying: sayTotal(energies) },
    ...(hour.spanMs === 0
      ? []
      : [
          {
            label: 'mean power of the hour',
            value: (supplyMwh * 3600) / hour.spanMs,
            unit: 'W' as const,
            saying: sayMeanPower(supplyMwh, hour.spanMs),
          },
        ]),
  ];
}

function sayOne({ energy }: MachineHour, mwh: number, ms: number): string {
  if (energy.supplyMwh === null) return `${saySeconds([ms])}; its energy is not known`;
  if (ms === 0) return `${sayKwh(mwh)} in no time of its own: the closure put it there`;
  return sayMeanPower(mwh, ms);
}

/** What was said, the longest first. */
function basesOf(spans: readonly StateSpan[]): string[] {
  const times = new Map<string, number>();
  for (const { basis, fromMs, toMs } of spans)
    if (basis !== '') times.set(basis, (times.get(basis) ?? 0) + toMs - fromMs);
  const bases = [...times].sort((a, b) => b[1] - a[1]).map(([basis]) => basis);
  const more = bases.length - BASES_MAX;
  return more > 0 ? [...bases.slice(0, BASES_MAX), `and ${more} more`] : bases;
}
