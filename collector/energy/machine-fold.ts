import type { Status } from '../../protocols/telemetry/quantity.ts';
import {
  advanceComponent,
  awaitsStepSinceMs,
  emptyComponent,
  openSinceMs,
  type ComponentState,
  type RecordSpan,
} from './component.ts';
import type { CounterDefinition, PlainReading } from './counter-value.ts';
import { accountAt, addReason, addRecord, HOUR_MS, MINUTE_MS, type HourAccount } from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import { insertReading, lastBeforeMs, readingsBefore, type Series } from './series.ts';
import {
  advanceTimeline,
  beginTimeline,
  emptyTimeline,
  firstToldMs,
  insertControl,
  lastWordMs,
  type TimelineState,
} from './timeline.ts';

/**
 * The fold of one machine: everything that must be remembered between readings, as plain data that JSON keeps. It is
 * changed in place by the functions here. What it has booked up to a horizon is a function of the set of readings
 * before that horizon: batches, duplicates and order of arrival leave no trace, as long as no reading comes that lies
 * before the horizon (`isLate`); then the caller goes back to a checkpoint and folds again.
 */
export interface MachineFold {
  v: 1;
  /** Every reading before this (wall ms) has been fed. */
  horizonMs: number;
  timeline: TimelineState;
  components: ComponentState[];
  accounts: HourAccount[];
  definitions: CounterDefinition[];
  recent: RecordSpan[];
}

/** One column of readings of one component; null is "no value", never 0. */
export interface PowerColumn {
  component: string;
  /** W */
  values: readonly (number | null)[];
}

/** One counter's readings, raw. */
export interface CounterColumn {
  component: string;
  direction: 'import' | 'export';
  definition: CounterDefinition;
  values: readonly (PlainReading | null)[];
}

/** What one sealed record says of one machine that bears on its energy and states. Times are wall ms. */
export interface RecordFeed {
  record: { agent: string; epoch: string; seq: number; config: string };
  /** True when the agent's wall clock was never set: the hours are flagged. */
  unsynced: boolean;
  rows: {
    source: string;
    everyMs: number;
    timesMs: readonly number[];
    powers: PowerColumn[];
    counters: CounterColumn[];
  }[];
  words: {
    channel: string;
    source: string;
    status: Status;
    vocabulary: string;
    timesMs: readonly number[];
    values: readonly (string | number | boolean | null)[];
  }[];
  links: { source: string; timesMs: readonly number[]; up: readonly boolean[] }[];
}

/** A machine of which nothing was read yet. */
export function startFold(): MachineFold {
  return {
    v: 1,
    horizonMs: 0,
    timeline: emptyTimeline(),
    components: [],
    accounts: [],
    definitions: [],
    recent: [],
  };
}

/** The span of readings, words and links in a feed, wall ms; null when it has none. */
export function spanOf(feed: RecordFeed): { fromMs: number; toMs: number } | null {
  let fromMs = Infinity;
  let toMs = -Infinity;
  for (const { timesMs } of [...feed.rows, ...feed.words, ...feed.links]) {
    fromMs = Math.min(fromMs, timesMs[0] ?? Infinity);
    toMs = Math.max(toMs, timesMs[timesMs.length - 1] ?? -Infinity);
  }
  return fromMs <= toMs ? { fromMs, toMs } : null;
}

/** True when the feed holds something from before the horizon: the fold has to go back. */
export function isLate(fold: MachineFold, feed: RecordFeed): boolean {
  const span = spanOf(feed);
  return span !== null && span.fromMs < fold.horizonMs;
}

/**
 * Hands a record's readings to the fold; nothing is booked until `advanceFold`. What lies before `fromMs` is left out:
 * a checkpoint has it already. Returns how many readings of one time differed from each other.
 */
