import { MillwattError } from '../../../protocols/errors.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { apportion } from '../apportion.ts';
import { ALLOCATION_ALGORITHM, type AllocationWindow } from './allocation-rule.ts';
import { group, sayEnergy, sayFactor, sayProduct, sayTime } from './say-figures.ts';

/** By what the energy of a load that serves several machines is divided; `fixed` are shares that the plant declares. */
export const SHARE_RULES = ['time', 'energy', 'equal', 'mass', 'fixed'] as const;
export type ShareRule = (typeof SHARE_RULES)[number];

/** A machine that a shared load serves, and its weights; only that of the rule is asked for. */
export interface ServedMachine {
  machine: string;
  /** Time in the window in the states that use the load (say which in `timeBasis`), ms. */
  timeMs: number | null;
  /** Energy of its own in the window, mWh. */
  energyMwh: MilliwattHours | null;
  massKg: number | null;
  /** 0..1; all together at most 1. */
  fixedShare: number | null;
}

/** One machine's share of a load, with its arithmetic. */
export interface LoadShare {
  /** Null for what no machine got. */
  machine: string | null;
  mwh: MilliwattHours;
  weight: number;
  weightTotal: number;
  saying: string;
}

/** A shared load, divided: the rows sum to totalMwh. */
export interface SharedLoad {
  algorithm: string;
  load: string;
  window: AllocationWindow;
  rule: ShareRule;
  totalMwh: MilliwattHours;
  allocatedMwh: MilliwattHours;
  unallocatedMwh: MilliwattHours;
  rows: LoadShare[];
}

/** Fixed shares that sum to 1 within this are whole: thirds are written with finitely many digits. */
const SHARE_TOLERANCE = 1e-6;

/**
 * Divides the energy of a load that serves several machines, such as a compressor, within a window. Whole mWh by largest
 * remainder; the same in whatever order the machines are given. Where every weight is 0, and what fixed shares leave over,
 * stays unallocated.
 *
 * @param energyMwh at least 0
 * @param timeBasis what `timeMs` counts, for the rows: `powered`, `processing`
 * @throws MillwattError (refuse) `weight-missing`, `shares-over-one`, `machine-twice`, `energy-malformed`
 */
export function shareLoad(
  load: string,
  window: AllocationWindow,
  energyMwh: MilliwattHours,
  machines: readonly ServedMachine[],
  rule: ShareRule,
  timeBasis: string,
): SharedLoad {
  if (!Number.isSafeInteger(energyMwh) || energyMwh < 0)
    throw new MillwattError('refuse', 'energy-malformed', `${energyMwh} mWh of ${load} cannot be divided.`, {
      cure: 'Give energy in whole mWh that is not negative.',
    });
  const served = [...machines].sort((a, b) => (a.machine < b.machine ? -1 : Number(a.machine > b.machine)));
  const twice = served.find(({ machine }, index) => served[index - 1]?.machine === machine);
  if (twice !== undefined)
    throw new MillwattError(
      'refuse',
      'machine-twice',
      `Machine ${twice.machine} is served twice by ${load}.`,
      {
        cure: 'Name each machine once.',
      },
    );
  const weights = served.map((machine) => weightOf(load, machine, rule));
  let total = 0;
  for (const weight of weights) total += weight;
  const rows = rule === 'fixed' ? divideFixed() : divideByWeights();
  const unallocated = rows.reduce((sum, { machine, mwh }) => (machine === null ? sum + mwh : sum), 0);
  return {
    algorithm: ALLOCATION_ALGORITHM,
    load,
    window,
    rule,
    totalMwh: energyMwh,
    allocatedMwh: milliwattHours(energyMwh - unallocated),
    unallocatedMwh: milliwattHours(unallocated),
    rows,
  };

  function divideFixed(): LoadShare[] {
    if (total > 1 + SHARE_TOLERANCE)
      throw new MillwattError(
        'refuse',
        'shares-over-one',
        `The shares of ${load} sum to ${sayFactor(total)}, which is more than the whole.`,
        { cure: 'Write shares that sum to 1, or to less where a part serves none of these machines.' },
      );
    const rest = total < 1 - SHARE_TOLERANCE ? 1 - total : 0;
    return divide([...weights, rest], total + rest, 'its shares leave it over');
  }

  function divideByWeights(): LoadShare[] {
    return divide(
      [...weights, total === 0 ? 1 : 0],
      total === 0 ? 1 : total,
      `no machine has a weight by ${rule}`,
    );
  }

  /** The last weight is that of nobody. */
  function divide(values: readonly number[], weightTotal: number, why: string): LoadShare[] {
    const shares = apportion(energyMwh, values);
    // Typed into a calculator in seconds or Wh.
    const unit = rule === 'time' || rule === 'energy' ? 1000 : 1;
    return values.flatMap((weight, index) => {
      const machine = served[index]?.machine ?? null;
      const mwh = shares[index]!;
      if (machine === null && mwh === 0) return [];
      const saying =
        machine === null
          ? `${load}: ${sayEnergy(mwh)} of ${sayEnergy(energyMwh)} unallocated: ${why}`
          : `${machine}: ${sayWeight(weight, weightTotal)} -> ${sayProduct(weight / unit, weightTotal / unit, { mwh: energyMwh, name: `of ${load}` }, mwh)}`;
      return [{ machine, mwh, weight, weightTotal, saying }];
    });
  }

  function sayWeight(weight: number, weightTotal: number): string {
    if (rule === 'time') return `${sayTime(weight)} of ${sayTime(weightTotal)} ${timeBasis}`;
    if (rule === 'energy') return `${sayEnergy(weight)} of ${sayEnergy(weightTotal)} of its own`;
    if (rule === 'mass') return `${group(weight)} kg of ${group(weightTotal)} kg`;
    if (rule === 'equal') return `${weight} of ${weightTotal} machines`;
    return `share ${sayFactor(weight)} of ${sayFactor(weightTotal)}, declared`;
  }
}

function weightOf(load: string, served: ServedMachine, rule: ShareRule): number {
  const weight = {
    time: served.timeMs,
    energy: served.energyMwh,
    equal: 1,
    mass: served.massKg,
    fixed: served.fixedShare,
  }[rule];
  if (weight === null || !Number.isFinite(weight) || weight < 0)
    throw new MillwattError(
      'refuse',
      'weight-missing',
      `Machine ${served.machine} has no ${rule === 'fixed' ? 'fixed share' : rule} by which ${load} could be divided.`,
      { cure: `Give it for ${served.machine}, or divide ${load} by another rule.` },
    );
  return weight;
}
