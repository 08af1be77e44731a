import { apportion } from '../apportion.ts';
import { byState } from '../by-state.ts';
import { addByState, total, zeros } from '../cells.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { HOUR_MS, type Obtained } from '../hour-account.ts';
import { BRIDGE_METHODS, type BridgeMethod, type MachineHour, type Reason } from '../machine-hour.ts';
import { balanceTree } from '../metering-tree.ts';
import { roundMeanPower, roundRatio } from '../round-figures.ts';
import type { BaseHour } from './base-hour.ts';
import type { PeriodSum, StateEnergy, Watch } from './period-sum.ts';

const WAYS: readonly Obtained[] = ['counter', 'integrated', 'bridged'];
/** Best first. */
const QUALITIES: readonly MachineHour['quality'][] = ['measured', 'estimated', 'partial', 'null'];

/** What has been added up of one period. */
export interface PeriodTally {
  fromMs: number;
  toMs: number;
  /** By the index of the state, ms. */
  timeMs: number[];
  measuredMs: number;
  exportMwh: number;
  /** Energy by state of each component, mWh. */
  components: Map<string, number[]>;
  /** Of the supply, mWh. */
  obtained: Record<Obtained, number>;
  bridgedBy: Record<BridgeMethod, number>;
  /** By component, norm litres. */
  media: Map<string, number>;
  /** Counter energy of the supply in hours with a closure, mWh, and what integrated power says of it. */
  closedMwh: number;
  integralMwh: number;
  qualityMs: Record<MachineHour['quality'], number>;
  reasons: Set<Reason>;
  /** Hours that it touches; those among them that are final; revisions beyond the first; whether any is final by age. */
  hours: number;
  finalHours: number;
  laterRevisions: number;
  isFinalByAge: boolean;
}

/** A tally of nothing. */
export function emptyTally(fromMs: number, toMs: number): PeriodTally {
  return {
    fromMs,
    toMs,
    timeMs: zeros(),
    measuredMs: 0,
    exportMwh: 0,
    components: new Map(),
    obtained: { counter: 0, integrated: 0, bridged: 0 },
    bridgedBy: { stateMean: 0, linear: 0, profile: 0 },
    media: new Map(),
    closedMwh: 0,
    integralMwh: 0,
    qualityMs: { measured: 0, estimated: 0, partial: 0, null: 0 },
    reasons: new Set(),
    hours: 0,
    finalHours: 0,
    laterRevisions: 0,
    isFinalByAge: false,
  };
}

/** Adds the minutes [from, to) of an hour. */
export function addMinutes(tally: PeriodTally, hour: BaseHour, fromMinute: number, toMinute: number): void {
  const watchedBefore = total(tally.timeMs);
  addByState(tally.timeMs, hour.timeMs, fromMinute, toMinute);
  tally.qualityMs[hour.quality] += total(tally.timeMs) - watchedBefore;
  for (let minute = fromMinute; minute < toMinute; minute++) {
    tally.measuredMs += hour.measuredMs[minute] ?? 0;
    tally.exportMwh += hour.exportMwh?.[minute] ?? 0;
  }
  for (const [name, energy] of Object.entries(hour.components)) {
    let states = tally.components.get(name);
    if (states === undefined) tally.components.set(name, (states = zeros()));
    for (const way of WAYS) {
      const cells = energy[way];
      if (cells === null) continue;
      const mwh = addByState(states, cells, fromMinute, toMinute);
      if (name !== 'supply') continue;
      tally.obtained[way] += mwh;
      if (way === 'bridged') addBridged(tally, hour, mwh);
      if (way !== 'counter' || hour.closure === null || hour.closure === 0) continue;
      tally.closedMwh += mwh;
      tally.integralMwh += mwh / hour.closure;
    }
  }
  for (const [name, litres] of Object.entries(hour.media)) {
    let sum = tally.media.get(name) ?? 0;
    for (let minute = fromMinute; minute < toMinute; minute++) sum += litres[minute] ?? 0;
    tally.media.set(name, sum);
  }
  for (const mark of hour.reasons)
    if (mark.fromMinute < toMinute && mark.toMinute > fromMinute) tally.reasons.add(mark.reason);
  tally.hours++;
  if (hour.status === 'final') tally.finalHours++;
  tally.laterRevisions += Math.max(0, hour.revision - 1);
  tally.isFinalByAge ||= hour.finalBy === 'seven-days';
}

/** Bridged energy by what it was spread by: of part of an hour, as the hour divides. */
function addBridged({ bridgedBy }: PeriodTally, hour: BaseHour, mwh: number): void {
  if (mwh === 0) return;
  const shares = apportion(
    milliwattHours(mwh),
    BRIDGE_METHODS.map((method) => hour.bridgedBy[method]),
  );
  for (const [index, method] of BRIDGE_METHODS.entries()) bridgedBy[method] += shares[index] ?? 0;
}

