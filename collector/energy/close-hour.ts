import { byState } from './by-state.ts';
import { addByState, total, zeros } from './cells.ts';
import { compareText } from './compare-text.ts';
import { roundMeanPower, roundRatio } from './round-figures.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { apportion } from './apportion.ts';
import { DECIDER_COUNT, type ComponentAccount, type HourAccount, type Obtained } from './hour-account.ts';
import { amendmentsOf } from './hour-amendments.ts';
import { BRIDGE_METHODS, type BridgeMethod, type MachineHour, type Reason } from './machine-hour.ts';
import type { MachineModel } from './machine-model.ts';
import { balanceTree } from './metering-tree.ts';
import { DECIDERS, type Decider } from './state-span.ts';

/** The name of this derivation in every record it makes; it changes when a figure could. */
export const ALGORITHM = 'millwatt-energy/5';
/** Power may say this much more than the counter before it is flagged. */
const OVER_TOLERANCE = 0.02;
/** Below this (1 Wh) a difference between power and counter says nothing. */
export const OVER_FLOOR_MWH = 1000;
/** More time or energy without a state than this share makes the hour partial. */
const UNKNOWN_SHARE_MAX = 0.05;
/** At least this share of the energy must be measured for the hour to count as measured. */
const MEASURED_SHARE_MIN = 0.95;
const UNKNOWN = OPERATING_STATES.indexOf('unknown');

/**
 * The record of an hour from its account, provisional. Closure between counter and integrated power is taken over the
 * hour: what the counter has more than power explains goes to `unknown`, from the states in which power fell short;
 * where power says more, the counter stands and the hour is flagged beyond 2 %.
 *
 * The interval of the closure is the hour, not the single step of the counter: a meter refreshes counter and power at
 * different moments, so over one second they disagree by any amount, and `unknown` would only ever collect the excess.
 * For the same reason, a difference that power explains by having jumped anywhere between two readings is none: each
 * state keeps what the counter moved while it lasted. An hour that rests on thinned records is not closed: of its power too
 * little is known for that.
 */
export function closeHour(
  site: string,
  model: Pick<MachineModel, 'machine' | 'tree' | 'amendments'>,
  account: HourAccount,
): MachineHour {
  const supply = account.components['supply'];
  const isThinned = account.marked.thinned !== undefined;
  const stateMwh = supply === undefined ? zeros() : closeStates(supply, isThinned);
  const obtained = {
    counterMwh: sumOf(supply, 'counter'),
    integratedMwh: sumOf(supply, 'integrated'),
    bridgedMwh: sumOf(supply, 'bridged'),
    bridgedBy: methodsOf(supply),
  };
  const supplyMwh =
    supply === undefined
      ? null
      : milliwattHours(obtained.counterMwh + obtained.integratedMwh + obtained.bridgedMwh);
  const componentMwh: Record<string, MilliwattHours> = {};
  for (const name of Object.keys(account.components).sort()) {
    const component = account.components[name];
    if (component === undefined) continue;
    componentMwh[name] = milliwattHours(
      sumOf(component, 'counter') + sumOf(component, 'integrated') + sumOf(component, 'bridged'),
    );
  }
  const stepMwh: Record<string, number> = {};
  for (const [name, component] of Object.entries(account.components)) stepMwh[name] = component.stepMwh;
  const { residualMwh, residuals, overCounted } = balanceTree(componentMwh, model.tree, stepMwh);
  const amendments = amendmentsOf(model.amendments, account);
  const timeMs = zeros();
  addByState(timeMs, account.timeMs);
  const spanMs = total(timeMs);
  const measuredMs = total(account.measuredMs);
  const unknownShare = Math.max(
    spanMs === 0 ? 1 : (timeMs[UNKNOWN] ?? 0) / spanMs,
    supplyMwh === null || supplyMwh === 0 ? 0 : (stateMwh[UNKNOWN] ?? 0) / supplyMwh,
  );
  const reasons = new Set<Reason>(Object.keys(account.marked) as Reason[]);
  if (measuredMs < spanMs) reasons.add('gap');
  if (unknownShare > UNKNOWN_SHARE_MAX) reasons.add('state-unknown');
  if (supply !== undefined && !isThinned && isOver(supply)) reasons.add('integral-over-counter');
  if (overCounted.length > 0) reasons.add('children-over-supply');
  if (amendments.touchFigures) reasons.add('amended');
  const measuredMwh = obtained.counterMwh + obtained.integratedMwh;
  const measuredEnergy = supplyMwh === null || supplyMwh === 0 ? null : roundRatio(measuredMwh, supplyMwh);
  return {
    v: 1,
    site,
    machine: model.machine,
    hourMs: account.hourMs,
    timeMs: byState((_, state) => timeMs[state] ?? 0),
    spanMs,
    decidedMs: byState((_, state) => decidersOf(account, state)),
    measuredMs,
    energy: {
      supplyMwh,
      exportMwh: milliwattHours(total(account.exportMwh ?? [])),
      stateMwh: byState((_, state) => milliwattHours(stateMwh[state] ?? 0)),
      componentMwh,
      residualMwh,
      residuals,
    },
    media: mediaOf(account),
    obtained,
    meanPowerW: byState((_, state) => {
      const ms = timeMs[state] ?? 0;
      return ms === 0 || supplyMwh === null ? null : roundMeanPower(stateMwh[state] ?? 0, ms);
    }),
    closure: supply === undefined || isThinned ? null : closureOf(supply),
    coverage: { time: spanMs === 0 ? 0 : roundRatio(measuredMs, spanMs), energy: measuredEnergy },
    quality: qualityOf(supplyMwh, account.lost || unknownShare > UNKNOWN_SHARE_MAX, obtained),
    reasons: [...reasons].sort(),
    status: 'provisional',
    finalBy: null,
    revision: 0,
    basis: {
      algorithm: ALGORITHM,
      records: account.records
        .flatMap(({ agent, epoch, ranges }) => ranges.map(([from, to]) => ({ agent, epoch, from, to })))
        .sort((a, b) => compareText(a.agent, b.agent) || compareText(a.epoch, b.epoch) || a.from - b.from),
      configs: [...account.configs].sort(),
      amendments: amendments.ids,
    },
  };
}

