import { clockOf, compareClocks } from './boot-time.ts';
import { compareText } from './compare-text.ts';
import { insertControl } from './control.ts';
import { emptyComponent, type ComponentState, type RecordSpan } from './component-state.ts';
import { isSameDefinition, traitsText, type CounterDefinition, type PlainReading } from './counter-value.ts';
import type { MachineFold } from './fold-state.ts';
import { accountAt, addReason, addRecord, HOUR_MS, markReason, MINUTE_MS } from './hour-account.ts';
import { spanOf, type RecordFeed } from './record-feed.ts';
import { insertReading, replaceReading, type Series } from './series.ts';
import type { TimelineState } from './timeline-state.ts';

/**
 * Hands a record's readings to the fold; nothing is booked until `advanceFold`. What lies before `fromMs` is left out:
 * a checkpoint has it already. Returns how many readings of one time differed from each other.
 */
export function feedRecord(fold: MachineFold, feed: RecordFeed, fromMs = -Infinity): number {
  if (feed.lost !== undefined) {
    loseHours(fold, Math.max(feed.lost.fromMs, fromMs), feed.lost.toMs);
    return 0;
  }
  let conflicts = 0;
  const { seq, agent } = feed.record;
  const hours = new Set<number>();
  const note = (atMs: number) => hours.add(Math.floor(atMs / HOUR_MS) * HOUR_MS);
  const clock = clockOf(fold.clocks, feed);
  const prefers = (definition: number, known: number, ownClock: number, knownClock: number) => {
    const order = compareText(textOf(fold.definitions[definition]), textOf(fold.definitions[known]));
    return order < 0 || (order === 0 && compareClocks(fold.clocks[ownClock], fold.clocks[knownClock]) < 0);
  };
  for (const group of feed.rows) {
    const { timesMs, everyMs } = group;
    let first = 0;
    while (first < timesMs.length && (timesMs[first] ?? 0) < fromMs) first++;
    if (first === timesMs.length) continue;
    // Hours in which it has a reading, and no others: of a thinned record any reading may be left out later.
    let hourEndMs = -Infinity;
    for (let row = first; row < timesMs.length; row++) {
      const atMs = timesMs[row] ?? 0;
      if (atMs < hourEndMs) continue;
      note(atMs);
      hourEndMs = (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS;
    }
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
        if (!insertReading(series, atMs, value, everyMs, seq, definition, clock, prefers)) continue;
        conflicts++;
        addReason(accountAt(fold.accounts, atMs), 'conflict', atMs, atMs);
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
    for (const { component, values } of group.media?.flows ?? [])
      put(componentOf(fold, component, 'medium').power, values, 0);
    for (const { component, definition, values } of group.media?.counters ?? [])
      put(componentOf(fold, component, 'medium').counter, values, definitionOf(fold, definition));
    if (supplyPower !== undefined || supplyCounter !== undefined) {
      const { supply } = fold.timeline;
      for (let row = first; row < timesMs.length; row++) {
        const powerW = supplyPower?.[row] ?? null;
        if (powerW === null && (supplyCounter?.[row] ?? null) === null) continue;
        putSupply(supply, timesMs[row] ?? 0, powerW, everyMs, seq);
      }
    }
  }
  if (feed.thinned !== undefined) markThinned(fold, feed, feed.thinned.toMs, fromMs);
  for (const { channel, source, status, vocabulary, timesMs, values } of feed.words) {
    timesMs.forEach((atMs, index) => {
      if (atMs < fromMs) return;
      note(atMs);
      const word = { status, vocabulary, value: values[index] ?? null };
      insertControl(fold.timeline.controls, { kind: 'word', atMs, seq, index, agent, source, channel, word });
    });
  }
  for (const { source, timesMs, up, healed } of feed.links) {
    timesMs.forEach((atMs, index) => {
      if (atMs < fromMs) return;
      note(atMs);
      insertControl(fold.timeline.controls, {
        kind: 'link',
        atMs,
        seq,
        index,
        agent,
        source,
        up: up[index] ?? false,
        healed: up[index] === true && healed?.[index] === true,
      });
    });
  }
  for (const hourMs of hours) {
    const account = accountAt(fold.accounts, hourMs);
    addRecord(account, feed.record);
    if (feed.unsynced) addReason(account, 'clock-unsynced');
    if (feed.stepped === true) addReason(account, 'clock-stepped');
  }
  const span = spanOf(feed);
  if (span !== null) fold.recent.push({ ...feed.record, ...span, ...countedOf(feed, fromMs) });
  if (span !== null && span.fromMs >= fromMs && feed.wiring !== undefined)
    insertControl(fold.timeline.controls, {
      kind: 'wiring',
      atMs: span.fromMs,
      seq,
      index: 0,
      agent,
      ...feed.wiring,
    });
  return conflicts;
}

/**
 * Of the time from a kept reading to the next one no more is known than the two say. Whatever is left out because its original
 * came, nothing of the time before that changes: a fold that goes back to there marks what one from the beginning marks.
 */
function markThinned({ accounts }: MachineFold, { rows }: RecordFeed, toMs: number, fromMs: number): void {
  const kept = rows
    .flatMap(({ timesMs, everyMs }) => timesMs.map((atMs) => ({ atMs, everyMs })))
    .sort((a, b) => a.atMs - b.atMs || a.everyMs - b.everyMs);
  for (const [index, { atMs, everyMs }] of kept.entries()) {
    // Of rows of one time the last tells the longest way.
    const nextMs = kept[index + 1]?.atMs ?? toMs + 1;
    markReason(accounts, 'thinned', Math.max(atMs, fromMs), Math.min(nextMs, atMs + everyMs));
  }
}

/** When a thinned record read counters: it holds at those moments, and not at all between them. */
function countedOf({ thinned, rows }: RecordFeed, fromMs: number): Pick<RecordSpan, 'countedMs'> {
  if (thinned === undefined) return {};
  const counting = rows.filter(({ counters, media }) => counters.length > 0 || media !== undefined);
  return { countedMs: counting.flatMap(({ timesMs }) => timesMs.filter((atMs) => atMs >= fromMs)) };
}

/** What a record said can never be told: its hours are partial, whatever the readings around it bridge. */
function loseHours(fold: MachineFold, fromMs: number, toMs: number): void {
  for (let at = fromMs; at <= toMs; at = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS) {
    const account = accountAt(fold.accounts, at);
    account.lost = true;
    addReason(account, 'gap', at, toMs);
  }
}

/** Who reads meters is watching: told at rows a minute apart, and at the last one before it falls silent. */
function hearRows(fold: MachineFold, agent: string, group: RecordFeed['rows'][number], first: number): void {
  const { timesMs, everyMs } = group;
  let toldMs = -Infinity;
  for (let row = first; row < timesMs.length; row++) {
    const atMs = timesMs[row] ?? 0;
    const nextMs = timesMs[row + 1] ?? Infinity;
    if (atMs - toldMs < MINUTE_MS && nextMs - atMs <= MINUTE_MS) continue;
    insertControl(fold.timeline.controls, {
      kind: 'heard',
      atMs,
      seq: 0,
      index: 0,
      agent,
      holdMs: 2 * everyMs,
    });
    toldMs = atMs;
  }
}

/** Says that an agent was watching at a time: the words it reported hold on. What lies before the horizon is too late to matter. */
export function feedHeard(fold: MachineFold, agent: string, atMs: number): void {
  if (atMs < fold.horizonMs) return;
  insertControl(fold.timeline.controls, { kind: 'heard', atMs, seq: 0, index: 0, agent, holdMs: 0 });
}

function putSupply(
  supply: TimelineState['supply'],
  atMs: number,
  powerW: number | null,
  everyMs: number,
  seq: number,
): void {
  let row = supply.atMs.length - 1;
  while (row >= 0 && (supply.atMs[row] ?? 0) > atMs) row--;
  // Power and counter of one time may come in two groups: they are one row, that of the power.
  if (row >= 0 && supply.atMs[row] === atMs && (supply.values[row] === null) !== (powerW === null)) {
    if (powerW !== null) replaceReading(supply, row, powerW, everyMs, seq, 0);
    return;
  }
  insertReading(supply, atMs, powerW, everyMs, seq, 0);
}

function componentOf(
  fold: MachineFold,
  name: string,
  direction: ComponentState['direction'],
): ComponentState {
  let component = fold.components.find((known) => known.component === name && known.direction === direction);
  if (component === undefined) {
    component = emptyComponent(name, direction);
    fold.components.push(component);
    // An order of their own, so that the order of arrival leaves no trace.
    fold.components.sort((a, b) => (a.component + a.direction < b.component + b.direction ? -1 : 1));
  }
  return component;
}

function textOf(definition: CounterDefinition | undefined): string {
  return definition === undefined ? '' : `${definition.identity} ${traitsText(definition)}`;
}

function definitionOf(fold: MachineFold, definition: CounterDefinition): number {
  const { definitions } = fold;
  for (let index = definitions.length - 1; index >= 0; index--) {
    const known = definitions[index];
    if (known !== undefined && isSameDefinition(known, definition)) return index;
  }
  definitions.push(definition);
  return definitions.length - 1;
}