export function feedRecord(fold: MachineFold, feed: RecordFeed, fromMs = -Infinity): number {
  let conflicts = 0;
  const { seq, agent } = feed.record;
  const hours = new Set<number>();
  const note = (atMs: number) => hours.add(Math.floor(atMs / HOUR_MS) * HOUR_MS);
  for (const group of feed.rows) {
    const { timesMs, everyMs } = group;
    let first = 0;
    while (first < timesMs.length && (timesMs[first] ?? 0) < fromMs) first++;
    if (first === timesMs.length) continue;
    const lastMs = timesMs[timesMs.length - 1] ?? 0;
    for (let at = timesMs[first] ?? 0; at < lastMs; at += HOUR_MS) note(at);
    note(lastMs);
    hearRows(fold, agent, group, first);
    const put = (
      series: Series<number | string>,
      values: readonly (PlainReading | null)[],
      definition: number,
    ) => {
      for (let row = first; row < timesMs.length; row++) {
        const value = values[row];
        if (value === null || value === undefined) continue;
        const atMs = timesMs[row] ?? 0;
        if (!insertReading(series, atMs, value, everyMs, seq, definition)) continue;
        conflicts++;
        addReason(accountAt(fold.accounts, atMs), 'conflict');
      }
    };
    let supplyPower: readonly (number | null)[] | undefined;
    let supplyCounter: readonly (PlainReading | null)[] | undefined;
    for (const column of group.powers) {
      put(componentOf(fold, column.component, 'import').power, column.values, 0);
      if (column.component === 'supply') supplyPower = column.values;
    }
    for (const column of group.counters) {
      const definition = definitionOf(fold, column.definition);
      put(componentOf(fold, column.component, column.direction).counter, column.values, definition);
      if (column.component === 'supply' && column.direction === 'import') supplyCounter = column.values;
    }
    if (supplyPower !== undefined || supplyCounter !== undefined) {
      const { supply } = fold.timeline;
      for (let row = first; row < timesMs.length; row++) {
        const powerW = supplyPower?.[row] ?? null;
        if (powerW === null && (supplyCounter?.[row] ?? null) === null) continue;
        putSupply(supply, timesMs[row] ?? 0, powerW, everyMs, seq);
      }
    }
  }
  for (const { channel, source, status, vocabulary, timesMs, values } of feed.words) {
    timesMs.forEach((atMs, index) => {
      if (atMs < fromMs) return;
      note(atMs);
      const word = { status, vocabulary, value: values[index] ?? null };
      insertControl(fold.timeline, { kind: 'word', atMs, seq, index, agent, source, channel, word });
    });
  }
  for (const { source, timesMs, up } of feed.links) {
    timesMs.forEach((atMs, index) => {
      if (atMs < fromMs) return;
      note(atMs);
      insertControl(fold.timeline, { kind: 'link', atMs, seq, index, agent, source, up: up[index] ?? false });
    });
  }
  for (const hourMs of hours) {
    const account = accountAt(fold.accounts, hourMs);
    addRecord(account, feed.record);
    if (feed.unsynced) addReason(account, 'clock-unsynced');
  }
  const span = spanOf(feed);
  if (span !== null) fold.recent.push({ ...feed.record, ...span });
  return conflicts;
}

/** Who reads meters is watching: told at rows a minute apart, and at the last one before it falls silent. */
function hearRows(fold: MachineFold, agent: string, group: RecordFeed['rows'][number], first: number): void {
  const { timesMs, everyMs } = group;
  let toldMs = -Infinity;
  for (let row = first; row < timesMs.length; row++) {
    const atMs = timesMs[row] ?? 0;
    const nextMs = timesMs[row + 1] ?? Infinity;
    if (atMs - toldMs < MINUTE_MS && nextMs - atMs <= MINUTE_MS) continue;
    insertControl(fold.timeline, { kind: 'heard', atMs, seq: 0, index: 0, agent, holdMs: 2 * everyMs });
    toldMs = atMs;
  }
}

/** Says that an agent was watching at a time: the words it reported hold on. What lies before the horizon is too late to matter. */
export function feedHeard(fold: MachineFold, agent: string, atMs: number): void {
  if (atMs < fold.horizonMs) return;
  insertControl(fold.timeline, { kind: 'heard', atMs, seq: 0, index: 0, agent, holdMs: 0 });
}

/** Takes in everything before a time; the caller has fed all of it. Times before the present horizon change nothing. */
export function advanceFold(model: MachineModel, fold: MachineFold, horizonMs: number): void {
  if (horizonMs <= fold.horizonMs) return;
  fold.horizonMs = horizonMs;
  const { timeline, accounts, definitions, recent } = fold;
  timeline.latestMs = Math.max(
    timeline.latestMs,
    lastWordMs(timeline, horizonMs),
    ...fold.components.flatMap(({ power, counter }) => [
      lastBeforeMs(power, horizonMs),
      lastBeforeMs(counter, horizonMs),
    ]),
  );
  const firstMs = Math.min(...fold.components.map((c) => firstReadingMs(c)));
  if (
    timeline.startMs === null &&
    !beginTimeline(timeline, Math.min(firstMs, firstToldMs(timeline)), horizonMs)
  )
    return;
  advanceTimeline(model, timeline, horizonMs, accounts);
  const context = { model, timeline, accounts, definitions, recent, horizonMs };
  for (const component of fold.components) advanceComponent(component, context);
  forget(fold);
}

