import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { zeros } from './cells.ts';
import { BRIDGE_METHODS, type BridgeMethod, type Reason } from './machine-hour.ts';
import type { CounterDecision } from './counter-decision.ts';
import type { HourEdge } from './hour-edge.ts';
import { markMinutes, type MarkedMinutes } from './reason-marks.ts';
import { DECIDERS } from './state-span.ts';

/** One hour, ms. */
export const HOUR_MS = 3_600_000;
/** One minute, ms. */
export const MINUTE_MS = 60_000;
/** How many operating states there are; a state's index is its place among them. */
export const STATE_COUNT = OPERATING_STATES.length;
/** How many things can decide a state; a decider's index is its place among them. */
export const DECIDER_COUNT = DECIDERS.length;
const MINUTES = 60;
const CELLS = MINUTES * STATE_COUNT;

/** How a piece of energy was obtained. */
export type Obtained = 'counter' | 'integrated' | 'bridged';

/** The energy of one component in one hour: minute x state cells of whole mWh, one grid a way of obtaining it. */
export interface ComponentAccount {
  /** Cell of minute m and state s: m x STATE_COUNT + s. Null while nothing was obtained so. */
  counter: number[] | null;
  integrated: number[] | null;
  bridged: number[] | null;
  /** Of what is bridged, how much by each method, in the order of BRIDGE_METHODS, mWh. */
  bridgedBy: number[];
  /** One step of its counter, as coarse as any in the hour, mWh; 0 where it counts nothing. */
  stepMwh: number;
  /** Counter energy, by state, of the time in which power was measured too, mWh ... */
  closedMwh: number[];
  /** ... and what integrated power says of the same time, mWh. */
  integralMwh: number[];
  /** By how much that may be wrong because power is only known at its readings, mWh. */
  slackMwh: number;
  /** Intervals of its counter in which the hour begins or ends, in the order in which they were booked. */
  edges: HourEdge[];
}

/** Records of one agent and epoch, as ranges of sequence numbers, ascending and apart. */
export interface RecordRanges {
  agent: string;
  epoch: string;
  ranges: [from: number, to: number][];
}

/** All that is known of one hour of one machine so far; whole numbers, added to in any order. */
export interface HourAccount {
  /** Start, ms since the Unix epoch. */
  hourMs: number;
  /** Time in each state, ms; cell of minute m and state s: m x STATE_COUNT + s. */
  timeMs: number[];
  /** The same by what decided: cell of state s and decider d: s x DECIDER_COUNT + d. */
  decidedMs: number[];
  /** Measured time of each minute, ms. */
  measuredMs: number[];
  components: Record<string, ComponentAccount>;
  /** Exported energy of each minute, whole mWh; null for none. */
  exportMwh: number[] | null;
  /** Other things than energy that were taken in, by component: whole norm litres of each minute. */
  media: Record<string, number[]>;
  /** Why it is not fully measured, and which minutes. */
  marked: MarkedMinutes;
  /** True when some of the hour's energy is not in it, and nobody knows how much. */
  lost: boolean;
  records: RecordRanges[];
  configs: string[];
  /** What was decided about counters, in order of time. */
  decisions: CounterDecision[];
  /** True when something changed since the hour was last taken out. */
  dirty: boolean;
}

/** The account of the hour that holds a time; made when there is none. Accounts are in order of time. */
export function accountAt(accounts: HourAccount[], atMs: number): HourAccount {
  let index = accounts.length - 1;
  while (index >= 0) {
    const account = accounts[index];
    if (account === undefined || account.hourMs <= atMs) break;
    index--;
  }
  const known = accounts[index];
  if (known !== undefined && atMs < known.hourMs + HOUR_MS) {
    known.dirty = true;
    return known;
  }
  const account: HourAccount = {
    hourMs: Math.floor(atMs / HOUR_MS) * HOUR_MS,
    timeMs: zeros(CELLS),
    decidedMs: zeros(STATE_COUNT * DECIDER_COUNT),
    measuredMs: zeros(MINUTES),
    components: {},
    exportMwh: null,
    media: {},
    marked: {},
    lost: false,
    records: [],
    configs: [],
    decisions: [],
    dirty: true,
  };
  accounts.splice(index + 1, 0, account);
  return account;
}

/** The account of a component in an hour; made when there is none. */
export function componentAccount(account: HourAccount, component: string): ComponentAccount {
  return (account.components[component] ??= {
    counter: null,
    integrated: null,
    bridged: null,
    bridgedBy: zeros(BRIDGE_METHODS.length),
    stepMwh: 0,
    closedMwh: zeros(STATE_COUNT),
    integralMwh: zeros(STATE_COUNT),
    slackMwh: 0,
    edges: [],
  });
}

