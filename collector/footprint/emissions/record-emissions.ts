import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { FactorSet } from '../factors/factor-set.ts';
import type { EmissionStatement, SensitivityCase } from '../record/footprint-record.ts';
import {
  locationBased,
  marketBased,
  type ElectricityUse,
  type StatedEmissions,
} from './emission-statement.ts';
import { compareStatements } from './sensitivity-cases.ts';
import type { Supply } from './supplies.ts';

/** What a record says of emissions. */
export interface RecordEmissions {
  /** The first is the one that exports with room for a single figure take. */
  emissions: EmissionStatement[];
  sensitivity: SensitivityCase[];
  /** Every row that a figure was multiplied with, by id. */
  factors: EmissionFactor[];
  /** Why a statement that was asked for is not there. */
  remarks: string[];
}

/** What a site multiplies its electricity with. */
export interface FactorPolicy {
  /** Averages, the leading set first. */
  sets: readonly FactorSet[];
  /** Where a residual mix may be taken from: the first that has one. */
  residuals: readonly FactorSet[];
  /** Contracts and on-site generation. */
  supplies: readonly Supply[];
}

/**
 * Every statement of a record: location-based with each set, market-based beside the first; and what the first would be with
 * another set, market-based, and without the losses in it. Throws as `locationBased` and `marketBased`.
 */
export function emissionsOfRecord(use: ElectricityUse, policy: FactorPolicy): RecordEmissions {
  const emissions: EmissionStatement[] = [];
  const remarks: string[] = [];
  const rows = new Map<string, EmissionFactor>();
  const add = (stated: StatedEmissions) => {
    if (stated.kind === 'unknown') {
      if (!remarks.includes(stated.because)) remarks.push(stated.because);
      return;
    }
    for (const row of stated.rows) rows.set(row.id, row);
    const { method, factorSet } = stated.statement;
    const at = emissions.findIndex((other) => other.method === method && other.factorSet === factorSet);
    // The location-based statement that stands for a market-based one is there already: only its mark is new.
    if (at < 0) emissions.push(stated.statement);
    else emissions[at] = stated.statement;
  };
  for (const set of policy.sets) add(locationBased(use, set));
  const [averages] = policy.sets;
  if (averages !== undefined)
    add(marketBased(use, policy.supplies, { averages, residuals: policy.residuals }));
  return {
    emissions,
    sensitivity: [...compareWithFirst(emissions), ...compareLosses(use, averages, emissions[0])],
    factors: [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    remarks,
  };
}

/** The first statement with each other one in its place: cases of the choice `factor-set`. */
export function compareWithFirst([first, ...others]: readonly EmissionStatement[]): SensitivityCase[] {
  if (first === undefined) return [];
  return others.flatMap((other) => {
    const change =
      other.method === first.method
        ? `${other.factorSet} instead of ${first.factorSet}`
        : `${other.method}-based instead of ${first.method}-based`;
    return compareStatements('factor-set', change, first, other) ?? [];
  });
}

/** The first statement without the losses that are in it. */
function compareLosses(
  use: ElectricityUse,
  set: FactorSet | undefined,
  first: EmissionStatement | undefined,
): SensitivityCase[] {
  if (set === undefined || first?.lossPercent === undefined || first.method !== 'location') return [];
  const without = locationBased({ ...use, lossPercent: null }, set);
  if (without.kind === 'unknown') return [];
  const change = `without losses of ${first.lossPercent} %`;
  const compared = compareStatements('losses', change, first, without.statement);
  return compared === undefined ? [] : [compared];
}