/** Hours that changed since they were last taken; those that nothing can change any more are let go. */
export function takeChangedAccounts(fold: MachineFold): HourAccount[] {
  const changed = fold.accounts.filter(
    (account) => account.dirty && account.hourMs < fold.timeline.atMs && fold.timeline.startMs !== null,
  );
  const taken = changed.map((account) => ({ ...account, dirty: false }));
  for (const account of changed) account.dirty = false;
  const openMs = settledSinceMs(fold);
  fold.accounts = fold.accounts.filter((account) => account.dirty || account.hourMs + HOUR_MS > openMs);
  return taken;
}

/** Everything before this is booked for good, as far as the readings before the horizon go. */
export function settledSinceMs(fold: MachineFold): number {
  let openMs = fold.timeline.atMs;
  for (const component of fold.components) {
    openMs = Math.min(openMs, openSinceMs(component) ?? openMs);
    openMs = Math.min(openMs, component.counter.atMs[0] ?? openMs, component.power.atMs[0] ?? openMs);
  }
  return openMs;
}

/** Energy of hours after this still waits for the next step of a coarse supply counter; null when none does. */
export function awaitingStepSinceMs(fold: MachineFold): number | null {
  const supply = fold.components.find((c) => c.component === 'supply' && c.direction === 'import');
  return supply === undefined ? null : awaitsStepSinceMs(supply);
}

/**
 * The fold as text, as of its horizon: what was fed beyond it is left out and has to be fed again (`feedRecord` from
 * that time on).
 */
export function saveFold(fold: MachineFold): string {
  const { horizonMs, timeline } = fold;
  const saved: MachineFold = {
    ...fold,
    timeline: {
      ...timeline,
      supply: readingsBefore(timeline.supply, horizonMs),
      // That an agent was watching later may be said by no other record.
      controls: timeline.controls.filter((control) => control.kind === 'heard' || control.atMs < horizonMs),
    },
    components: fold.components.map((component) => ({
      ...component,
      power: readingsBefore(component.power, horizonMs),
      counter: readingsBefore(component.counter, horizonMs),
    })),
    recent: fold.recent.filter((span) => span.fromMs < horizonMs),
    // An hour that only later readings speak of begins with them.
    accounts: fold.accounts.filter((account) => account.hourMs < horizonMs),
  };
  return JSON.stringify(saved);
}

/** The fold of a text that `saveFold` wrote. */
export function restoreFold(text: string): MachineFold {
  return JSON.parse(text) as MachineFold;
}

function firstReadingMs(component: ComponentState): number {
  return Math.min(component.power.atMs[0] ?? Infinity, component.counter.atMs[0] ?? Infinity);
}

function putSupply(
  supply: TimelineState['supply'],
  atMs: number,
  powerW: number | null,
  everyMs: number,
  seq: number,
): void {
  const last = supply.atMs.length - 1;
  // Power and counter of one time may come in two groups: they are one row.
  if (last >= 0 && supply.atMs[last] === atMs && supply.values[last] !== null && powerW === null) return;
  if (last >= 0 && supply.atMs[last] === atMs && supply.values[last] === null) {
    supply.values[last] = powerW;
    return;
  }
  insertReading(supply, atMs, powerW, everyMs, seq, 0);
}

function componentOf(fold: MachineFold, name: string, direction: 'import' | 'export'): ComponentState {
  let component = fold.components.find((known) => known.component === name && known.direction === direction);
  if (component === undefined) {
    component = emptyComponent(name, direction);
    fold.components.push(component);
    // An order of their own, so that the order of arrival leaves no trace.
    fold.components.sort((a, b) => (a.component + a.direction < b.component + b.direction ? -1 : 1));
  }
  return component;
}

function definitionOf(fold: MachineFold, definition: CounterDefinition): number {
  const { definitions } = fold;
  for (let index = definitions.length - 1; index >= 0; index--) {
    const known = definitions[index];
    if (known === definition) return index;
    if (known?.identity === definition.identity && known.resolution === definition.resolution) return index;
  }
  definitions.push(definition);
  return definitions.length - 1;
}

/** Lets go of what no open interval needs. */
function forget(fold: MachineFold): void {
  const openMs = settledSinceMs(fold);
  const { changesMs, states } = fold.timeline;
  let first = 0;
  while ((changesMs[first + 1] ?? Infinity) <= openMs) first++;
  if (first > 0) {
    changesMs.splice(0, first);
    states.splice(0, first);
  }
  if (fold.recent.length > 64 || (fold.recent[0]?.toMs ?? Infinity) < openMs - HOUR_MS)
    fold.recent = fold.recent.filter((span) => span.toMs >= openMs - 1);
}