/** The record of a period from its tally. @param tree components that are part of another one than the supply */
export function closeTally(
  tally: PeriodTally,
  watch: Watch,
  tree: Readonly<Record<string, string>>,
): PeriodSum {
  const { fromMs, toMs, timeMs, measuredMs, obtained, components } = tally;
  const lengthMs = toMs - fromMs;
  const spanMs = total(timeMs);
  const supply = components.get('supply');
  const supplyMwh = supply === undefined ? null : milliwattHours(total(supply));
  const names = [...components.keys()].sort();
  const mwhOf = (name: string): MilliwattHours => milliwattHours(total(components.get(name) ?? []));
  const componentMwh = Object.fromEntries(names.map((name) => [name, mwhOf(name)]));
  const { residualMwh, residuals } = balanceTree(componentMwh, tree);
  const reasons = new Set(tally.reasons);
  // What has not come yet, or was before the first reading, is no gap.
  const dueMs = Math.min(toMs, watch.toMs ?? toMs) - Math.max(fromMs, watch.fromMs);
  if (measuredMs < dueMs) reasons.add('gap');
  // What is not over yet may still get hours, however long nobody has heard of the machine.
  const isOver = watch.toMs === null || watch.toMs >= toMs;
  const isFinal =
    isOver &&
    tally.hours > 0 &&
    tally.finalHours === tally.hours &&
    tally.hours >= hoursTouched(fromMs, toMs, watch);
  return {
    fromMs,
    toMs,
    timeMs: byState((_, state) => timeMs[state] ?? 0),
    spanMs,
    measuredMs,
    energy: {
      supplyMwh,
      exportMwh: milliwattHours(tally.exportMwh),
      stateMwh: statesOf(supply),
      componentMwh,
      componentStateMwh: Object.fromEntries(names.map((name) => [name, statesOf(components.get(name))])),
      residualMwh,
      residuals,
    },
    obtained: {
      counterMwh: milliwattHours(obtained.counter),
      integratedMwh: milliwattHours(obtained.integrated),
      bridgedMwh: milliwattHours(obtained.bridged),
      bridgedBy: {
        stateMean: milliwattHours(tally.bridgedBy.stateMean),
        linear: milliwattHours(tally.bridgedBy.linear),
        profile: milliwattHours(tally.bridgedBy.profile),
      },
    },
    media: Object.fromEntries([...tally.media].sort(([a], [b]) => (a < b ? -1 : 1))),
    closure: tally.integralMwh > 0 ? roundRatio(tally.closedMwh, tally.integralMwh) : null,
    meanPowerW: byState((_, state) => {
      const ms = timeMs[state] ?? 0;
      return ms === 0 || supply === undefined ? null : roundMeanPower(supply[state] ?? 0, ms);
    }),
    coverage: {
      watched: roundRatio(spanMs, lengthMs),
      time: spanMs === 0 ? 0 : roundRatio(measuredMs, spanMs),
      energy:
        supplyMwh === null || supplyMwh === 0
          ? null
          : roundRatio(obtained.counter + obtained.integrated, supplyMwh),
    },
    quality: qualityOf(tally, supplyMwh, spanMs < lengthMs),
    qualityMs: { ...tally.qualityMs },
    reasons: [...reasons].sort(),
    status: isFinal ? 'final' : 'provisional',
    finalBy: !isFinal ? null : tally.isFinalByAge ? 'seven-days' : 'watermark',
    revision: isFinal ? 1 + tally.laterRevisions : 0,
  };
}

/** How many UTC hours a period touches while the machine was watched. */
function hoursTouched(fromMs: number, toMs: number, watch: Watch): number {
  const first = Math.floor(Math.max(fromMs, watch.fromMs) / HOUR_MS);
  const end = Math.ceil(Math.min(toMs, watch.toMs ?? toMs) / HOUR_MS);
  return Math.max(0, end - first);
}

function qualityOf(
  { qualityMs }: PeriodTally,
  supplyMwh: MilliwattHours | null,
  isUnwatched: boolean,
): MachineHour['quality'] {
  if (supplyMwh === null) return 'null';
  const worst = QUALITIES.findLast((quality) => qualityMs[quality] > 0) ?? 'null';
  return isUnwatched || worst === 'null' ? 'partial' : worst;
}

function statesOf(states: readonly number[] | undefined): StateEnergy {
  return byState((_, state) => milliwattHours(states?.[state] ?? 0));
}
