import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import type { PeriodReport } from './period-report.ts';
import type { Cure } from './uncertain-cures.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** An uncertainty without its budget, rounded: percent to four decimals, energy to whole mWh. */
export type ShortUncertainty =
  | { kind: 'known'; expandedPercent: number; expandedMwh: number; k: number; isQualified: boolean }
  | { kind: 'unknown' };

/** The uncertainty of a component without budgets and facts. */
export interface ShortComponentUncertainty {
  total: ShortUncertainty | null;
  states: Partial<Record<OperatingState, ShortUncertainty>>;
  missing: Cure[];
}

/** A period without budgets: a tenth of its size. */
export interface ShortPeriodReport extends Omit<PeriodReport, 'uncertainty'> {
  uncertainty: Record<string, ShortComponentUncertainty>;
}

/** What remains of a period where nobody asks for budgets. */
export function shortenReport(report: PeriodReport): ShortPeriodReport {
  const uncertainty = Object.entries(report.uncertainty).map(
    ([name, one]) => [name, shortenUncertainty(one)] as const,
  );
  return { ...report, uncertainty: Object.fromEntries(uncertainty) };
}

/** What remains of a component's uncertainty where nobody asks for the budget. */
function shortenUncertainty({ total, states, missing }: ComponentUncertainty): ShortComponentUncertainty {
  return {
    total: total === null ? null : shorten(total),
    states: Object.fromEntries(Object.entries(states).map(([state, one]) => [state, shorten(one)])),
    missing,
  };
}

function shorten(uncertainty: Uncertainty): ShortUncertainty {
  if (uncertainty.kind === 'unknown') return { kind: 'unknown' };
  const { expandedPercent, expandedMwh, k, isQualified } = uncertainty;
  return {
    kind: 'known',
    expandedPercent: Math.round(expandedPercent * 1e4) / 1e4,
    expandedMwh: Math.round(expandedMwh),
    k,
    isQualified,
  };
}
