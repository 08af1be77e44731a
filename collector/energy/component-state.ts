import type { CounterDefinition, PlainReading } from './counter-value.ts';
import type { CounterState } from './counter-state.ts';
import { emptyHabit, type Habit } from './habit.ts';
import {
  accountAt,
  addReason,
  addMedium,
  componentAccount,
  HOUR_MS,
  type HourAccount,
} from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import type { ChainClock } from './boot-time.ts';
import { emptySeries, type Series } from './series.ts';
import type { Slice } from './slices.ts';
import type { TimelineState } from './timeline-state.ts';

/**
 * One direction of one component of a machine: its counter, its power, and what waits between them; or one medium, for
 * which norm litres stand where mWh do, and Nm3/h where W do. Plain data.
 */
export interface ComponentState {
  component: string;
  direction: 'import' | 'export' | 'medium';
  /** W */
  power: Series<number>;
  counter: Series<PlainReading>;
  /** Taken in up to here, ms; null before the first reading. */
  atMs: number | null;
  lastPowerW: number;
  judged: CounterState | null;
  /** Since the counter last moved, in order and without holes. */
  slices: Slice[];
  /** The first slice after a reading that is held off the track; -1 when none is. */
  heldFrom: number;
  /** The first slice after a reading of another counter, which may take over; -1 when there is none. */
  rivalFrom: number;
  /** How many slices lie before a gap's end at which the counter had not moved: no more than one step of it was drawn in them. */
  stillTo: number;
  /** Where there is no counter: integrated power of an hour, and how much of it is booked, mWh; rounding never adds up. */
  integral: { hourMs: number; mwh: number; bookedMwh: number };
  /** What it usually draws. */
  habit: Habit;
  /** One step of its counter as the first reading of an hour showed it, mWh. */
  step: { hourMs: number; mwh: number };
}

/** A record that a component's readings came in, and the times they span. */
export interface RecordSpan {
  agent: string;
  epoch: string;
  seq: number;
  config: string;
  fromMs: number;
  toMs: number;
  /** Where it holds at these moments only, wall ms; absent where it holds over all of its time. */
  countedMs?: number[];
}

/** What a component is folded against. */
export interface FoldContext {
  model: MachineModel;
  timeline: TimelineState;
  accounts: HourAccount[];
  definitions: CounterDefinition[];
  clocks: readonly ChainClock[];
  recent: RecordSpan[];
  horizonMs: number;
}

/** A component that nothing was read of. */
export function emptyComponent(component: string, direction: ComponentState['direction']): ComponentState {
  return {
    component,
    direction,
    power: emptySeries(),
    counter: emptySeries(true),
    atMs: null,
    lastPowerW: 0,
    judged: null,
    slices: [],
    heldFrom: -1,
    rivalFrom: -1,
    stillTo: 0,
    integral: { hourMs: 0, mwh: 0, bookedMwh: 0 },
    habit: emptyHabit(),
    step: { hourMs: 0, mwh: 0 },
  };
}

/** True for what the whole machine takes in. */
export function isSupply(c: ComponentState): boolean {
  return c.component === 'supply' && c.direction === 'import';
}

/** A component that was measured in an hour has an energy there, though it be 0. */
export function touch(c: ComponentState, account: HourAccount): void {
  if (c.direction === 'import') componentAccount(account, c.component);
  else if (c.direction === 'medium') addMedium(account, c.component, account.hourMs, 0);
}

/** Energy that is not known makes hours partial where it is the supply's; the minutes are marked. */
export function loseTime(c: ComponentState, accounts: HourAccount[], fromMs: number, toMs: number): void {
  if (!isSupply(c)) return;
  for (let at = fromMs; at < toMs; at = nextHourMs(at)) {
    const account = accountAt(accounts, at);
    account.lost = true;
    addReason(account, 'gap', at, toMs);
  }
}

/** The start of the next hour, ms. */
export function nextHourMs(atMs: number): number {
  return (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS;
}
