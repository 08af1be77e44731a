import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours, type Watts } from '../../../protocols/telemetry/unit.ts';
import { timeOfBasis, type HourBasis } from './hour-basis.ts';
import { sayHours, sayKwh } from './say-kwh.ts';
import { meanPowers, sumStates, type StateTotals, type UseHour } from './state-totals.ts';

/** The name of this derivation in every result; it changes when a figure could. */
export const USE_PHASE_ALGORITHM = 'millwatt-use-phase/1';

/** kWh per machine-hour on one basis: all energy of the machine over the hours of the basis. */
export interface PerHour {
  basis: HourBasis;
  /** Hours of the basis, ms. */
  referenceMs: number;
  /** Energy of known states over the reference hours, kWh/h; null where the basis has no time. */
  knownKwhPerHour: number | null;
  /** Energy whose state nobody knows over the same hours, kWh/h. */
  unknownKwhPerHour: number | null;
  /** Both together: what the meter says over the same hours, kWh/h. */
  kwhPerHour: number | null;
  saying: string;
}

/** The use phase of a machine: the machine is the product, and what it draws per machine-hour is asked. */
export interface UsePhase {
  algorithm: string;
  totals: StateTotals;
  /** Mean power by state, W; null where no time was spent. */
  meanPowerW: Record<OperatingState, Watts | null>;
  /** Of all states but unknown, mWh. */
  knownMwh: MilliwattHours;
  /** mWh; its time is in calendar hours only. */
  unknownMwh: MilliwattHours;
  perHour: Record<HourBasis, PerHour>;
  /** What whoever uses the figures has to know, in sentences. */
  remarks: string[];
}

/**
 * Energy per machine-hour on each basis (footprint method: e = sum of P_s x T_s / T_ref = E / T_ref). Energy of every
 * known state counts on every basis: a processing hour carries what the machine draws while it waits. Energy of unknown
 * state stands beside it and in the sum, never hidden in a state.
 *
 * @param hours of one machine, in any order, each once
 */
export function deriveUsePhase(hours: Iterable<UseHour>): UsePhase {
  return usePhaseOf(sumStates(hours));
}

/** The same of hours that were added up. */
export function usePhaseOf(totals: StateTotals): UsePhase {
  let known = 0;
  for (const state of OPERATING_STATES) if (state !== 'unknown') known += totals.energyMwh[state];
  const knownMwh = milliwattHours(known);
  const unknownMwh = totals.energyMwh.unknown;
  const on = (basis: HourBasis) => perHourOn(basis, totals, knownMwh, unknownMwh);
  return {
    algorithm: USE_PHASE_ALGORITHM,
    totals,
    meanPowerW: meanPowers(totals),
    knownMwh,
    unknownMwh,
    perHour: {
      calendar: on('calendar'),
      powered: on('powered'),
      operating: on('operating'),
      processing: on('processing'),
    },
    remarks: remarksOn(totals, knownMwh, unknownMwh),
  };
}

function perHourOn(
  basis: HourBasis,
  totals: StateTotals,
  knownMwh: MilliwattHours,
  unknownMwh: MilliwattHours,
): PerHour {
  const referenceMs = timeOfBasis(basis, totals.timeMs);
  const of = (mwh: number) => (referenceMs === 0 ? null : kwhPerHour(mwh, referenceMs));
  const all = of(knownMwh + unknownMwh);
  return {
    basis,
    referenceMs,
    knownKwhPerHour: of(knownMwh),
    unknownKwhPerHour: of(unknownMwh),
    kwhPerHour: all,
    saying:
      all === null
        ? `${basis}: none, there are no ${basis} hours with a known energy`
        : `${basis}: (${sayKwh(knownMwh)} + ${sayKwh(unknownMwh)} of unknown state) / ${sayHours(referenceMs)} = ${all.toFixed(4)} kWh/h`,
  };
}

/** kWh/h = mWh / 1e6 / (ms / 3.6e6). */
function kwhPerHour(mwh: number, ms: number): number {
  return (mwh * 3.6) / ms;
}

function remarksOn(totals: StateTotals, knownMwh: number, unknownMwh: number): string[] {
  const remarks: string[] = [];
  const unknownMs = totals.timeMs.unknown;
  if (unknownMs > 0 || unknownMwh > 0) {
    const share = knownMwh + unknownMwh === 0 ? 0 : unknownMwh / (knownMwh + unknownMwh);
    remarks.push(
      `The state was unknown for ${sayHours(unknownMs)} with ${sayKwh(unknownMwh)}, ${(share * 100).toFixed(1)} % of the energy: ` +
        'it is in the sums and in calendar hours, and in no state and no other hours.',
    );
  }
  const withoutMs = timeOfBasis('calendar', totals.withoutEnergyMs);
  if (withoutMs > 0)
    remarks.push(`For ${sayHours(withoutMs)} nobody measured the supply: that time is in no figure.`);
  if (totals.hours.partial > 0)
    remarks.push(
      totals.hours.partial === 1
        ? '1 hour is partial: some of its energy or states is missing.'
        : `${totals.hours.partial} hours are partial: some of their energy or states is missing.`,
    );
  if (totals.bridgedMwh > 0)
    remarks.push(
      `${sayKwh(totals.bridgedMwh)} were bridged over gaps: the total is measured, its states are not.`,
    );
  return remarks;
}