/** Books energy of a time that does not cross a minute. */
export function addEnergy(
  account: HourAccount,
  component: ComponentAccount,
  atMs: number,
  state: number,
  obtained: Obtained,
  mwh: MilliwattHours,
): void {
  if (mwh === 0) return;
  const cells = (component[obtained] ??= zeros(CELLS));
  const cell = Math.floor((atMs - account.hourMs) / MINUTE_MS) * STATE_COUNT + state;
  cells[cell] = (cells[cell] ?? 0) + mwh;
}

/** Books time in a state, and what decided it, over as many hours as it spans. State and decider are their indices. */
export function addTime(
  accounts: HourAccount[],
  fromMs: number,
  toMs: number,
  how: { state: number; decider: number; isMeasured: boolean },
): void {
  const { state, decider, isMeasured } = how;
  const decided = state * DECIDER_COUNT + decider;
  for (let at = fromMs; at < toMs;) {
    const account = accountAt(accounts, at);
    const endMs = Math.min(toMs, account.hourMs + HOUR_MS);
    account.decidedMs[decided] = (account.decidedMs[decided] ?? 0) + (endMs - at);
    while (at < endMs) {
      const minute = Math.floor((at - account.hourMs) / MINUTE_MS);
      const end = Math.min(endMs, account.hourMs + (minute + 1) * MINUTE_MS);
      const cell = minute * STATE_COUNT + state;
      account.timeMs[cell] = (account.timeMs[cell] ?? 0) + (end - at);
      if (isMeasured) account.measuredMs[minute] = (account.measuredMs[minute] ?? 0) + (end - at);
      at = end;
    }
  }
}

/** Books energy that was fed back, of a time that does not cross a minute. */
export function addExport(account: HourAccount, atMs: number, mwh: MilliwattHours): void {
  if (mwh === 0) return;
  account.exportMwh ??= zeros(MINUTES);
  const minute = Math.floor((atMs - account.hourMs) / MINUTE_MS);
  account.exportMwh[minute] = (account.exportMwh[minute] ?? 0) + mwh;
}

/** Books bridged energy of a time that does not cross a minute, and by which method it came there. */
export function addBridged(
  account: HourAccount,
  component: ComponentAccount,
  atMs: number,
  state: number,
  method: BridgeMethod,
  mwh: MilliwattHours,
): void {
  addEnergy(account, component, atMs, state, 'bridged', mwh);
  const index = BRIDGE_METHODS.indexOf(method);
  component.bridgedBy[index] = (component.bridgedBy[index] ?? 0) + mwh;
}

/** Books whole norm litres of a medium, of a time that does not cross a minute. */
export function addMedium(account: HourAccount, component: string, atMs: number, litres: number): void {
  const minutes = (account.media[component] ??= zeros(MINUTES));
  const minute = Math.floor((atMs - account.hourMs) / MINUTE_MS);
  minutes[minute] = (minutes[minute] ?? 0) + litres;
}

/**
 * Says why minutes of an hour are not fully measured: those that [fromMs, toMs) touches, of those in the hour; the one of
 * `fromMs` where that is a moment. Without times, all of them.
 */
export function addReason(
  account: HourAccount,
  reason: Reason,
  fromMs: number = account.hourMs,
  toMs: number = account.hourMs + HOUR_MS,
): void {
  const from = Math.floor((fromMs - account.hourMs) / MINUTE_MS);
  const to = Math.ceil((toMs - account.hourMs) / MINUTE_MS);
  const first = Math.min(Math.max(from, 0), MINUTES - 1);
  markMinutes(account.marked, reason, first, Math.max(first + 1, to));
}

/** The same over as many hours as the time spans. */
export function markReason(accounts: HourAccount[], reason: Reason, fromMs: number, toMs: number): void {
  for (let at = fromMs; at < toMs; at = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS)
    addReason(accountAt(accounts, at), reason, at, toMs);
}

/** Notes that an hour rests on a record, and on the config snapshot that the record names. */
export function addRecord(
  account: HourAccount,
  record: { agent: string; epoch: string; seq: number; config: string },
): void {
  if (!account.configs.includes(record.config)) account.configs.push(record.config);
  let chain = account.records.find((known) => known.agent === record.agent && known.epoch === record.epoch);
  if (chain === undefined) {
    chain = { agent: record.agent, epoch: record.epoch, ranges: [] };
    account.records.push(chain);
  }
  const { ranges } = chain;
  const { seq } = record;
  let index = ranges.length;
  while (index > 0 && (ranges[index - 1]?.[0] ?? 0) > seq) index--;
  const before = ranges[index - 1];
  const after = ranges[index];
  if (before !== undefined && seq <= before[1]) return;
  const joinsBefore = before !== undefined && before[1] + 1 === seq;
  const joinsAfter = after !== undefined && after[0] - 1 === seq;
  if (joinsBefore && joinsAfter) {
    before[1] = after[1];
    ranges.splice(index, 1);
  } else if (joinsBefore) before[1] = seq;
  else if (joinsAfter) after[0] = seq;
  else ranges.splice(index, 0, [seq, seq]);
}
