import type {
  MeteringFacts,
  PeriodFacts,
  StateLoad,
} from '../../../../collector/energy/uncertainty/metering-facts.ts';
import type { Limit } from '../../../../collector/energy/uncertainty/limit.ts';
import {
  type KnownUncertainty,
  type Uncertainty,
} from '../../../../collector/energy/uncertainty/uncertainty-statement.ts';
import { milliwattHours, watts } from '../../../../protocols/telemetry/unit.ts';

/** A meter behind 100/5 A transformers. */
export function behindTransformers(meterClass: string | null, ctClass: string | null): MeteringFacts {
  return {
    meter: { class: meterClass, ratedA: null },
    connection: { kind: 'transformer', ct: { class: ctClass, primaryA: 100, secondaryA: 5 } },
  };
}

/** A meter `10 (100) A` connected directly. */
export function direct(meterClass: string | null): MeteringFacts {
  return { meter: { class: meterClass, ratedA: 10, maxA: 100 }, connection: { kind: 'direct' } };
}

/** A state at a share of 100 A; 1 kWh unless told. */
export function load(
  currentA: number | null,
  powerFactor: number | null,
  more: Partial<StateLoad> = {},
): StateLoad {
  return {
    state: 'processing',
    energyMwh: milliwattHours(1_000_000),
    meanPowerW: watts(5000),
    powerFactor,
    currentA,
    ...more,
  };
}

/** A period that rests on a fine counter. */
export function period(metering: MeteringFacts, ...states: StateLoad[]): PeriodFacts {
  return { metering, basis: 'register', counterStepMwh: null, closure: null, states };
}

/** The half width, to 4 digits; what is missing throws. */
export function percentOfLimit(limit: Limit): number {
  if ('missing' in limit) throw new Error(`missing: ${limit.missing.map(({ fact }) => fact).join(', ')}`);
  return Number(limit.percent.toFixed(4));
}

/** A statement that has to be known. */
export function known(uncertainty: Uncertainty | null | undefined): KnownUncertainty {
  if (uncertainty?.kind !== 'known') throw new Error(`not known: ${JSON.stringify(uncertainty)}`);
  return uncertainty;
}

/** What a statement lacks. */
export function missingFacts(uncertainty: Uncertainty | null | undefined): string[] {
  if (uncertainty?.kind !== 'unknown') throw new Error(`not unknown: ${JSON.stringify(uncertainty)}`);
  return uncertainty.missing.map(({ fact }) => fact);
}