/** By which method the supply's gaps were filled, mWh. */
function methodsOf(supply: ComponentAccount | undefined): Record<BridgeMethod, MilliwattHours> {
  const mwhOf = (method: BridgeMethod) =>
    milliwattHours(supply?.bridgedBy[BRIDGE_METHODS.indexOf(method)] ?? 0);
  return { stateMean: mwhOf('stateMean'), linear: mwhOf('linear'), profile: mwhOf('profile') };
}

/** Whole norm litres of each medium. */
function mediaOf({ media }: HourAccount): Record<string, number> {
  const names = Object.keys(media).sort();
  return Object.fromEntries(names.map((name) => [name, total(media[name] ?? [])]));
}

/** Energy by state, after closure. */
function closeStates(supply: ComponentAccount, isThinned: boolean): number[] {
  const stateMwh = zeros();
  for (const cells of [supply.counter, supply.integrated, supply.bridged]) {
    if (cells !== null) addByState(stateMwh, cells);
  }
  // Once a minute is too seldom for power to tell what the counter has more.
  if (isThinned) return stateMwh;
  const shortMwh = supply.closedMwh.map((mwh, state) => Math.max(0, mwh - (supply.integralMwh[state] ?? 0)));
  const remainderMwh = milliwattHours(Math.round(total(supply.closedMwh) - total(supply.integralMwh)));
  if (remainderMwh <= supply.slackMwh) return stateMwh;
  const taken = apportion(remainderMwh, shortMwh);
  taken.forEach((mwh, state) => {
    const moved = Math.min(mwh, stateMwh[state] ?? 0);
    stateMwh[state] = (stateMwh[state] ?? 0) - moved;
    stateMwh[UNKNOWN] = (stateMwh[UNKNOWN] ?? 0) + moved;
  });
  return stateMwh;
}

function closureOf(supply: ComponentAccount): number | null {
  const integralMwh = total(supply.integralMwh);
  return integralMwh > 0 ? roundRatio(total(supply.closedMwh), integralMwh) : null;
}

function isOver(supply: ComponentAccount): boolean {
  const closedMwh = total(supply.closedMwh);
  const overMwh = total(supply.integralMwh) - closedMwh;
  return overMwh > Math.max(OVER_FLOOR_MWH, closedMwh * OVER_TOLERANCE, supply.slackMwh);
}

function qualityOf(
  supplyMwh: MilliwattHours | null,
  incomplete: boolean,
  obtained: MachineHour['obtained'],
): MachineHour['quality'] {
  if (supplyMwh === null) return 'null';
  if (incomplete) return 'partial';
  return obtained.counterMwh < supplyMwh * MEASURED_SHARE_MIN ? 'estimated' : 'measured';
}

function sumOf(component: ComponentAccount | undefined, obtained: Obtained): MilliwattHours {
  return milliwattHours(total(component?.[obtained] ?? []));
}

function decidersOf({ decidedMs }: HourAccount, state: number): Partial<Record<Decider, number>> {
  const by: Partial<Record<Decider, number>> = {};
  for (const [index, decider] of DECIDERS.entries()) {
    const ms = decidedMs[state * DECIDER_COUNT + index] ?? 0;
    if (ms > 0) by[decider] = ms;
  }
  return by;
}
