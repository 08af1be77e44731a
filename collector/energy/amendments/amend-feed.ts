import type { Amendment } from '../amendment.ts';
import { amendCounter } from '../counter-value.ts';
import type { CounterColumn, PowerColumn, RecordFeed } from '../record-feed.ts';
import { fateOf, isSameFate, powerFactorOf, type ColumnFate } from './column-fate.ts';

type RowGroup = RecordFeed['rows'][number];
/** Fates of a group's columns, powers first. */
type Fates = (ColumnFate | null)[];

/**
 * A record as people decided that it is to be read: `scale`, `direction`, `component`, `exclude` and `same-meter` are applied to
 * its readings by their wall time, in the order of `amendments`; the others are decided where a counter is judged. The record's
 * words, and that its agent was watching, are left as they are. The same object where nothing applies.
 *
 * @param amendments of the feed's machine, in the order in which they were entered, without revoked ones
 */
export function amendFeed(feed: RecordFeed, amendments: readonly Amendment[]): RecordFeed {
  if (amendments.length === 0) return feed;
  let isAmended = false;
  const rows = feed.rows.flatMap((group) => {
    const holding = amendments.filter((amendment) => bearsOn(amendment, group));
    if (holding.length === 0) return group;
    isAmended = true;
    return amendGroup(group, holding);
  });
  return isAmended ? { ...feed, rows } : feed;
}

function bearsOn({ kind, fromMs, toMs }: Amendment, { timesMs }: RowGroup): boolean {
  if (kind === 'meter-replaced' || kind === 'step') return false;
  const first = timesMs[0] ?? Infinity;
  const last = timesMs[timesMs.length - 1] ?? -Infinity;
  return fromMs <= last && (toMs === null || first < toMs);
}

/** A group of rows that an amendment's edge cuts becomes several. */
function amendGroup(group: RowGroup, amendments: readonly Amendment[]): RowGroup[] {
  const edgesMs = amendments.flatMap(({ fromMs, toMs }) => (toMs === null ? [fromMs] : [fromMs, toMs]));
  const groups: RowGroup[] = [];
  let first = 0;
  let fates = fatesAt(group, amendments, 0);
  for (let row = 1; row < group.timesMs.length; row++) {
    const beforeMs = group.timesMs[row - 1] ?? 0;
    const atMs = group.timesMs[row] ?? 0;
    if (!edgesMs.some((edgeMs) => beforeMs < edgeMs && edgeMs <= atMs)) continue;
    const next = fatesAt(group, amendments, row);
    if (next.every((fate, column) => isSameFate(fate, fates[column] ?? null))) continue;
    groups.push(...amendRows(sliceRows(group, first, row), fates));
    first = row;
    fates = next;
  }
  groups.push(...amendRows(sliceRows(group, first, group.timesMs.length), fates));
  return groups;
}

function fatesAt(group: RowGroup, amendments: readonly Amendment[], row: number): Fates {
  const atMs = group.timesMs[row] ?? 0;
  return [
    ...group.powers.map(({ component }) => fateOf({ component, meter: null }, amendments, atMs)),
    ...group.counters.map(({ component, definition }) =>
      fateOf({ component, meter: definition.meter }, amendments, atMs),
    ),
  ];
}

function sliceRows(group: RowGroup, first: number, end: number): RowGroup {
  if (first === 0 && end === group.timesMs.length) return group;
  const cut = <Column extends PowerColumn | CounterColumn>(column: Column): Column => ({
    ...column,
    values: column.values.slice(first, end),
  });
  return {
    ...group,
    timesMs: group.timesMs.slice(first, end),
    powers: group.powers.map(cut),
    counters: group.counters.map(cut),
  };
}

/** One group, or several where two columns become readings of one thing: each of them is a reading of its own. */
function amendRows(group: RowGroup, fates: Fates): RowGroup[] {
  const groups: RowGroup[] = [{ ...group, powers: [], counters: [] }];
  const place = (isTaken: (one: RowGroup) => boolean): RowGroup => {
    let free = groups.find((one) => !isTaken(one));
    if (free === undefined) groups.push((free = { ...group, powers: [], counters: [] }));
    return free;
  };
  for (const [index, column] of group.powers.entries()) {
    const fate = fates[index];
    if (fate === null || fate === undefined) continue;
    const amended = amendPower(column, fate);
    place(({ powers }) => powers.some(({ component }) => component === amended.component)).powers.push(
      amended,
    );
  }
  for (const [index, column] of group.counters.entries()) {
    const fate = fates[group.powers.length + index];
    if (fate === null || fate === undefined) continue;
    const amended = amendCounterColumn(column, fate);
    const isTaken = ({ counters }: RowGroup) =>
      counters.some(
        ({ component, direction }) => component === amended.component && direction === amended.direction,
      );
    place(isTaken).counters.push(amended);
  }
  return groups;
}

function amendPower(column: PowerColumn, fate: ColumnFate): PowerColumn {
  const factor = powerFactorOf(fate);
  const values =
    // Adding 0 keeps a turned 0 from becoming -0, which a checkpoint would not keep.
    factor === 1 ? column.values : column.values.map((value) => (value === null ? null : value * factor + 0));
  return { component: fate.component, values };
}

function amendCounterColumn(column: CounterColumn, fate: ColumnFate): CounterColumn {
  const { definition, direction, values } = column;
  const { factor, component, turned } = fate;
  const meter = fate.meter ?? definition.meter;
  const isSame = factor.num === factor.den && meter === definition.meter;
  return {
    component,
    direction: turned ? (direction === 'import' ? 'export' : 'import') : direction,
    definition: isSame ? definition : amendCounter(definition, factor, meter),
    values,
  };
}
