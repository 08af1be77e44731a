import { MillwattError } from '../../../protocols/errors.ts';
import { watts, type Watts } from '../../../protocols/telemetry/unit.ts';
import { PLANNED_STATES, type PlannedState } from './duty-cycle.ts';
import { meanPowers, type StateTotals } from './state-totals.ts';

/** Power of a state in a scenario, and where it comes from. */
export interface StatePower {
  powerW: Watts;
  /** `measured` mean of this machine, or `declared`: entered by a person, with a source. */
  source: 'measured' | 'declared';
  /** For how long it was measured, ms; 0 where it is declared. */
  measuredMs: number;
  /** Where an entered value comes from; empty where it is measured. */
  reference: string;
}

/** A power that somebody entered for a state that was never measured. */
export interface DeclaredPower {
  /** At least 0. */
  powerW: Watts;
  /** `data sheet VX-500 rev. C, page 12`. */
  reference: string;
}

/**
 * The power of each state that a scenario needs: its measured mean, else the value entered for it. What was measured goes
 * before what was entered: a state may be measured years after its power was entered, and no report stops for that.
 *
 * @param needed states with hours in the duty cycle
 * @throws MillwattError (refuse) `state-not-measured`, `declared-malformed`
 */
export function findPowers(
  totals: StateTotals,
  declared: Partial<Record<PlannedState, DeclaredPower>>,
  needed: readonly PlannedState[],
): Map<PlannedState, StatePower> {
  const means = meanPowers(totals);
  const powers = new Map<PlannedState, StatePower>();
  for (const state of PLANNED_STATES) {
    const measured = means[state];
    const entered = declared[state];
    if (
      entered !== undefined &&
      (!Number.isFinite(entered.powerW) || entered.powerW < 0 || entered.reference.trim() === '')
    )
      throw new MillwattError(
        'refuse',
        'declared-malformed',
        `The power entered for ${state} cannot be used.`,
        {
          cure: 'Enter watts that are not negative, and say where they come from.',
        },
      );
    if (!needed.includes(state)) continue;
    if (measured !== null)
      powers.set(state, {
        powerW: measured,
        source: 'measured',
        measuredMs: totals.timeMs[state],
        reference: '',
      });
    else if (entered !== undefined)
      powers.set(state, {
        powerW: watts(entered.powerW),
        source: 'declared',
        measuredMs: 0,
        reference: entered.reference,
      });
    else
      throw new MillwattError(
        'refuse',
        'state-not-measured',
        `The duty cycle has hours in ${state}, and this machine was never measured in it.`,
        {
          cure: `Measure the machine in ${state} for a while, choose a period in which it was, or enter a power for ${state} with its source.`,
        },
      );
  }
  return powers;
}
