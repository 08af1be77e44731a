import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** Less than this (0.05 Wh) is printed as nothing, and nobody has to enter anything for it. */
export const NOTHING_MWH = 50;

/** What of a component cannot be assessed for want of a fact: the total, or only some states; neither where that is nothing. */
export function lacksFact(
  { total, states }: Pick<ComponentUncertainty, 'total' | 'states'>,
  fact: string,
): { isTotal: boolean; states: OperatingState[] } {
  const lacks = (one: Uncertainty | null | undefined): boolean =>
    one?.kind === 'unknown' && one.missing.some((missing) => missing.fact === fact);
  return {
    isTotal: lacks(total),
    states: OPERATING_STATES.filter(
      (state) => lacks(states[state]) && (states[state]?.energyMwh ?? 0) >= NOTHING_MWH,
    ),
  };
}
