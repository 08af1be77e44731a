import { MillwattError } from '../../protocols/errors.ts';
import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { HOUR_BASES, type HourBasis } from '../energy/use-phase/hour-basis.ts';
import { groupDigits, sayHours, sayWatts } from '../energy/use-phase/say-kwh.ts';
import { deriveScenario, type Scenario } from '../energy/use-phase/scenario.ts';
import { assessScenario, type ScenarioUncertainty } from '../energy/use-phase/scenario-uncertainty.ts';
import type { UseHour } from '../energy/use-phase/state-totals.ts';
import { deriveUsePhase, type PerHour, type UsePhase } from '../energy/use-phase/use-phase.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import type { PeriodBasis } from './period-basis.ts';
import { reportSpans, type SpanReport } from './period-report.ts';
import type { PeriodSource } from './period-source.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** Mean power of a state, and what it may be wrong by (k = 2). */
export interface PowerOfState {
  state: OperatingState;
  timeMs: number;
  energyMwh: number;
  powerW: number;
  /** Null where facts are missing. */
  expandedW: number | null;
  saying: string;
}

/** The use phase of a machine as it was measured, and in a declared year. */
export interface UsePhaseReport {
  site: string;
  machine: string;
  /** Hours that begin in [fromMs, toMs), wall ms. */
  fromMs: number;
  toMs: number;
  usePhase: UsePhase;
  /** Of the supply in that time, with its budget; null without energy. */
  uncertainty: ComponentUncertainty | null;
  /** kWh per machine-hour with U (k = 2), kWh/h; U is null where facts are missing. */
  perHour: Record<HourBasis, PerHour & { expandedKwhPerHour: number | null }>;
  powers: PowerOfState[];
  /** The year of the machine's `dutyCycle`; `because` says why there is none. */
  scenario:
    | { kind: 'derived'; scenario: Scenario; uncertainty: ScenarioUncertainty }
    | { kind: 'none'; because: string; cure: string };
  basis: PeriodBasis;
}

/** Of which machine, and which hours: those that begin in [fromMs, toMs), wall ms. */
export interface UsePhaseQuery {
  machine: string;
  fromMs: number;
  toMs: number;
}

/**
 * Reports the use phase of a machine over the hours that begin in [fromMs, toMs). Time is taken as exact: energy per hour
 * is as uncertain, in %, as the energy.
 */
export function usePhaseReport(source: PeriodSource, query: UsePhaseQuery): UsePhaseReport {
  for (const report of stepUsePhaseReport(source, query)) if (report !== null) return report;
  throw new MillwattError('crash', 'no-span', 'A stretch of time has no report.');
}

/** The same with a null after each hour that was read: a server that has others to serve may do so. */
export function* stepUsePhaseReport(
  source: PeriodSource,
  { machine, fromMs, toMs }: UsePhaseQuery,
): Generator<UsePhaseReport | null> {
  const first = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const end = Math.max(first + HOUR_MS, Math.ceil(toMs / HOUR_MS) * HOUR_MS);
  const hours: UseHour[] = [];
  const see = (hour: MachineHour): void => {
    // Only what is added up: a year of whole records need not be in memory.
    const { hourMs, timeMs, spanMs, measuredMs, quality, obtained } = hour;
    const { supplyMwh, stateMwh } = hour.energy;
    hours.push({ hourMs, timeMs, spanMs, measuredMs, quality, energy: { supplyMwh, stateMwh }, obtained });
  };
  for (const span of reportSpans(source, machine, [first, end], see))
    yield span === null ? null : reportOf(source, span, deriveUsePhase(hours));
}

function reportOf(source: PeriodSource, span: SpanReport, usePhase: UsePhase): UsePhaseReport {
  const { machine } = span;
  const uncertainty = span.uncertainty['supply'] ?? null;
  const total = uncertainty?.total ?? null;
  const on = (basis: HourBasis): UsePhaseReport['perHour'][HourBasis] => {
    const figure = usePhase.perHour[basis];
    const expandedKwhPerHour =
      total?.kind === 'known' && figure.kwhPerHour !== null
        ? (figure.kwhPerHour * total.expandedPercent) / 100
        : null;
    return {
      ...figure,
      expandedKwhPerHour,
      saying:
        expandedKwhPerHour === null || total?.kind !== 'known'
          ? figure.saying
          : `${figure.saying} +- ${groupDigits(expandedKwhPerHour, 4)} (U = ${groupDigits(total.expandedPercent, 2)} %, k = 2)`,
    };
  };
  return {
    site: source.plan.site,
    machine,
    fromMs: span.fromMs,
    toMs: span.toMs,
    usePhase,
    uncertainty,
    perHour: Object.fromEntries(HOUR_BASES.map((basis) => [basis, on(basis)])) as UsePhaseReport['perHour'],
    powers: OPERATING_STATES.flatMap((state) => powerOf(state, usePhase, uncertainty?.states[state])),
    scenario: reportScenario(source, machine, usePhase, uncertainty),
    basis: span.basis,
  };
}

function powerOf(state: OperatingState, usePhase: UsePhase, known: Uncertainty | undefined): PowerOfState[] {
  const powerW = usePhase.meanPowerW[state];
  if (powerW === null) return [];
  const expandedW = known?.kind === 'known' ? (powerW * known.expandedPercent) / 100 : null;
  const { timeMs, energyMwh } = usePhase.totals;
  const sum = `${state}: ${groupDigits(energyMwh[state] / 1e6, 6)} kWh / ${sayHours(timeMs[state])} = ${sayWatts(powerW)}`;
  return [
    {
      state,
      timeMs: timeMs[state],
      energyMwh: energyMwh[state],
      powerW,
      expandedW,
      saying:
        expandedW === null ? `${sum}, uncertainty not known` : `${sum} +- ${sayWatts(expandedW)} (k = 2)`,
    },
  ];
}

function reportScenario(
  { plan }: PeriodSource,
  machine: string,
  { totals }: UsePhase,
  uncertainty: ComponentUncertainty | null,
): UsePhaseReport['scenario'] {
  const duty = plan.machines.find((known) => known.machine === machine)?.duty ?? null;
  if (duty === null)
    return {
      kind: 'none',
      because: 'No year of use is declared for this machine.',
      cure: 'Enter dutyCycle: { hoursPerYear: { processing: 3000, ... } } at the machine in collector.yaml.',
    };
  try {
    const scenario = deriveScenario(totals, duty.cycle, duty.powers);
    // Where the meter was changed on the way, its errors count as those of one meter: never too small.
    const meter = uncertainty?.meters.map((one) => one.meter).join(', ') ?? '';
    return {
      kind: 'derived',
      scenario,
      uncertainty: assessScenario(scenario, uncertainty?.states ?? {}, meter),
    };
  } catch (error) {
    if (!(error instanceof MillwattError) || error.remedy !== 'refuse') throw error;
    return { kind: 'none', because: error.message, cure: error.cure };
  }
}
