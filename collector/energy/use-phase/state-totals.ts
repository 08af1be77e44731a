import { byState } from '../by-state.ts';
import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import {
  WATT_MS_PER_MWH,
  milliwattHours,
  watts,
  type MilliwattHours,
  type Watts,
} from '../../../protocols/telemetry/unit.ts';
import type { MachineHour } from '../machine-hour.ts';

/** What the use phase takes from a machine-hour; a record as it is will do. */
export type UseHour = Pick<MachineHour, 'hourMs' | 'timeMs' | 'spanMs' | 'measuredMs' | 'quality'> & {
  energy: Pick<MachineHour['energy'], 'supplyMwh' | 'stateMwh'>;
  obtained: MachineHour['obtained'];
};

/** Time and energy of a machine by state over any hours. Whole ms and mWh: totals of parts add to that of the whole. */
export interface StateTotals {
  /** Time in each state in hours with a known supply, ms. */
  timeMs: Record<OperatingState, number>;
  /** Energy in each state, mWh. */
  energyMwh: Record<OperatingState, MilliwattHours>;
  /** Time by state in hours in which nobody measured the supply, ms: it is in no mean and in no machine-hour. */
  withoutEnergyMs: Record<OperatingState, number>;
  /** Of the time in timeMs, measured rather than bridged, ms. */
  measuredMs: number;
  /** Of the energy, bridged over gaps, mWh. */
  bridgedMwh: MilliwattHours;
  /** How many hours there were, by quality: a `partial` one misses energy or a state. */
  hours: Record<MachineHour['quality'], number>;
}

/**
 * Adds machine-hours of one machine, in any order.
 *
 * @param hours each hour once; read once, so that a year need not be in memory
 */
export function sumStates(hours: Iterable<UseHour>): StateTotals {
  const totals = noStates();
  for (const hour of hours) addStates(totals, hour);
  return totals;
}

/** Adds an hour to totals, so that no list of hours need be kept. */
export function addStates(totals: StateTotals, hour: UseHour): void {
  const { timeMs, measuredMs, quality, energy, obtained } = hour;
  totals.hours[quality]++;
  const isKnown = energy.supplyMwh !== null;
  for (const state of STATES) {
    if (isKnown) {
      totals.timeMs[state] += timeMs[state];
      totals.energyMwh[state] = milliwattHours(totals.energyMwh[state] + energy.stateMwh[state]);
    } else totals.withoutEnergyMs[state] += timeMs[state];
  }
  if (!isKnown) return;
  totals.measuredMs += measuredMs;
  totals.bridgedMwh = milliwattHours(totals.bridgedMwh + obtained.bridgedMwh);
}

/** The totals of several machines, or of several times, together. */
export function joinStates(all: readonly StateTotals[]): StateTotals {
  const sum = (of: (totals: StateTotals) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    timeMs: byState((state) => sum(({ timeMs }) => timeMs[state])),
    energyMwh: byState((state) => milliwattHours(sum(({ energyMwh }) => energyMwh[state]))),
    withoutEnergyMs: byState((state) => sum(({ withoutEnergyMs }) => withoutEnergyMs[state])),
    measuredMs: sum(({ measuredMs }) => measuredMs),
    bridgedMwh: milliwattHours(sum(({ bridgedMwh }) => bridgedMwh)),
    hours: {
      measured: sum(({ hours }) => hours.measured),
      estimated: sum(({ hours }) => hours.estimated),
      partial: sum(({ hours }) => hours.partial),
      null: sum(({ hours }) => hours.null),
    },
  };
}

/** Mean power of each state, W: E_s / T_s. Null where no time was spent in it. */
export function meanPowers({ timeMs, energyMwh }: StateTotals): Record<OperatingState, Watts | null> {
  return byState((state) =>
    timeMs[state] === 0 ? null : watts((energyMwh[state] * WATT_MS_PER_MWH) / timeMs[state]),
  );
}

const STATES: readonly OperatingState[] = OPERATING_STATES;

/** Totals of nothing, to be added to. */
export function noStates(): StateTotals {
  return {
    timeMs: byState(() => 0),
    energyMwh: byState(() => milliwattHours(0)),
    withoutEnergyMs: byState(() => 0),
    measuredMs: 0,
    bridgedMwh: milliwattHours(0),
    hours: { measured: 0, estimated: 0, partial: 0, null: 0 },
  };
}
