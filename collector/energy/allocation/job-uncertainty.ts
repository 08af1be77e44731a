import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { Uncertainty } from '../uncertainty/uncertainty-statement.ts';
import { DIRECT_STATE } from './allocation-rule.ts';
import type { JobEnergy } from './allocate-window.ts';
import { group, sayEnergy, sayFactor } from './say-figures.ts';

/** The expanded uncertainty of a job's energy; null where a state of it has none, and the saying says which. */
export interface JobUncertainty {
  k: 2;
  /** mWh, and % of the job's energy; null where it cannot be stated. */
  expandedMwh: number | null;
  expandedPercent: number | null;
  saying: string;
}

/**
 * A job's share of a state is as uncertain, relatively, as that state in its window: the division itself adds nothing, it
 * is a rule. One meter errs alike in all states and windows, so shares add linearly, which is never too little.
 *
 * @param windows what the job got, with the uncertainty of the machine's states there
 */
export function assessJob(
  windows: readonly { energy: JobEnergy; states: Readonly<Partial<Record<OperatingState, Uncertainty>>> }[],
): JobUncertainty {
  const terms: string[] = [];
  let totalMwh = 0;
  let expandedMwh = 0;
  for (const { energy, states } of windows)
    for (const state of OPERATING_STATES) {
      const mwh = state === DIRECT_STATE ? energy.directMwh : energy.dividedMwh[state];
      if (mwh === 0) continue;
      const own = states[state];
      if (own === undefined || own.kind === 'unknown')
        return {
          k: 2,
          expandedMwh: null,
          expandedPercent: null,
          saying: `U (k = 2): none, that of ${state} is not known: see \`millwatt periods\` for what is missing`,
        };
      // Six digits, as it is said: so a pocket calculator comes to the same.
      const percent = sayFactor(own.expandedPercent);
      totalMwh += mwh;
      expandedMwh += (mwh * Number(percent)) / 100;
      terms.push(`${sayEnergy(mwh)} ${state} x ${percent} %`);
    }
  const rounded = Math.round(expandedMwh);
  const percent = totalMwh === 0 ? null : (100 * expandedMwh) / totalMwh;
  return {
    k: 2,
    expandedMwh: rounded,
    expandedPercent: percent,
    saying:
      percent === null
        ? 'U (k = 2): none, it got no energy'
        : `U (k = 2): ${terms.join(' + ')} = ${sayEnergy(rounded)}, ${group(percent)} %`,
  };
}
